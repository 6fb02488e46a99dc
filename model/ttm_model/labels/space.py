"""A label space: named classes that noun phrases find. Knows no network, no memory and no scene.

A phrase becomes class weights: 1 for every class that its words name (the whole of a kind: "dog"
names 118 classes), else a softened nearest neighbour among the classes' text embeddings, without
those that share a word with the phrase but are not about it ("fire truck" of "fire"). With a
posterior `p`, the presence score `p . weights` is then the probability mass on what was asked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional as F

from ttm_model.errors import WeightsError
from ttm_model.labels.lexicon import Lexicon
from ttm_model.labels.modifiers import Heads
from ttm_model.labels.plain import DATA, Plain, load_plain

TAU = 0.03
# Embedding likeness at which the space begins to cover a phrase, where it covers it as well as
# likeness alone can tell, and how far that is trusted.
_LIKE_FROM, _LIKE_SPAN, _LIKE_KNOWS = 0.5, 0.25, 0.6


@dataclass(frozen=True)
class Query:
    """Q noun phrases in a space: `weights` (Q, C) in [0, 1], `knows` (Q,) in [0, 1].

    `knows` says how well the space covers the phrase at all: a phrase outside the space can not
    honestly be answered "not seen", and one that is known to lie outside weighs nothing. `matched`
    holds the words that were found, or None where only embeddings were compared.
    """

    weights: Tensor
    knows: Tensor
    matched: tuple[str | None, ...]


def class_texts(row: Mapping[str, Any]) -> tuple[str, str]:
    """Return the two texts by which a class is embedded: its name alone, its name and kinds."""
    kinds = ", ".join(row.get("kinds", ())[:3])
    name = f"a photo of a {row['name']}"
    return str(row["name"]), f"{name}, a kind of {kinds}" if kinds else name


class LabelSpace:
    """The classes of one modality. Immutable; float32 on the CPU.

    `classes` are rows with "name" and optionally "synonyms", "description", "kinds", "narrower";
    `groups` are rows with "words", "ranks", "classes" (indices) and "hyponyms" (how many things
    the words cover in all). `embeddings` (C, 2, 384) are those of `class_texts`, of unit length.
    """

    def __init__(
        self,
        classes: Sequence[Mapping[str, Any]],
        embeddings: Tensor,
        groups: Sequence[Mapping[str, Any]] = (),
        plurals: Mapping[str, str] | None = None,
        plain: Plain | None = None,
    ) -> None:
        if embeddings.shape[:2] != (len(classes), 2):
            raise ValueError(
                f"embeddings: expected ({len(classes)}, 2, width), got {tuple(embeddings.shape)}"
            )
        self.names = tuple(str(row["name"]) for row in classes)
        self.texts = tuple(_text(row) for row in classes)
        plain = plain or Plain()
        self.everyday = tuple(plain.everyday.get(name, name) for name in self.names)
        self.lexicon = Lexicon(classes, groups, plurals or {}, plain)
        self._heads = Heads([[row["name"], *row.get("synonyms", ())] for row in classes])
        self._embeddings = F.normalize(embeddings.float(), dim=-1)

    def __len__(self) -> int:
        return len(self.names)

    def query(self, phrases: Sequence[str], embeddings: Tensor) -> Query:
        """Find Q noun phrases, given with their text embeddings (Q, 384)."""
        if embeddings.shape[:1] != (len(phrases),):
            raise ValueError(
                f"embeddings: expected ({len(phrases)}, width), got {tuple(embeddings.shape)}"
            )
        weights = torch.zeros(len(phrases), len(self.names))
        knows, matched = [], []
        for q, phrase in enumerate(phrases):
            match = self.lexicon.find(phrase)
            if match is None:
                like = (self._embeddings @ embeddings[q]).mean(dim=1)  # (C,)
                like[self._heads.misled(phrase)] = -1.0
                best = float(like.max())
                weights[q] = torch.exp((like - best) / TAU)
                share = (best - _LIKE_FROM) / _LIKE_SPAN
                knows.append(_LIKE_KNOWS * min(1.0, max(0.0, share)))
            else:
                weights[q, list(match.classes)] = 1.0
                knows.append(match.knows)
            matched.append(None if match is None else match.words)
        return Query(weights, torch.tensor(knows), tuple(matched))


def _text(row: Mapping[str, Any]) -> str:
    parts = [", ".join([str(row["name"]), *row.get("synonyms", ())])]
    if row.get("description"):
        parts.append(str(row["description"]))
    if row.get("kinds"):
        parts.append(f"a kind of {', '.join(row['kinds'])}")
    return "; ".join(parts)


def load_space(name: str, folder: Path = DATA) -> LabelSpace:
    """Load a shipped space from `<name>.json` and `<name>.safetensors`.

    Raises `WeightsError` naming the file where one is missing or they do not fit together.
    """
    try:
        data = json.loads((folder / f"{name}.json").read_text("utf-8"))
        tensors = load_file(folder / f"{name}.safetensors")
        return LabelSpace(
            data["classes"],
            tensors["texts"],
            data["groups"],
            data["plurals"],
            load_plain("pictures"),
        )
    except (OSError, KeyError, ValueError) as error:
        raise WeightsError(f"label space {name!r} in {folder}: {error!r}") from error
