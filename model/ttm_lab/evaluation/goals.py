"""The goals and whether they are reached. Goals are measured against, never moved.

Knows no system but the names of ours and of those it must beat.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan

from ttm_lab.evaluation.cost import Cost
from ttm_lab.evaluation.measures import Summary
from ttm_lab.evaluation.plan import EVENTS_64, FITS, FORGETTING, OVERLOAD
from ttm_lab.evaluation.registry import OURS, SWAPPED, ZEROED
from ttm_lab.evaluation.statistics import Estimate

NOT_MEASURED = "not measured"
RIVALS = ("fifo", "merge-only")
CLAIMED = "claimed"


@dataclass(frozen=True, slots=True)
class Goal:
    """One goal and what was measured."""

    what: str
    wanted: str
    measured: str
    reached: bool | None  # None: not measured


def goals(
    summaries: Mapping[tuple[str, str], Summary],
    cost: Cost | None,
    same: Estimate | None,
    clips: Estimate | None = None,
) -> list[Goal]:
    """Every goal; those whose load or system did not run say so."""
    fits, full = summaries.get((OURS, FITS)), summaries.get((OURS, EVENTS_64))
    over = summaries.get((OURS, OVERLOAD))
    found = [
        _least("recall@1, 42 events (63 sights and sounds)", 0.90, _of(fits, "recall_1")),
        _least("recall@1, 64 events (96 sights and sounds)", 0.90, _of(full, "recall_1")),
        _least("recall@1, 192 events, all ages", 0.45, _of(over, "recall_1")),
        *(_above(rival, over, summaries.get((rival, OVERLOAD))) for rival in RIVALS),
        _least("recall@1, 192 events, last 16 s", 0.95, _of(over, "recent_1")),
    ]
    for name, at in (("64", full), ("192", over)):
        found += [
            _number(f"when-error median, {name} events", "<=", 0.5, at and at.when_median_s),
            _number(f"when-error P90, {name} events", "<=", 2.0, at and at.when_p90_s),
            _most(f"false memory, random, {name} events", 0.03, _of(at, "false_random")),
            _most(f"false memory, siblings, {name} events", 0.10, _of(at, "false_hard")),
            _number(f"abstention AUROC, {name} events", ">=", 0.95, at and at.auroc),
            _number(f"ECE, {name} events", "<=", 0.05, at and at.ece),
        ]
    found += [
        *(
            goal
            for name, at in ((OVERLOAD, over), (FORGETTING, summaries.get((OURS, FORGETTING))))
            for goal in _forgetting(name, at)
        ),
        *_costs(cost),
        _least("one answer to five wordings", 0.95, same),
        _most(
            "zeroed memory claims a sight, 192 events",
            0.0,
            _of(summaries.get((ZEROED, OVERLOAD)), CLAIMED),
        ),
        _least(
            "swapped memory is followed, 64 events",
            0.90,
            _of(summaries.get((SWAPPED, EVENTS_64)), "follows"),
        ),
        _least("recall as a share of unlimited, real clips", 0.95, clips),
    ]
    return found


def _forgetting(name: str, at: Summary | None) -> list[Goal]:
    return [
        _least(f'evicted: "may have forgotten", {name} events', 0.80, _of(at, "evicted_forgotten")),
        _most(f'evicted: "not seen", {name} events', 0.05, _of(at, "evicted_not_seen")),
    ]


def _of(summary: Summary | None, name: str) -> Estimate | None:
    estimate = None if summary is None else getattr(summary, name)
    assert estimate is None or isinstance(estimate, Estimate)
    return estimate


def _least(what: str, wanted: float, estimate: Estimate | None) -> Goal:
    reached = None if estimate is None or not estimate.count else estimate.value >= wanted
    return Goal(what, f">= {wanted:.0%}", shown(estimate), reached)


def _most(what: str, wanted: float, estimate: Estimate | None) -> Goal:
    reached = None if estimate is None or not estimate.count else estimate.value <= wanted
    return Goal(what, f"<= {wanted:.0%}", shown(estimate), reached)


def _number(what: str, sign: str, wanted: float, value: float | Summary | None) -> Goal:
    if not isinstance(value, float) or isnan(value):
        return Goal(what, f"{sign} {wanted:g}", NOT_MEASURED, None)
    reached = value <= wanted if sign == "<=" else value >= wanted
    return Goal(what, f"{sign} {wanted:g}", f"{value:.3f}", reached)


def _above(rival: str, ours: Summary | None, theirs: Summary | None) -> Goal:
    what = f"recall@1, 192 events, above {rival}"
    if ours is None or theirs is None or not theirs.recall_1.count:
        return Goal(what, f"> {rival}", NOT_MEASURED, None)
    reached = ours.recall_1.value > theirs.recall_1.value
    return Goal(what, f"> {theirs.recall_1.value:.1%}", shown(ours.recall_1), reached)


def _costs(cost: Cost | None) -> list[Goal]:
    if cost is None:
        return [Goal("step 20000 against step 200", "<= 1.05", NOT_MEASURED, None)]
    what = f"step {cost.late} against step {cost.early}"
    sizes = f"{cost.early_bytes} and {cost.late_bytes}"
    return [
        _number(f"{what}: time", "<=", 1.05, cost.ratio),
        Goal(f"{what}: bytes", "equal", sizes, cost.early_bytes == cost.late_bytes),
    ]


def shown(estimate: Estimate | None) -> str:
    """A share with its interval and count."""
    if estimate is None or not estimate.count:
        return NOT_MEASURED
    low, high = 100 * estimate.low, 100 * estimate.high
    return f"{estimate.value:.1%} [{low:.0f}-{high:.0f}] n={estimate.count}"
