"""Stage S2, tried: a learned score of which slots are worth keeping. Knows no reader.

Imitation of an oracle that knows which slots hold an event that can be asked about and which hold
a distractor. When the event tier is full, the slot with the lowest score is dropped, where that is
below a half; rule S0 would have archived it beside real events. `model/LOG.md` tells what it won.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ttm_lab.systems.slot_ttm import SlotMemory, SlotSystem
from ttm_lab.task.interface import Episode
from ttm_lab.training.slot_memories import Taken, take, written
from ttm_model.ttm.layers import Mlp
from ttm_model.ttm.layout import AGE_BUCKETS_S, Layout, Modality
from ttm_model.ttm.slot_write import slot_write
from ttm_model.ttm.state import MemoryState
from ttm_model.ttm.tokens import InputTokens

FEATURES = 5  # age is none of them: beyond the ages of training it misled (see the log)
HIDDEN = 16
SAME = 0.4  # product of a slot's token with a text key above which it is that thing
SETTLED_S = 4.0  # a slot that ended more recently may still go on
WORTH = 0.5
RATE = 1e-2
CLEARED = (
    "tokens", "t_first", "t_last", "t_peak", "count", "strength", "support", "novelty", "looks",
)  # fmt: skip


class KeepScore(nn.Module):
    """Features of a slot -> log odds that it holds an event."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.mlp = Mlp(FEATURES, HIDDEN, 1)

    def forward(self, features: Tensor) -> Tensor:
        """(..., FEATURES) -> (...)."""
        result: Tensor = self.mlp(features)[..., 0]
        return result


def features_of(state: MemoryState, layout: Layout) -> Tensor:
    """What a slot of the event tier tells of itself: (B, events, FEATURES)."""
    tier = layout.event_slots
    span_s = (state.t_last - state.t_first)[:, tier]
    return torch.stack(
        [
            state.strength[:, tier],
            torch.log1p(state.support[:, tier]),
            torch.log1p(span_s).float(),
            state.novelty[:, tier],
            (state.modality[:, tier] == int(Modality.AUDIO)).float(),
        ],
        dim=-1,
    )


def plain(state: MemoryState, layout: Layout) -> Tensor:
    """Event slots (B, events) that hold one thing which has ended for good."""
    tier = layout.event_slots
    ended = state.t_last[:, tier] < (state.clock_s - SETTLED_S)[:, None]
    return (state.modality[:, tier] >= 0) & ended


def oracle(taken: Taken, layout: Layout) -> Tensor:
    """True (B, events) where a slot holds an event that can be asked about."""
    state, streams, tier = taken.state, taken.streams, layout.event_slots
    start_s, end_s = state.t_first[:, tier, None], state.t_last[:, tier, None]
    overlaps = (start_s < streams.event_end_s[:, None]) & (end_s > streams.event_start_s[:, None])
    holds = torch.zeros_like(overlaps)
    for modality, texts, index in (
        (Modality.VIDEO, streams.sight_text, streams.sight),
        (Modality.AUDIO, streams.sound_text, streams.sound),
    ):
        keys = texts[index.clamp_min(0)]  # (B, E, d)
        alike = (state.tokens[:, tier] @ keys.transpose(1, 2) >= SAME) & (index >= 0)[:, None]
        holds |= alike & (state.modality[:, tier] == int(modality))[..., None]
    return (overlaps & holds).any(-1)


def train(streams: int, seed: int, epochs: int = 300) -> tuple[KeepScore, Tensor, Tensor]:
    """Imitate the oracle; -> the score, its log odds and the truths on streams not trained on."""
    layout = Layout()
    generator = torch.Generator().manual_seed(seed)
    parts: list[tuple[Tensor, Tensor]] = []
    for _ in range(streams):
        for taken in take(4, 320, 160, generator):
            ready = plain(taken.state, layout)
            worth = oracle(taken, layout)
            parts.append((features_of(taken.state, layout)[ready], worth[ready].float()))
    kept = max(1, len(parts) // 4)
    x, y = (torch.cat(part) for part in zip(*parts[kept:], strict=True))
    score = KeepScore(seed)
    optimiser = torch.optim.AdamW(score.parameters(), lr=RATE)
    for _ in range(epochs):
        optimiser.zero_grad(set_to_none=True)
        F.binary_cross_entropy_with_logits(score(x), y).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    x, y = (torch.cat(part) for part in zip(*parts[:kept], strict=True))
    with torch.inference_mode():
        return score.eval(), score(x), y


def drop_worthless(
    state: MemoryState, layout: Layout, score: KeepScore, wanted: Tensor
) -> MemoryState:
    """Empty the least worthy slot of the wanted modality where the event tier is full.

    `wanted` (B,) int8, EMPTY where none is. A drop is counted as an eviction.
    """
    tier = layout.event_slots
    kinds = state.modality[:, tier]
    full = (kinds >= 0).all(dim=1)
    able = plain(state, layout) & (kinds == wanted[:, None])
    odds = score(features_of(state, layout)).masked_fill(~able, float("inf"))
    lowest, at = odds.sigmoid().min(dim=1)
    after = state.copy()
    for b in torch.nonzero(full & (lowest < WORTH))[:, 0].tolist():
        index = int(at[b]) + int(tier.start)
        kind = int(state.modality[b, index])
        age_s = float(state.clock_s[b] - state.t_peak[b, index])
        after.evictions[b, kind, sum(age_s > edge for edge in AGE_BUCKETS_S)] += 1
        for name in CLEARED:
            getattr(after, name)[b, index] = 0
        after.modality[b, index] = int(Modality.EMPTY)
    return after


class KeepingSlotSystem(SlotSystem):
    """`SlotSystem` without the dense parts, that drops what its score finds worthless.

    Only for the event of the same modality that takes the slot at once: one that is merely set
    free goes to the modality with more events, and the other loses its share of the tier.
    """

    def __init__(self, name: str, score: KeepScore | None, layout: Layout | None = None) -> None:
        super().__init__(name, layout=layout)
        self.score = score

    def fold(self, episode: Episode) -> SlotMemory:
        """The state after the episode's steps."""
        state = self.unit.initial(1)
        with torch.inference_mode():
            for inputs, mask in episode.steps:
                state = self._step(state, inputs, mask)
        return SlotMemory(state, self.unit.config.layout)

    def _step(self, state: MemoryState, inputs: InputTokens, mask: Tensor) -> MemoryState:
        config = self.unit.config
        if self.score is not None:
            _, _, fresh = slot_write(state, inputs, mask, config.layout, config.rule)
            if bool(fresh.any()):
                first = fresh.long().argmax(dim=1, keepdim=True)  # the place that takes the slot
                wanted = inputs.modality.gather(1, first)[:, 0].masked_fill(~fresh.any(dim=1), -1)
                state = drop_worthless(state, config.layout, self.score, wanted)
        return written(state, inputs, mask, config)
