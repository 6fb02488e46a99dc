"""How late memory is: ordinarily, in a deploy, after a death, and while a store fails over."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from dataclasses import dataclass

from fleet_sizing.cell import Cell
from fleet_sizing.figures import Figures

MOST_WORKERS = 8
WARM_S = 30.0
SETTLE_S = 60.0  # after the last event
UNBOUNDED_S = 240.0  # more, where something grows
CELLS = 3  # told as one: it is chance which worker gets how many sessions


@dataclass(frozen=True, slots=True)
class Lag:
    """From a chunk's capture to committed memory, in seconds."""

    median: float
    p95: float
    worst: float


@dataclass(frozen=True, slots=True)
class Troubles:
    """What happens to chunks in each of these."""

    steady: Lag
    unbounded: Lag  # as steady, where workers take as many sessions as come
    deploy: Lag
    scale_down: Lag
    death: Lag
    failover: Lag


def simulate(figures: Figures, workers: int, live: float, seed: int) -> Troubles:
    """Cells of up to eight workers, with as many sessions for each as the fleet has."""
    count = min(workers, MOST_WORKERS)
    return _simulate(figures, count, max(1, round(live * count / workers)), seed)


@functools.cache  # large fleets are made of the same cells
def _simulate(figures: Figures, count: int, sessions: int, seed: int) -> Troubles:
    def after(prepare: Callable[[Cell], float], most: int | None = None) -> Lag:
        """The lags from the end of the warm-up until all has settled."""
        lags: list[float] = []
        for number in range(CELLS):
            cell = Cell(figures, count, sessions, random.Random(f"{seed} {number}"), most)
            cell.run(prepare(cell) + SETTLE_S)
            lags += [lag_s for at_s, lag_s in cell.lags if at_s >= WARM_S]
        return lag_of(lags)

    return Troubles(
        steady=after(lambda cell: WARM_S),
        unbounded=after(lambda cell: WARM_S + UNBOUNDED_S, most=sessions),
        deploy=after(deploy),
        scale_down=after(lambda cell: once(cell, lambda: cell.drain(0, comes_back=False))),
        death=after(lambda cell: once(cell, lambda: cell.kill(0))),
        failover=after(lambda cell: once(cell, cell.fail_over) + cell.figures.failover_s),
    )


def once(cell: Cell, do: Callable[[], None]) -> float:
    """Something happens when the warm-up is over; when that is."""
    cell.at(WARM_S, do)
    return WARM_S


def deploy(cell: Cell) -> float:
    """One worker after the other, each when the one before has started again; when it is over."""
    at_s = WARM_S
    for number in range(len(cell.workers)):
        cell.at(at_s, cell.drain, number)
        at_s += cell.figures.worker_start_s + 1.0
    return at_s


def lag_of(lags: list[float]) -> Lag:
    """Of at least one chunk."""
    ordered = sorted(lags)
    return Lag(
        median=ordered[len(ordered) // 2],
        p95=ordered[int(len(ordered) * 0.95)],
        worst=ordered[-1],
    )
