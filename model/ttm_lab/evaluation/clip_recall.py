"""Recall on sessions of real clips, system beside system. Knows no encoder and no wording.

All memories are read alike: entries decoded to class posteriors, times as stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ttm_lab.evaluation.real_clips import DEALS, Shown, load_clips, sessions
from ttm_lab.evaluation.registry import OURS, load
from ttm_lab.evaluation.statistics import Estimate, relative, share
from ttm_lab.systems.base import EntrySystem
from ttm_lab.systems.entries import Entries
from ttm_model.labels.picture_keys import PictureKeys, load_picture_keys

UNLIMITED = "unlimited"
BESIDE = ("fifo", "recency")  # quick ones: another system of slots would double the time


@dataclass(frozen=True, slots=True)
class Held:
    """What a memory holds, decoded: posteriors (N, C) and times (N,) in seconds."""

    posteriors: Tensor
    start_s: Tensor
    end_s: Tensor

    def named_at(self, time_s: float) -> int | None:
        """The class of the surest entry of a time; None where nothing is held."""
        there = torch.nonzero((self.start_s <= time_s) & (time_s < self.end_s))[:, 0]
        if not len(there):
            return None
        best, classes = self.posteriors[there].max(dim=1)
        # Without the check a memory of zeros would name the first class.
        return int(classes[best.argmax()]) if float(best.max()) > 0.0 else None

    def span_of(self, classes: frozenset[int]) -> tuple[float, float] | None:
        """The interval of the entry with most of these classes; None where none has any."""
        if not len(self.posteriors):
            return None
        score, at = self.posteriors[:, sorted(classes)].sum(dim=1).max(dim=0)
        return (float(self.start_s[at]), float(self.end_s[at])) if float(score) > 0.0 else None


@dataclass(frozen=True, slots=True)
class Answer:
    """How one system did on one thing shown."""

    clip: int
    at_time: bool  # its class is named when asked for the middle of its time
    when: bool  # the best match of its phrase lies where it was shown


@dataclass(frozen=True, slots=True)
class ClipRecall:
    """One system's recall; intervals are over clips, whose answers hang together."""

    system: str
    entries: float  # held at the end of a session, on average
    at_time: Estimate
    when: Estimate
    both: Estimate
    of_unlimited: Estimate


@dataclass(frozen=True, slots=True)
class ClipResults:
    """All systems on the same sessions; `shown` are the numbers of things in each session."""

    clips: int
    shown: tuple[int, ...]
    rows: tuple[ClipRecall, ...]

    @property
    def share(self) -> Estimate:
        """Recall of ours as a share of the unlimited store's."""
        return next(row.of_unlimited for row in self.rows if row.system == OURS)


def decoded(entries: Entries, keys: PictureKeys) -> Held:
    """The sights among a memory's entries, as posteriors."""
    seen = entries.seen
    return Held(keys.decode(seen.keys), seen.start_s, seen.end_s)


def answers(held: Held, shown: Sequence[Shown]) -> list[Answer]:
    """Ask for everything shown, by its time and by its phrase.

    A found interval is right where its middle lies (so that a long one does not cover everything)
    where a thing was shown of which all classes are among those asked for: who asks for a bear is
    rightly told when a brown bear was there.
    """
    rows = []
    for asked in shown:
        named = held.named_at((asked.start_s + asked.end_s) / 2)
        span = held.span_of(asked.classes)
        found = span is not None and any(
            one.classes <= asked.classes and one.start_s <= sum(span) / 2 < one.end_s
            for one in shown
        )
        rows.append(Answer(asked.clip, named in asked.classes, found))
    return rows


def measure_clips(
    names: Sequence[str], seed: int, deals: Sequence[Sequence[int]] = DEALS
) -> ClipResults | None:
    """Recall of ours, of the unlimited store and of those of `BESIDE` that are named.

    None where ours or the unlimited store is not named. Same arguments, same numbers.
    """
    if OURS not in names or UNLIMITED not in names:
        return None
    wanted = [name for name in (OURS, *BESIDE, UNLIMITED) if name in names]
    systems = {name: load(name) for name in wanted}
    told: dict[str, list[Answer]] = {name: [] for name in wanted}
    kept: dict[str, list[int]] = {name: [] for name in wanted}
    keys = load_picture_keys()
    clips, sizes = load_clips(), []
    with torch.inference_mode():
        for session in sessions(clips, keys, seed, deals):
            sizes.append(len(session.shown))
            for name, system in systems.items():
                assert isinstance(system, EntrySystem)
                held = decoded(system.entries(system.fold(session.episode)), keys)
                told[name] += answers(held, session.shown)
                kept[name].append(len(held.posteriors))
    rows = [_recall(name, told[name], told[UNLIMITED], kept[name]) for name in wanted]
    return ClipResults(len(clips), tuple(sizes), tuple(rows))


def _recall(
    name: str, given: Sequence[Answer], unlimited: Sequence[Answer], kept: Sequence[int]
) -> ClipRecall:
    numbers = sorted({row.clip for row in given})
    at_time = [[row.at_time for row in given if row.clip == number] for number in numbers]
    when = [[row.when for row in given if row.clip == number] for number in numbers]
    both, whole = (
        [[hit for r in rows if r.clip == n for hit in (r.at_time, r.when)] for n in numbers]
        for rows in (given, unlimited)
    )
    return ClipRecall(
        name,
        sum(kept) / len(kept),
        share(at_time),
        share(when),
        share(both),
        relative(both, whole),
    )
