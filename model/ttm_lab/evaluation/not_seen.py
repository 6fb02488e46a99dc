"""Asks memories of clips with known contents for what was there and what was not: denials.

Every phrase is asked as often where its thing was shown as where it was not, so that the chances
are even before looking, as `labels.found.denial` takes them to be.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from ttm_lab.evaluation.seen_clips import SeenClip, Shown
from ttm_model.engines.spaces import TextSpace
from ttm_model.labels.found import denial

PRESENT_P = 0.5  # from here the memory says that it saw the thing
# Kinds that people ask for, beside the phrases of what was shown.
_WIDE = """
animal, bird, dog, cat, fish, insect, monkey, snake, vehicle, car, boat, fruit, vegetable, clothing,
furniture, tool, weapon, machine, toy, ball, musical instrument, household appliance
"""
WIDE = tuple(phrase.strip() for phrase in _WIDE.split(","))


@dataclass(frozen=True, slots=True)
class Denial:
    """One "not seen": what was asked, on what grounds, how sure, and whether it was true."""

    phrase: str
    found_rate: float
    best_p: float
    confidence: float
    true: bool


@dataclass(frozen=True, slots=True)
class Memory:
    """A clip with its slots' posteriors laid out."""

    clip: SeenClip
    posteriors: Tensor  # (N, C)

    def best_p(self, space: TextSpace, phrase: str, during: Shown | None = None) -> float:
        """The presence of a phrase in the best slot (that was there during a showing)."""
        key = space.phrase(phrase)
        scores = self.posteriors @ key.weights  # (N,)
        if during is not None:
            meets = (self.clip.start_s < during.end_s) & (self.clip.end_s > during.start_s)
            scores = scores[meets]
        if not len(scores):
            return 0.0
        return space.presence(float(scores.max()), key.breadth)


def memories(space: TextSpace, clips: Sequence[SeenClip]) -> list[Memory]:
    """The clips laid out in a space."""
    return [Memory(clip, clip.posteriors(len(space.names))) for clip in clips]


def named(space: TextSpace, phrase: str) -> frozenset[int]:
    """The classes that a phrase names by its words."""
    match = space.space.lexicon.find(phrase)
    return frozenset(match.classes) if match else frozenset()


def asked(
    space: TextSpace, clips: Sequence[SeenClip], seed: int = 0
) -> list[tuple[int, str, bool]]:
    """Questions as (clip, phrase, whether it was shown), each phrase as often shown as not."""
    rng = random.Random(seed)
    shown = [[named(space, thing.phrase) for thing in clip.shown] for clip in clips]
    phrases = sorted({thing.phrase for clip in clips for thing in clip.shown} | set(WIDE))
    questions: list[tuple[int, str, bool]] = []
    for phrase in phrases:
        classes = named(space, phrase)
        there = [at for at, things in enumerate(shown) if any(one <= classes for one in things)]
        absent = [at for at, things in enumerate(shown) if not any(one & classes for one in things)]
        count = min(len(there), len(absent))
        questions += [(at, phrase, True) for at in rng.sample(there, count)]
        questions += [(at, phrase, False) for at in rng.sample(absent, count)]
    return questions


def denials(space: TextSpace, clips: Sequence[SeenClip], seed: int = 0) -> list[Denial]:
    """What the memories deny of all that they are asked."""
    held = memories(space, clips)
    found = []
    for at, phrase, there in asked(space, clips, seed):
        best_p = held[at].best_p(space, phrase)
        if best_p < PRESENT_P:
            rate = space.found_rate(phrase)
            found.append(Denial(phrase, rate, best_p, denial(rate, best_p), not there))
    return found
