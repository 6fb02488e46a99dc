"""Turns short English phrases into unit vectors; knows nothing of labels, questions or memory.

The network is all-MiniLM-L6-v2 (Reimers and Gurevych, Sentence-BERT, EMNLP 2019; Wang et al.,
MiniLM, NeurIPS 2020), loaded by transformers from an installed package: mean over tokens, unit
length.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ttm_model.encoders import torchaudio_shim
from ttm_model.encoders.weights import MINILM_L6_V2, PinnedWeights, verified_path
from ttm_model.errors import WeightsError

WIDTH = 384
MAX_TOKENS = 256
CACHE_PHRASES = 4096


class TextEncoder:
    """The frozen text encoder, float32 on the CPU.

    Every phrase is encoded by itself, so a vector never depends on what else was asked with it.
    The `CACHE_PHRASES` latest phrases are kept. Raises `WeightsError` where the weights are not
    the published ones or cannot be loaded.
    """

    def __init__(self, weights: PinnedWeights = MINILM_L6_V2) -> None:
        self._tokenizer, self._network = _load(verified_path(weights).parent)
        self._known: frozenset[str] = frozenset(self._tokenizer.get_vocab())
        self._cached = lru_cache(maxsize=CACHE_PHRASES)(self._encode_one)

    def encode(self, phrases: Sequence[str]) -> Tensor:
        """Encode phrases -> (N, 384) float32 of unit length, in order."""
        if not phrases:
            return torch.zeros(0, WIDTH)
        return torch.stack([self._cached(phrase) for phrase in phrases])

    def knows(self, word: str) -> bool:
        """Whether a word in lower case is one token of its dictionary of 30,000."""
        return word in self._known

    @torch.no_grad()
    def _encode_one(self, phrase: str) -> Tensor:
        tokens = self._tokenizer(
            phrase, return_tensors="pt", truncation=True, max_length=MAX_TOKENS
        )
        hidden: Tensor = self._network(**tokens).last_hidden_state[0]  # (T, 384)
        return F.normalize(hidden.mean(dim=0), dim=0).clone()


def _load(folder: Path) -> tuple[Any, Any]:
    """Tokenizer and network of a folder; never a hub id, never the network."""
    torchaudio_shim.load()  # transformers imports torchaudio where it is installed
    from transformers import AutoModel, AutoTokenizer  # noqa: PLC0415  # after the shim
    from transformers.utils import logging  # noqa: PLC0415

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        network = AutoModel.from_pretrained(
            folder, local_files_only=True, dtype=torch.float32, use_safetensors=True
        )
    except (OSError, ValueError) as error:
        raise WeightsError(f"{folder}: cannot be loaded: {error}") from error
    return tokenizer, network.eval()
