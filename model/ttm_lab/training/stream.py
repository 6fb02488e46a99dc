"""Batches of synthetic streams for training, whole batches at once. Knows no memory.

The same world as `evaluation.episodes` (its constants, its concepts, its events and background),
drawn in tensors because a training step cannot wait for one episode after another. Every batch has
a bank of its own, so a concept is never met twice: what is learned cannot be a list of concepts.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from ttm_lab.task.concepts import make_concepts, noisy, unit
from ttm_lab.task.episodes import (
    DISTRACTOR_SALIENCE,
    EVENT_S,
    EVENT_SALIENCE,
    MISSED,
    OVERLAP_S,
    OVERLAP_SHARE,
    SCENE_DRIFT,
    STEP_S,
)
from ttm_model.ttm.layout import Modality

GAP_SIGMA = (0.2, 0.8)
SECONDS_PER_EVENT = (3.5, 7.0)
NOISE = 0.5
BACKGROUND = 0.1
DISTRACTORS = 0.05
BANK = 256  # sights in a batch's bank, the candidates of its questions; at least twice the events
DROPPED = 0.05  # share of events that the memory never gets; questions are labelled accordingly
PLACES = 7  # scene, hum, two sights, two sounds, one distractor
_SCENE, _HUM, _SIGHT, _SOUND, _ODD = 0, 1, 2, 4, 6


@dataclass(frozen=True, slots=True)
class Streams:
    """B streams of T steps with n places, their E events, and the banks that they draw from."""

    keys: Tensor  # (B, T, n, d)
    modality: Tensor  # (B, T, n) int8
    salience: Tensor  # (B, T, n)
    mask: Tensor  # (B, T, n) bool
    start_s: Tensor  # (T,) float64, the same in every row
    sight: Tensor  # (B, E) int64
    sound: Tensor  # (B, E) int64, -1: none
    event_start_s: Tensor  # (B, E) float64
    event_end_s: Tensor  # (B, E) float64
    kept: Tensor  # (B, E) bool, False where the memory never got it
    sight_text: Tensor  # (C, d)
    sound_text: Tensor  # (S, d)
    sibling: Tensor  # (C,) int64

    @property
    def steps(self) -> int:
        """T, the number of steps."""
        return self.keys.shape[1]

    def to(self, device: torch.device | str) -> Streams:
        """The same streams on another device."""
        return Streams(**{f.name: getattr(self, f.name).to(device) for f in fields(self)})


def draw(
    batch: int,
    steps: int,
    dim: int,
    generator: torch.Generator,
    gap_sigma: tuple[float, float] = GAP_SIGMA,
) -> Streams:
    """`batch` streams of `steps` steps with keys of `dim` values; on the CPU, seeded."""
    seconds = steps * STEP_S
    each_s = _between(SECONDS_PER_EVENT, torch.rand(1, generator=generator))
    events = max(1, int(seconds / float(each_s)))
    bank = max(BANK, 2 * events)
    seed = int(torch.randint(2**31, (1,), generator=generator))
    gap = float(_between(gap_sigma, torch.rand(1, generator=generator)))
    sights = make_concepts(bank, dim, gap, 0.0, seed)
    sounds = make_concepts(bank, dim, gap, 0.0, seed + 1)
    sight = _chosen(batch, events, bank, generator)
    sound = _chosen(batch, events, bank, generator)
    sound = torch.where(torch.rand(sound.shape, generator=generator) < 0.5, sound, -1)
    start_s, end_s = _intervals(batch, events, seconds, generator)
    kept = torch.rand(sight.shape, generator=generator) >= DROPPED
    keys = torch.zeros(batch, steps, PLACES, dim)
    salience = torch.zeros(batch, steps, PLACES)
    mask = torch.zeros(batch, steps, PLACES, dtype=torch.bool)
    _background(keys, salience, mask, generator)
    shown = _Shown(start_s, end_s, kept, sight, sound)
    _seen(keys, salience, mask, shown, (sights.sensor, sounds.sensor), generator)
    modality = torch.full(mask.shape, int(Modality.VIDEO), dtype=torch.int8)
    modality[:, :, [_HUM, _SOUND, _SOUND + 1]] = int(Modality.AUDIO)
    _odd(keys, salience, mask, modality, generator)
    times_s = torch.arange(steps, dtype=torch.float64) * STEP_S
    return Streams(
        keys,
        modality,
        salience,
        mask,
        times_s,
        sight,
        sound,
        start_s,
        end_s,
        kept,
        sights.text,
        sounds.text,
        sights.sibling,
    )


@dataclass(frozen=True, slots=True)
class _Shown:
    start_s: Tensor
    end_s: Tensor
    kept: Tensor
    sight: Tensor
    sound: Tensor


def _between(bounds: tuple[float, float], share: Tensor) -> Tensor:
    return bounds[0] + (bounds[1] - bounds[0]) * share


def _chosen(batch: int, events: int, bank: int, generator: torch.Generator) -> Tensor:
    """(B, E) concepts, each once in a row."""
    return torch.rand(batch, bank, generator=generator).argsort(dim=1)[:, :events]


def _intervals(
    batch: int, events: int, seconds: float, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Starts and ends (B, E) of events of 1 to 4 s; what is left of the time lies between them."""
    shape = (batch, events)
    lengths = _between(EVENT_S, torch.rand(shape, generator=generator, dtype=torch.float64))
    overlaps = torch.rand(shape, generator=generator) < OVERLAP_SHARE
    overlaps[:, 0] = False
    lengths = lengths * (seconds / lengths.sum(1, keepdim=True)).clamp_max(1.0)
    spare_s = seconds - lengths.sum(1, keepdim=True)
    share = torch.rand(batch, events + 1, generator=generator, dtype=torch.float64)
    waits = -share.clamp_min(1e-9).log()
    waits[:, :-1][overlaps] = 0.0
    waits = waits / waits.sum(1, keepdim=True) * spare_s
    back = OVERLAP_S * torch.rand(shape, generator=generator, dtype=torch.float64) * overlaps
    start_s = (waits[:, :-1] + lengths - back).cumsum(1) - lengths
    return start_s, start_s + lengths


def _background(keys: Tensor, salience: Tensor, mask: Tensor, generator: torch.Generator) -> None:
    """A drifting scene in every step and a hum in half of them, of low salience."""
    batch, steps, _, dim = keys.shape
    now = unit(torch.randn(batch, 2, dim, generator=generator))
    for step in range(steps):
        now = noisy(now, SCENE_DRIFT, generator)
        keys[:, step, : _HUM + 1] = now
    keys[:, :, : _HUM + 1] = noisy(keys[:, :, : _HUM + 1], NOISE, generator)
    loud = torch.rand(batch, steps, 2, generator=generator)
    salience[:, :, : _HUM + 1] = BACKGROUND * (0.5 + loud)
    mask[:, :, _SCENE] = True
    mask[:, :, _HUM] = torch.rand(batch, steps, generator=generator) < 0.5


def _seen(
    keys: Tensor,
    salience: Tensor,
    mask: Tensor,
    shown: _Shown,
    sensors: tuple[Tensor, Tensor],
    generator: torch.Generator,
) -> None:
    """One token for each step that an event covers by half, but for missed ones.

    Neighbours may share a step, so events take turns in two places of each modality.
    """
    batch, steps = mask.shape[:2]
    at = torch.arange(steps)[None, :, None]
    first = (shown.start_s / STEP_S).round().long()[:, None]  # (B, 1, E)
    last = (shown.end_s / STEP_S).round().long()[:, None].maximum(first + 1)
    loud = _between(EVENT_SALIENCE, torch.rand(2, *shown.sight.shape, generator=generator))
    rows = torch.arange(batch)[:, None]
    for turn in range(2):
        own = torch.arange(shown.sight.shape[1]) % 2 == turn
        active = (at >= first) & (at < last) & shown.kept[:, None] & own  # (B, T, E)
        there, event = active.any(-1), active.long().argmax(-1)  # (B, T)
        for kind, (place, concept) in enumerate(((_SIGHT, shown.sight), (_SOUND, shown.sound))):
            noticed = there & (torch.rand(batch, steps, generator=generator) >= MISSED)
            index = concept[rows, event]
            noticed &= index >= 0
            keys[:, :, place + turn] = noisy(sensors[kind][index], NOISE, generator)
            salience[:, :, place + turn] = loud[kind][rows, event]
            mask[:, :, place + turn] = noticed


def _odd(
    keys: Tensor, salience: Tensor, mask: Tensor, modality: Tensor, generator: torch.Generator
) -> None:
    """Single-step distractors that belong to no event."""
    batch, steps, _, dim = keys.shape
    keys[:, :, _ODD] = unit(torch.randn(batch, steps, dim, generator=generator))
    share = torch.rand(3, batch, steps, generator=generator)
    mask[:, :, _ODD] = share[0] < DISTRACTORS
    salience[:, :, _ODD] = _between(DISTRACTOR_SALIENCE, share[1])
    modality[:, :, _ODD][share[2] < 0.3] = int(Modality.AUDIO)
