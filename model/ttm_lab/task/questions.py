"""Questions about an episode with their truths, seeded. Knows no memory and no wording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from ttm_lab.task.interface import Concepts, Episode, EpisodeEvent

PresenceKind = Literal["present", "random", "hard"]
EXCLUSIVE_S = 0.4  # an event may overlap another by this much at either edge


@dataclass(frozen=True, slots=True)
class Asked:
    """Which event a question is about, and how long ago that was."""

    event: int  # index into the episode's events
    age_s: float  # from the event's end to the episode's end
    intervening: int  # events that began after it


@dataclass(frozen=True, slots=True)
class AtTimeQuestion:
    """What was seen at a time at which the true sight was alone?"""

    asked: Asked
    time_s: float
    truth: int  # concept
    candidates: Tensor  # (K,) concepts, the truth and its sibling among them, in random order


@dataclass(frozen=True, slots=True)
class BesideQuestion:
    """What was seen while a sound was heard?"""

    asked: Asked
    sound: int
    truth: int
    candidates: Tensor  # (K,)


@dataclass(frozen=True, slots=True)
class WhenQuestion:
    """When did a sight begin, that was there once?"""

    asked: Asked
    sight: int
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class PresenceQuestion:
    """Was a sight there? `asked` is None where it never was."""

    asked: Asked | None
    sight: int
    kind: PresenceKind


@dataclass(frozen=True, slots=True)
class EpisodeQuestions:
    """Everything that is asked after one episode."""

    at_time: tuple[AtTimeQuestion, ...]
    beside: tuple[BesideQuestion, ...]
    when: tuple[WhenQuestion, ...]
    presence: tuple[PresenceQuestion, ...]


def questions(
    episode: Episode, seed: int, candidates: int = 500, limit: int | None = None
) -> EpisodeQuestions:
    """Ask about random events: as many at a time as beside a sound, at most `limit` of each.

    Presence is asked of as many sights that were there as that were not, and half of those are
    siblings of present ones. Other candidates and absent sights come from the same share of the
    bank (held out or not) as the episode's sights. Raises ValueError where that is too small.
    """
    generator = torch.Generator().manual_seed(seed)
    events = episode.events
    order = torch.randperm(len(events), generator=generator).tolist()
    sounded = [at for at in order if events[at].sound is not None][:limit]
    at_time = torch.randperm(len(events), generator=generator).tolist()[: len(sounded) or limit]
    shown = [event.sight for event in events]
    once = [at for at in order if shown.count(events[at].sight) == 1][:limit]
    bank = _bank(episode)
    return EpisodeQuestions(
        at_time=tuple(
            AtTimeQuestion(
                asked_about(episode, at),
                _alone_s(events[at], generator),
                events[at].sight,
                _candidates(episode.sights, events[at].sight, bank, candidates, generator),
            )
            for at in at_time
        ),
        beside=tuple(
            BesideQuestion(
                asked_about(episode, at),
                sound,
                events[at].sight,
                _candidates(episode.sights, events[at].sight, bank, candidates, generator),
            )
            for at in sounded
            if (sound := events[at].sound) is not None
        ),
        when=tuple(
            WhenQuestion(
                asked_about(episode, at), events[at].sight, events[at].start_s, events[at].end_s
            )
            for at in once
        ),
        presence=_presence(episode, order[:limit], bank, generator),
    )


def asked_about(episode: Episode, event: int) -> Asked:
    """Age of an event at the episode's end, and the number of events after it."""
    age_s = max(0.0, episode.length_s - episode.events[event].end_s)
    return Asked(event, age_s, len(episode.events) - 1 - event)


def _bank(episode: Episode) -> Tensor:
    """Concepts (P,) of the same share as the episode's sights, or all where it mixes them."""
    held = episode.sights.held_out
    kinds = {bool(held[event.sight]) for event in episode.events}
    if len(kinds) == 1:
        return torch.nonzero(held == kinds.pop())[:, 0]
    return torch.arange(held.shape[0])


def _alone_s(event: EpisodeEvent, generator: torch.Generator) -> float:
    low, high = event.start_s + EXCLUSIVE_S, event.end_s - EXCLUSIVE_S
    return low + (high - low) * float(torch.rand(1, generator=generator, dtype=torch.float64))


def _candidates(
    sights: Concepts, truth: int, bank: Tensor, count: int, generator: torch.Generator
) -> Tensor:
    sibling = int(sights.sibling[truth])
    others = bank[(bank != truth) & (bank != sibling)]
    if others.shape[0] < count - 2:
        raise ValueError(f"candidates: {count} are wanted, the bank has {others.shape[0] + 2}")
    drawn = others[torch.randperm(others.shape[0], generator=generator)[: count - 2]]
    chosen = torch.cat([torch.tensor([truth, sibling]), drawn])
    return chosen[torch.randperm(count, generator=generator)]


def _presence(
    episode: Episode, order: list[int], bank: Tensor, generator: torch.Generator
) -> tuple[PresenceQuestion, ...]:
    last_shown = {event.sight: at for at, event in enumerate(episode.events)}
    present = sorted({episode.events[at].sight for at in order})
    siblings = [int(episode.sights.sibling[sight]) for sight in last_shown]
    hard = [sight for sight in siblings if sight not in last_shown]
    hard = [hard[at] for at in torch.randperm(len(hard), generator=generator).tolist()]
    hard = hard[: len(present) // 2]
    taken = {*last_shown, *siblings}
    free = [int(sight) for sight in bank.tolist() if sight not in taken]
    drawn = torch.randperm(len(free), generator=generator).tolist()[: len(present) - len(hard)]
    return (
        *(
            PresenceQuestion(asked_about(episode, last_shown[sight]), sight, "present")
            for sight in present
        ),
        *(PresenceQuestion(None, free[at], "random") for at in drawn),
        *(PresenceQuestion(None, sight, "hard") for sight in hard),
    )
