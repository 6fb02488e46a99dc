"""Words and taught things as the server tells them. Knows no memory and no question."""

from __future__ import annotations

from ttm_model.reader.view import Slot
from ttm_model.taught.examples import PLACES
from ttm_model.taught.names import same_name
from ttm_model.taught.state import TaughtState, things
from ttm_model.words.entry import Entry
from ttm_model.words.state import WordsState, entries, floors
from ttm_protocol.answers import (
    Evidence,
    Passage,
    Taught,
    Thing,
    Things,
    TimedWord,
    Words,
    WordsCoverage,
)


def told_words(
    state: WordsState, known_s: float | None, since_s: float | None, until_s: float | None
) -> Words:
    """The passages that overlap a time, None: no limit; `known_s`: until when speech is known."""
    floor_s = floors(state)
    return Words(
        words=tuple(
            _passage(entry)
            for entry in entries(state)
            if (since_s is None or entry.end_s >= since_s)
            and (until_s is None or entry.start_s <= until_s)
        ),
        coverage_since_s=WordsCoverage(speech=floor_s["speech"], text=floor_s["text"]),
        words_until_s=known_s,
    )


def told_things(state: TaughtState) -> Things:
    """Every thing that was taught."""
    return Things(
        things=tuple(
            Thing(
                name=thing.name,
                examples=thing.count,
                modality=thing.modality,
                taught_at_s=thing.taught_at_s,
            )
            for thing in things(state)
        ),
        limit=PLACES,
    )


def told_taught(state: TaughtState, name: str, slot: Slot) -> Taught:
    """What a name was just bound to."""
    own = [
        thing
        for thing in things(state)
        if same_name(thing.name, name) and thing.modality == slot.modality
    ]
    return Taught(
        name=own[0].name,
        examples=own[0].count,
        modality=slot.modality,
        start_s=slot.start_s,
        end_s=slot.end_s,
        label=slot.label,
    )


def passage_evidence(entry: Entry) -> Evidence:
    """An utterance or a line as an entry of the timeline."""
    return Evidence(
        modality=entry.kind,
        label="",
        start_s=entry.start_s,
        end_s=entry.end_s,
        score=entry.p,
        count=entry.count,
        slot=-1,
        text=entry.text,
        box=entry.box,
    )


def _passage(entry: Entry) -> Passage:
    return Passage(
        kind=entry.kind,
        text=entry.text,
        start_s=entry.start_s,
        end_s=entry.end_s,
        p=entry.p,
        count=entry.count,
        language=entry.language,
        words=tuple(TimedWord(text=word.text, start_s=word.start_s) for word in entry.words),
    )
