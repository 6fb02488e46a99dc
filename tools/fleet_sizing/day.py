"""One day of many sessions: when each streams, is asked, lies idle, is moved out and comes back.

Every visit and question is drawn; up to MOST_DRAWN sessions are followed one by one, larger numbers
as so many copies of these. Knows no worker.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fleet_sizing.figures import Figures

DAY_S = 86_400.0
STEP_S = 60.0
MOST_DRAWN = 20_000
Times = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Day:
    """What the day asks of a fleet, at its peak where nothing else is said."""

    sessions: int
    live: float
    live_mean: float
    begins_per_s: float
    idle_in_store: float  # with tiering: those that are not moved yet
    idle: float
    moves_per_s: float  # out and in together
    visits: int
    moves_out: int
    moves_in: int


def simulate(figures: Figures, sessions: int, rng: np.random.Generator) -> Day:
    """A day after one that fills it, of `sessions` sessions that exist all the time."""
    drawn = min(sessions, MOST_DRAWN)
    scale = sessions / drawn
    who, begins, lengths = _visits(figures, drawn, rng)
    asks = _asks(figures, drawn, rng)
    live = _present(begins, begins + lengths) * scale
    uses, ends = _uses(who, begins, lengths, asks)
    moved_out, moved_in = _moves(figures, uses, ends)
    bins = np.arange(DAY_S, 2 * DAY_S + STEP_S, STEP_S)
    moves = np.histogram(np.concatenate([moved_out, moved_in]), bins)[0] * scale / STEP_S
    tiered = _present(moved_out, moved_in) * scale
    idle = sessions - live
    return Day(
        sessions=sessions,
        live=float(live.max()),
        live_mean=float(live.mean()),
        begins_per_s=float(np.histogram(begins, bins)[0].max() * scale / STEP_S),
        idle_in_store=float((idle - tiered).max()),
        idle=float(idle.max()),
        moves_per_s=float(moves.max()),
        visits=_in_day(begins),
        moves_out=_in_day(moved_out),
        moves_in=_in_day(moved_in),
    )


def _rate(figures: Figures, time_s: Times) -> Times:
    """Visits at a time of the day, of those at noon."""
    wave = (1 - np.cos(2 * np.pi * time_s / DAY_S)) / 2
    return np.asarray(figures.night_share + (1 - figures.night_share) * wave)


def _drawn_times(
    figures: Figures, sessions: int, per_day: float, rng: np.random.Generator
) -> tuple[npt.NDArray[np.int64], Times]:
    """Who and when, over two days, as often as the time of day has it; in order of time."""
    mean = (1 + figures.night_share) / 2
    count = rng.poisson(2 * per_day * sessions / mean)
    times = np.sort(rng.uniform(0, 2 * DAY_S, count))
    times = times[rng.uniform(size=count) < _rate(figures, times)]
    return rng.integers(0, sessions, len(times)), times


def _visits(
    figures: Figures, sessions: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.int64], Times, Times]:
    """Streams, none of which begins while its session's last one goes on."""
    who, begins = _drawn_times(figures, sessions, figures.visits_per_day, rng)
    lengths = rng.lognormal(np.log(figures.visit_median_s), figures.visit_spread, len(who))
    order = np.lexsort((begins, who))
    who, begins, lengths = who[order], begins[order], lengths[order]
    same = np.append(who[1:] == who[:-1], False)
    room = np.append(begins[1:] - begins[:-1], np.inf)
    return who, begins, np.where(same, np.minimum(lengths, room), lengths)


def _asks(
    figures: Figures, sessions: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.int64], Times]:
    return _drawn_times(figures, sessions, figures.questions_per_day, rng)


def _uses(
    who: npt.NDArray[np.int64],
    begins: Times,
    lengths: Times,
    asks: tuple[npt.NDArray[np.int64], Times],
) -> tuple[list[Times], list[Times]]:
    """By session that is used at all: when its uses begin and end, in order."""
    owner = np.concatenate([who, asks[0]])
    first = np.concatenate([begins, asks[1]])
    last = np.concatenate([begins + lengths, asks[1]])
    order = np.lexsort((first, owner))
    owner, first, last = owner[order], first[order], last[order]
    cuts = np.flatnonzero(np.diff(owner)) + 1
    return np.split(first, cuts), np.split(last, cuts)


def _moves(figures: Figures, uses: list[Times], ends: list[Times]) -> tuple[Times, Times]:
    """When memories are moved out, and when each of them comes back (infinite: not yet)."""
    outs, backs = [], []
    for first, last in zip(uses, ends, strict=True):
        until = np.maximum.accumulate(last)
        following = np.append(first[1:], np.inf)
        moved = following - until > figures.tier_after_s
        outs.append(until[moved] + figures.tier_after_s)
        backs.append(following[moved])
    return np.concatenate(outs), np.concatenate(backs)


def _in_day(times: Times) -> int:
    return int(((times >= DAY_S) & (times < 2 * DAY_S)).sum())


def _present(begins: Times, ends: Times) -> Times:
    """How many intervals there are at each minute of the second day."""
    at = np.arange(DAY_S, 2 * DAY_S, STEP_S)
    begun = np.searchsorted(np.sort(begins), at, side="right")
    ended = np.searchsorted(np.sort(ends), at, side="right")
    return np.asarray(begun - ended, dtype=np.float64)
