"""Rows to measured numbers with their goals. Knows no system and runs nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import inf, isnan, nan

from ttm_lab.evaluation.rows import Row
from ttm_lab.evaluation.statistics import (
    Bin,
    Estimate,
    auroc,
    calibration_error,
    coverage,
    quantile,
    reliability,
    share,
)
from ttm_model.ttm.layout import AGE_BUCKETS_S

RECENT_S = 16.0
WITHIN_S = 2.0
RISK = 0.05
INTERVENING = (4, 8, 16, 32, 64, 128)  # upper edges, exclusive; one more above
CHOICES = ("at_time", "beside")


@dataclass(frozen=True, slots=True)
class Summary:
    """What one system measured at one load."""

    system: str
    load: str
    recall_1: Estimate
    recall_5: Estimate
    at_time_1: Estimate
    beside_1: Estimate
    confused: Estimate  # answered with what another event showed: a binding error
    recent_1: Estimate  # of events that ended within the last 16 s
    when_given: Estimate  # a time was given
    when_median_s: float  # over all questions; not given counts as infinitely wrong
    when_p90_s: float
    when_given_median_s: float  # over those that got a time
    when_given_p90_s: float
    when_within_2_s: Estimate  # over all questions
    present_found: Estimate
    claimed: Estimate  # "present" was answered, whatever was asked
    false_random: Estimate
    false_hard: Estimate
    absent_not_seen: Estimate  # of what never was: "not seen", rather than "may have forgotten"
    evicted: Estimate  # of asked sights that were there
    evicted_forgotten: Estimate
    evicted_not_seen: Estimate
    held_not_seen: Estimate  # still held, but "not seen" was answered
    auroc: float
    ece: float
    coverage_5: float  # share of presence questions that can be answered with 5 % wrong
    follows: Estimate


def summarise(rows: Iterable[Row], system: str, load: str) -> Summary:
    """Everything about one system at one load; `rows` must be of one gap sigma."""
    mine = [row for row in rows if row.system == system and row.load == load]
    choices = [row for row in mine if row.kind in CHOICES]
    whens = [row for row in mine if row.kind == "when"]
    asked = [row for row in mine if row.kind == "presence"]
    present = [row for row in asked if row.subject == "present"]
    absent = [row for row in asked if row.subject != "present"]
    gone = [row for row in present if row.evicted]
    truths = [row.subject == "present" for row in asked]
    errors = [inf if row.error_s is None else row.error_s for row in whens]
    given = [row.error_s for row in whens if row.error_s is not None]
    return Summary(
        system,
        load,
        recall_1=over(choices, _first),
        recall_5=over(choices, lambda row: (row.rank or 0) <= 5),
        at_time_1=over([row for row in choices if row.kind == "at_time"], _first),
        beside_1=over([row for row in choices if row.kind == "beside"], _first),
        confused=over(choices, lambda row: bool(row.confused)),
        recent_1=over([row for row in choices if _age(row) <= RECENT_S], _first),
        when_given=over(whens, lambda row: row.error_s is not None),
        when_median_s=quantile(errors, 0.5),
        when_p90_s=quantile(errors, 0.9),
        when_given_median_s=quantile(given, 0.5),
        when_given_p90_s=quantile(given, 0.9),
        when_within_2_s=over(
            whens, lambda row: row.error_s is not None and row.error_s <= WITHIN_S
        ),
        present_found=over(present, lambda row: row.verdict == "present"),
        claimed=over(asked, lambda row: row.verdict == "present"),
        false_random=over(
            [row for row in absent if row.subject == "random"], lambda row: row.verdict == "present"
        ),
        false_hard=over(
            [row for row in absent if row.subject == "hard"], lambda row: row.verdict == "present"
        ),
        absent_not_seen=over(absent, lambda row: row.verdict == "not_seen"),
        evicted=over(
            [row for row in present if row.evicted is not None], lambda r: bool(r.evicted)
        ),
        evicted_forgotten=over(gone, lambda row: row.verdict == "may_have_forgotten"),
        evicted_not_seen=over(gone, lambda row: row.verdict == "not_seen"),
        held_not_seen=over(
            [row for row in present if row.evicted is False], lambda row: row.verdict == "not_seen"
        ),
        auroc=auroc([_p(row) for row in present], [_p(row) for row in absent]),
        ece=calibration_error([_p(row) for row in asked], truths),
        coverage_5=coverage([_p(row) for row in asked], truths, RISK),
        follows=over([row for row in mine if row.kind == "follows"], _first),
    )


def over(rows: Sequence[Row], right: Callable[[Row], bool]) -> Estimate:
    """The share of rows for which `right` holds, resampled by load and episode."""
    groups: dict[tuple[str, int], list[bool]] = defaultdict(list)
    for row in rows:
        groups[row.load, row.episode].append(right(row))
    return share(list(groups.values()))


def by_age(rows: Iterable[Row], system: str) -> list[tuple[str, Estimate]]:
    """Recall@1 in every age bucket that was asked about, all loads together."""
    return _curve(rows, system, [*AGE_BUCKETS_S, inf], age_name, _age)


def by_intervening(rows: Iterable[Row], system: str) -> list[tuple[str, Estimate]]:
    """Recall@1 against how many events came after the asked one, all loads together."""
    edges = [float(edge) for edge in INTERVENING]
    # Counts are whole: "below 4" is "at most 3".
    return _curve(
        rows,
        system,
        [edge - 1 for edge in edges] + [inf],
        between_name,
        lambda r: r.intervening or 0,
    )


def ece_by_age(rows: Iterable[Row], system: str) -> list[tuple[str, float, int]]:
    """Calibration error of presence in every age bucket, all loads together: name, error, count.

    What never was has no age: each bucket's sights are joined by as many absent ones of the same
    loads, taken evenly out of all of them.
    """
    asked = [row for row in rows if row.system == system and row.kind == "presence"]
    absent = [_p(row) for row in asked if row.subject != "present"]
    found, low = [], -1.0
    for high in [*AGE_BUCKETS_S, inf]:
        held = [_p(r) for r in asked if r.subject == "present" and low < _age(r) <= high]
        if held and absent:
            beside = [absent[at * len(absent) // len(held)] for at in range(len(held))]
            truths = [True] * len(held) + [False] * len(held)
            error = calibration_error([*held, *beside], truths)
            found.append((age_name(low, high), error, 2 * len(held)))
        low = high
    return found


def diagram(rows: Iterable[Row], system: str, load: str) -> list[Bin]:
    """Confidence against truth over a load's presence questions."""
    asked = [r for r in rows if r.system == system and r.load == load and r.kind == "presence"]
    return reliability([_p(row) for row in asked], [row.subject == "present" for row in asked])


def age_name(low: float, high: float) -> str:
    """A bucket of ages in seconds, or minutes from one minute on."""
    if isnan(low) or low < 0:
        low = 0.0
    if high == inf:
        return f"{low / 60:g}+ min"
    if high <= 60:
        return f"{low:g}-{high:g} s"
    return f"{low / 60:g}-{high / 60:g} min"


def between_name(low: float, high: float) -> str:
    """A bucket of whole numbers."""
    first = 0 if low < 0 else int(low) + 1
    return f"{first}+" if high == inf else f"{first}-{int(high)}"


def _curve(
    rows: Iterable[Row],
    system: str,
    edges: list[float],
    name: Callable[[float, float], str],
    value: Callable[[Row], float],
) -> list[tuple[str, Estimate]]:
    choices = [row for row in rows if row.system == system and row.kind in CHOICES]
    curve, low = [], -1.0
    for high in edges:
        held = [row for row in choices if low < value(row) <= high]
        if held:
            curve.append((name(low, high), over(held, _first)))
        low = high
    return curve


def _first(row: Row) -> bool:
    return row.rank == 1


def _age(row: Row) -> float:
    return nan if row.age_s is None else row.age_s


def _p(row: Row) -> float:
    return 0.0 if row.p is None else row.p
