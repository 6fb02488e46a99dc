"""Which person event goes on as which of the persons that one picture shows. Knows no writing.

As many events go on as persons are in view: each continues one event and no event continues two,
however alike they are. Who somebody is, is not asked.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ttm_model.ttm.appearance import nearness
from ttm_model.ttm.layout import Layout, Modality
from ttm_model.ttm.state import MemoryState
from ttm_model.ttm.tokens import InputTokens
from ttm_model.ttm.writing import cosine


def by_picture(inputs: InputTokens, b: int, places: Sequence[int]) -> list[list[int]]:
    """The places of a session's persons, those of one picture together, by time."""
    starts_s = inputs.start_s[b].tolist()
    times_s = sorted({starts_s[place] for place in places})
    return [[place for place in places if starts_s[place] == time_s] for time_s in times_s]


def continued(
    state: MemoryState,
    b: int,
    inputs: InputTokens,
    places: Sequence[int],
    layout: Layout,
    gap_s: float,
) -> dict[int, int]:
    """The slot of the event that goes on for each of one picture's places; none: a new one.

    The likest pair goes first, by what they look like and where they are, so that somebody who
    comes in takes the event of none who is still there.
    """
    tier = layout.event_slots
    goes_on = (state.modality[b, tier] == int(Modality.PERSON)) & (
        state.t_last[b, tier] >= inputs.start_s[b, places[0]] - gap_s
    )
    likeness = torch.stack(
        [
            cosine(state.tokens[b : b + 1, tier], inputs.keys[b : b + 1, place])[0]
            + nearness(state.looks[b, tier], inputs.looks[b, place])
            for place in places
        ]
    ).masked_fill(~goes_on, float("-inf"))  # (places, events)
    pairs: dict[int, int] = {}
    for _ in range(min(len(places), int(goes_on.sum()))):
        one, event = divmod(int(likeness.argmax()), likeness.shape[1])
        pairs[places[one]] = event + int(tier.start)
        likeness[one] = float("-inf")
        likeness[:, event] = float("-inf")
    return pairs
