"""What may follow the thing asked about without being part of it: "on screen", "went off"."""

from __future__ import annotations

from itertools import product

from ttm_model.questions.data import load, words
from ttm_model.questions.question import Modality, Order
from ttm_model.questions.rules.lexicon import GENERIC, LANGUAGE, STARTS, STOPS
from ttm_model.questions.rules.soundwords import SOUND_VERBS

_DATA = load(LANGUAGE, "predicates")
_SENSES: dict[str, Modality | None] = {"video": "video", "audio": "audio", "any": None}
SWITCHES = words(_DATA["switches"])
_VANISHED = words(_DATA["vanished"])


def _build() -> dict[tuple[str, ...], Modality | None]:
    table: dict[tuple[str, ...], Modality | None] = {}
    for sense, lines in _DATA["ends"].items():
        for line in lines:
            table.setdefault(tuple(line.split()), _SENSES[sense])
    for built in _DATA["built"]:
        places = built.get("places") or [
            f"{the} {noun}" for the in built["the"] for noun in built["nouns"].split()
        ]
        for parts in product(built["verbs"].split(), built["ways"], places):
            table.setdefault(tuple(" ".join(parts).split()), _SENSES[built["sense"]])
    return table


_PREDICATES = _build()
_LONGEST = max(len(key) for key in _PREDICATES)


def without_predicates(words: list[str]) -> tuple[list[str], Modality | None, Order | None]:
    """Drop "on screen", "there", "stopped" … from the end, with what they tell."""
    modality: Modality | None = None
    order: Order | None = None
    while words:
        size = _ending(words)
        if not size:
            break
        key = tuple(words[-size:])
        modality = modality or _PREDICATES[key]
        if key[0] in STOPS or key[0] in _VANISHED:
            order = "last"
        elif key[0] in STARTS:
            order = "first"
        words = words[:-size]
    return words, modality, order


def _ending(words: list[str]) -> int:
    """Number of words at the end that are no part of the thing."""
    if words[-2:-1] and words[-2] in SWITCHES and words[-1] in ("on", "off"):
        return 0  # "the light turn on"
    lengths = range(min(_LONGEST, len(words)), 0, -1)
    size = next((n for n in lengths if tuple(words[-n:]) in _PREDICATES), 0)
    alone = len(words) == size == 1 and (words[0] in SOUND_VERBS or words[0] in GENERIC)
    return 0 if alone else size
