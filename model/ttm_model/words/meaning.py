"""Entries that are about a phrase without saying it: "a pet" finds "our dog". Knows English only.

Two looks: the whole entry's key picks a few, then the words of those few, one by one, decide and
say which word it was. The text encoder is an English one, so other languages are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import exp

import torch
from torch import Tensor

from ttm_model.words.entry import Entry
from ttm_model.words.matching import Span
from ttm_model.words.tokens import tokens
from ttm_model.words.wordlists import word_list

LOOKED_AT = 6  # entries whose words are looked at
LIKELY = 0.5  # less is not told
LANGUAGES = ("en", "")
FILLERS = frozenset(word_list("english", "fillers"))

Encode = Callable[[Sequence[str]], Tensor]


def meant(entries: Sequence[Entry], phrase: str, encode: Encode) -> list[tuple[Entry, Span, float]]:
    """Entries about a phrase, the word that shows it, and the probability, from `LIKELY`."""
    read = [entry for entry in entries if entry.language in LANGUAGES]
    if not read or not phrase.strip():
        return []
    wanted = encode([phrase])[0]  # (384,)
    whole = torch.stack([entry.key for entry in read]) @ wanted  # (n,)
    found = []
    for at in whole.topk(min(LOOKED_AT, len(read))).indices.tolist():
        word = _nearest_word(read[at], wanted, encode)
        if word is not None:
            p = probability(float(whole[at]), word[1])
            if p >= LIKELY:
                found.append((read[at], word[0], p))
    return found


def probability(whole: float, word: float) -> float:
    """That an entry is about a phrase, of the cosines with all of it and with its nearest word."""
    return 1 / (1 + exp(-(WHOLE * whole + WORD * word + BIAS)))


WHOLE, WORD, BIAS = 8.0, 12.0, -9.0


def _nearest_word(entry: Entry, wanted: Tensor, encode: Encode) -> tuple[Span, float] | None:
    """The word of content that is nearest, and how near."""
    words = [
        token
        for token in tokens(entry.text, entry.language)
        if token.text.isalpha() and len(token.text) > 2 and token.text not in FILLERS
    ]
    if not words:
        return None
    alike = encode([token.text for token in words]) @ wanted  # (n,)
    best = int(alike.argmax())
    return Span(words[best].first, words[best].last), float(alike[best])
