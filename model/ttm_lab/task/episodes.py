"""Synthetic episodes in key space, seeded. Knows no memory and no question.

An episode is a stream of half-second steps: events of 1 to 4 s (a sight, every second one with a
sound), each step of an event giving a noisy sensor key; behind them a drifting scene and a hum of
low salience, and single-step distractors of which some are as salient as an event.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ttm_lab.task.concepts import make_concepts, noisy, unit
from ttm_lab.task.interface import Concepts, Episode, EpisodeEvent
from ttm_lab.task.questions import EpisodeQuestions, questions
from ttm_model.looks.looks import BYTES as LOOKS
from ttm_model.ttm.layout import Modality
from ttm_model.ttm.tokens import InputTokens

__all__ = ["EpisodeQuestions", "make_concepts", "make_episode", "pool", "questions"]

STEP_S = 0.5
PLACES = 8
EVENT_S = (1.0, 4.0)
OVERLAP_SHARE = 0.2  # of events begin a little before the one before them has ended
OVERLAP_S = 0.4
MISSED = 0.1  # share of an event's steps in which the sensor notices nothing; never all of them
EVENT_SALIENCE = (0.4, 1.0)
DISTRACTOR_SALIENCE = (0.05, 0.25)
SCENE_DRIFT = 0.1  # per step: half of the scene has changed after about 35 s


@dataclass(slots=True)
class _Stream:
    """Tensors of T steps with PLACES places each, filled one token at a time."""

    keys: Tensor  # (T, n, d)
    modality: Tensor  # (T, n)
    salience: Tensor  # (T, n)
    mask: Tensor  # (T, n)
    used: list[int]

    def put(self, step: int, key: Tensor, modality: Modality, salience: float) -> None:
        """Add a token to a step; one too many is dropped, as a sensor's limit would."""
        place = self.used[step]
        if place == PLACES:
            return
        self.used[step] = place + 1
        self.keys[step, place] = key
        self.modality[step, place] = int(modality)
        self.salience[step, place] = salience
        self.mask[step, place] = True


def make_episode(
    sights: Concepts,
    sounds: Concepts,
    *,
    events: int,
    seconds: float,
    seed: int,
    held_out: bool | None,
    sound_share: float = 0.5,
    repeats: int = 0,
    noise: float = 0.5,
    background: float = 0.1,
    distractors: float = 0.05,
) -> Episode:
    """One episode of `events` events within `seconds` seconds.

    `held_out` True or False draws only concepts that are, or are not, held out; None draws from
    all. Every sight and sound is another one, but for `repeats` of the events, which show an
    earlier sight again. `noise` is the expected length of what a step adds to the unit sensor
    key, `background` the mean salience of scene and hum, `distractors` their number per step.
    Raises ValueError where the events do not fit or the bank is too small.
    """
    generator = torch.Generator().manual_seed(seed)
    happened = _events(sights, sounds, events, seconds, (held_out, sound_share, repeats), generator)
    count = round(seconds / STEP_S)
    dim = sights.sensor.shape[1]
    stream = _Stream(
        torch.zeros(count, PLACES, dim),
        torch.full((count, PLACES), int(Modality.EMPTY), dtype=torch.int8),
        torch.zeros(count, PLACES),
        torch.zeros(count, PLACES, dtype=torch.bool),
        [0] * count,
    )
    _add_background(stream, background, noise, generator)
    for event in happened:
        _add_seen(stream, event, Modality.VIDEO, sights.sensor[event.sight], noise, generator)
        if event.sound is not None:
            _add_seen(stream, event, Modality.AUDIO, sounds.sensor[event.sound], noise, generator)
    _add_distractors(stream, distractors, generator)
    return Episode(_steps(stream), happened, sights, sounds, count * STEP_S)


def pool(concepts: Concepts, held_out: bool | None) -> Tensor:
    """Indices (P,) of the concepts that an episode may draw from."""
    if held_out is None:
        return torch.arange(concepts.held_out.shape[0])
    return torch.nonzero(concepts.held_out == held_out)[:, 0]


def _events(
    sights: Concepts,
    sounds: Concepts,
    events: int,
    seconds: float,
    drawn: tuple[bool | None, float, int],
    generator: torch.Generator,
) -> tuple[EpisodeEvent, ...]:
    held_out, sound_share, repeats = drawn
    if not 0 <= repeats < max(events, 1):
        raise ValueError(f"repeats: {repeats} must be less than the number of events, {events}")
    sounded = round(events * sound_share)
    seen = _draw(pool(sights, held_out), events - repeats, "sights", generator)
    heard = _draw(pool(sounds, held_out), sounded, "sounds", generator)
    order = list(range(events - repeats))
    for _ in range(repeats):  # each somewhere after a sight's first showing
        again = int(torch.randint(len(order), (1,), generator=generator))
        place = int(torch.randint(again + 1, len(order) + 1, (1,), generator=generator))
        order.insert(place, order[again])
    with_sound = sorted(torch.randperm(events, generator=generator)[:sounded].tolist())
    sound_of = dict(zip(with_sound, heard, strict=True))
    return tuple(
        EpisodeEvent(seen[order[at]], sound_of.get(at), start_s, end_s)
        for at, (start_s, end_s) in enumerate(_intervals(events, seconds, generator))
    )


def _draw(indices: Tensor, count: int, what: str, generator: torch.Generator) -> list[int]:
    if count > indices.shape[0]:
        raise ValueError(
            f"{what}: {count} are wanted, the bank has {indices.shape[0]} to draw from"
        )
    chosen: list[int] = indices[
        torch.randperm(indices.shape[0], generator=generator)[:count]
    ].tolist()
    return chosen


def _intervals(
    events: int, seconds: float, generator: torch.Generator
) -> list[tuple[float, float]]:
    """Start and end of every event; the time that is left is spread between them at random."""
    low, high = EVENT_S
    lengths = low + (high - low) * torch.rand(events, generator=generator, dtype=torch.float64)
    overlaps = torch.rand(events, generator=generator) < OVERLAP_SHARE
    spare_s = seconds - float(lengths.sum())
    if spare_s < 0:
        raise ValueError(
            f"seconds: {events} events take {float(lengths.sum()):.1f} s of {seconds} s"
        )
    waits = -torch.rand(events + 1, generator=generator, dtype=torch.float64).clamp_min(1e-9).log()
    waits[:-1][overlaps] = 0.0
    waits = waits / waits.sum() * spare_s
    now_s, made = 0.0, []
    for at in range(events):
        now_s += float(waits[at])
        if at and bool(overlaps[at]):
            now_s -= OVERLAP_S * float(torch.rand(1, generator=generator))
        made.append((now_s, now_s + float(lengths[at])))
        now_s = made[-1][1]
    return made


def _between(bounds: tuple[float, float], generator: torch.Generator) -> float:
    return bounds[0] + (bounds[1] - bounds[0]) * float(torch.rand(1, generator=generator))


def _add_seen(
    stream: _Stream,
    event: EpisodeEvent,
    modality: Modality,
    sensor: Tensor,
    noise: float,
    generator: torch.Generator,
) -> None:
    """The tokens of one event: one in each step that it covers by half, but for missed ones."""
    first = round(event.start_s / STEP_S)
    last = min(max(round(event.end_s / STEP_S), first + 1), len(stream.used))
    noticed = torch.rand(last - first, generator=generator) >= MISSED
    if not bool(noticed.any()):
        noticed[0] = True
    salience = _between(EVENT_SALIENCE, generator)
    keys = noisy(sensor.expand(last - first, -1), noise, generator)
    for at in torch.nonzero(noticed)[:, 0].tolist():
        stream.put(first + at, keys[at], modality, salience)


def _add_background(
    stream: _Stream, background: float, noise: float, generator: torch.Generator
) -> None:
    count, _, dim = stream.keys.shape
    for modality, share in ((Modality.VIDEO, 1.0), (Modality.AUDIO, 0.5)):
        scene = unit(torch.randn(dim, generator=generator))
        there = torch.rand(count, generator=generator) < share
        loud = background * (0.5 + torch.rand(count, generator=generator))
        for step in range(count):
            scene = noisy(scene, SCENE_DRIFT, generator)
            if bool(there[step]):
                stream.put(step, noisy(scene, noise, generator), modality, float(loud[step]))


def _add_distractors(stream: _Stream, rate: float, generator: torch.Generator) -> None:
    count, _, dim = stream.keys.shape
    hit = torch.rand(count, generator=generator) < rate
    for step in torch.nonzero(hit)[:, 0].tolist():
        heard = float(torch.rand(1, generator=generator)) < 0.3
        key = unit(torch.randn(dim, generator=generator))
        salience = _between(DISTRACTOR_SALIENCE, generator)
        stream.put(step, key, Modality.AUDIO if heard else Modality.VIDEO, salience)


def _steps(stream: _Stream) -> tuple[tuple[InputTokens, Tensor], ...]:
    count = len(stream.used)
    start_s = torch.arange(count, dtype=torch.float64) * STEP_S
    starts = start_s[:, None].expand(count, PLACES)
    ends = starts + STEP_S
    no_looks = torch.zeros(1, PLACES, LOOKS, dtype=torch.uint8)
    return tuple(
        (
            InputTokens(
                stream.keys[t : t + 1],
                stream.modality[t : t + 1],
                stream.salience[t : t + 1],
                starts[t : t + 1],
                ends[t : t + 1],
                no_looks,
                ends[t, :1],
            ),
            stream.mask[t : t + 1],
        )
        for t in range(count)
    )
