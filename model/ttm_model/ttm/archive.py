"""The archive's places: find a free one, put a working event into one. Knows no rule."""

from __future__ import annotations

from ttm_model.nibbles import pack_closest
from ttm_model.ttm.state import EMPTY, MemoryState


def free_place(state: MemoryState, b: int) -> int | None:
    """A place of session `b` that holds nothing; None where there is none."""
    free = state.archive.modality[b] == EMPTY
    return int(free.long().argmax()) if bool(free.any()) else None


def put_away(state: MemoryState, b: int, place: int, slot: int) -> None:
    """Write a working event's key in few bits, and what is known of it, into a place."""
    at, source, archive = (b, place), (b, slot), state.archive
    archive.key[at], archive.scale[at] = pack_closest(state.tokens[source])
    archive.start_s[at] = state.t_first[source]
    archive.end_s[at] = state.t_last[source]
    archive.strength[at] = state.strength[source]
    archive.count[at] = state.count[source]
    archive.modality[at] = state.modality[source]
    archive.looks[at] = state.looks[source]
