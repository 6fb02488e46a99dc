"""Entries that are about a phrase without saying it: "a pet" finds "our dog". Knows English only.

Two looks: the whole entry's key picks a few, then the words of those few, one by one, decide with
it and say which word it was. The text encoder is an English one, so other languages are left out.
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
ASKED = "This is about {}."  # nearer to sentences about it than the phrase alone is
FILLERS = frozenset(word_list("english", "fillers"))
# model/tools/mention_eval.py --fit
WHOLE, WORD, BIAS = 15.93, 10.42, -10.66

Encode = Callable[[Sequence[str]], Tensor]


def meant(entries: Sequence[Entry], phrase: str, encode: Encode) -> list[tuple[Entry, Span, float]]:
    """Entries about a phrase, the word that shows it, and the probability, from `LIKELY`."""
    read = [entry for entry in entries if entry.language in LANGUAGES]
    if not read or not phrase.strip():
        return []
    whole = _alike(read, encode([ASKED.format(phrase)])[0])
    first = [read[at] for at in whole.topk(min(LOOKED_AT, len(read))).indices.tolist()]
    found = []
    for entry, (about, word, span) in zip(first, cosines(first, phrase, encode), strict=True):
        p = probability(about, word)
        if span is not None and p >= LIKELY:
            found.append((entry, span, p))
    return found


def cosines(
    entries: Sequence[Entry], phrase: str, encode: Encode
) -> list[tuple[float, float, Span | None]]:
    """Of each entry the cosines of all of it and of its nearest word, and where that word is."""
    about, wanted = encode([ASKED.format(phrase), phrase])
    whole = _alike(entries, about).tolist()
    return [
        (of_all, *_nearest_word(entry, wanted, encode))
        for entry, of_all in zip(entries, whole, strict=True)
    ]


def probability(whole: float, word: float) -> float:
    """That an entry is about a phrase, of the cosines with all of it and with its nearest word."""
    return 1 / (1 + exp(-(WHOLE * whole + WORD * word + BIAS)))


def _alike(entries: Sequence[Entry], wanted: Tensor) -> Tensor:
    return torch.stack([entry.key for entry in entries]) @ wanted  # (n,)


def _nearest_word(entry: Entry, wanted: Tensor, encode: Encode) -> tuple[float, Span | None]:
    """The word of content that is nearest."""
    words = [
        token
        for token in tokens(entry.text, entry.language)
        if token.text.isalpha() and len(token.text) > 2 and token.text not in FILLERS
    ]
    if not words:
        return -1.0, None
    alike = encode([token.text for token in words]) @ wanted  # (n,)
    best = int(alike.argmax())
    return float(alike[best]), Span(words[best].first, words[best].last)
