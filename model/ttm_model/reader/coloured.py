"""Things of a colour among what a search brought. Knows no kinds of question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ttm_model.looks import chance
from ttm_model.questions.data import load
from ttm_model.reader.found import Found, Hit, Search
from ttm_model.reader.view import Slot

CLEAR_P = 0.85  # most that a colour can be sure
COLOURED_P = 0.5  # that a person would call it so
ANYTHING = "thing"  # "a red thing"


def coloured(search: Search, colours: Sequence[str], unread: tuple[str, ...]) -> Found:
    """Those of a search that looked so; where of some it is not known, the colour is unread."""
    known = [hit for hit in search.hits if hit.slot.looks and any(hit.slot.looks.colours)]
    chances = [min(looked(hit.slot, word) for word in colours) for hit in known]
    hits = tuple(
        Hit(hit.slot, hit.p * p) for hit, p in zip(known, chances, strict=True) if p >= COLOURED_P
    )
    if not hits and len(known) < len(search.hits):
        return Found((search,), (*colours, *unread))
    others = tuple(hit for hit, p in zip(known, chances, strict=True) if p < COLOURED_P)
    phrase = f"{' '.join(colours)} {search.phrase}"
    return Found((replace(search, phrase=phrase, hits=hits, otherwise=others),), unread)


def colours_in(phrase: str) -> tuple[list[str], str]:
    """The basic colours that a phrase names before its noun, and the phrase without them."""
    *words, last = phrase.split() or [""]
    colours = [_COLOURS[word] for word in words if word in _COLOURS]
    return colours, " ".join([*(word for word in words if word not in _COLOURS), last])


def looked(slot: Slot, colour: str) -> float:
    """How likely a person would say that it looked so; 0 where that is not known."""
    return 0.0 if slot.looks is None else min(CLEAR_P, chance(slot.looks.colours, colour))


_COLOURS = {
    said: name
    for name, words in load("english", "worded")["colours"].items()
    for said in words.split()
}
