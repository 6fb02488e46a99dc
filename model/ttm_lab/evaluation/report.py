"""A run's numbers as text and as JSON. Measures nothing itself."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ttm_lab.evaluation.clip_recall import ClipResults
from ttm_lab.evaluation.cost import Cost
from ttm_lab.evaluation.goals import Goal, goals
from ttm_lab.evaluation.measures import (
    Summary,
    by_age,
    by_intervening,
    diagram,
    ece_by_age,
    summarise,
)
from ttm_lab.evaluation.plan import (
    BANK_SEED,
    CANDIDATES,
    CONCEPTS,
    DIM,
    EVENTS_64,
    HELD_OUT_SHARE,
    OVERLOAD,
    SIGMA,
    Plan,
)
from ttm_lab.evaluation.rows import Row
from ttm_lab.evaluation.runner import SWEPT, Results
from ttm_lab.evaluation.statistics import Estimate

GOAL_MARKS = {True: "yes", False: "NO", None: "-"}


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a run measured."""

    plan: Plan
    machine: Mapping[str, Any]
    systems: tuple[str, ...]
    results: Results
    cost: Cost | None = None
    rewording: Estimate | None = None
    clips: ClipResults | None = None  # sessions of real clips
    seconds: float = 0.0

    def summaries(self) -> dict[tuple[str, str], Summary]:
        """By system and load."""
        return {
            (system, load.name): summarise(self.at(SIGMA), system, load.name)
            for system in self.systems
            for load in self.plan.loads
            if load.measures(system)
        }

    def at(self, sigma: float) -> list[Row]:
        """The rows of one modality gap."""
        return [row for row in self.results.rows if row.sigma == sigma]

    def goals(self) -> list[Goal]:
        """Every goal with what was measured."""
        clips = None if self.clips is None else self.clips.share
        return goals(self.summaries(), self.cost, self.rewording, clips)


def as_text(report: Report) -> str:
    """Tables for a terminal."""
    plan = report.plan
    loads = ", ".join(
        f"{load.name}: {2 * load.pairs} episodes of {load.events} events in {load.seconds:g} s"
        for load in plan.loads
    )
    summaries = report.summaries()
    parts = [
        f"{plan.name} run, seed {plan.seed}, {plan.episodes} episodes ({loads})",
        f"held-out concepts, {CANDIDATES} candidates, gap sigma {SIGMA}, "
        f"{' '.join(f'{k} {v}' for k, v in report.machine.items())}, took {report.seconds:.0f} s",
        "",
        "goals (ours)",
        *_grid(
            ["goal", "wanted", "measured", "reached"],
            [[g.what, g.wanted, g.measured, GOAL_MARKS[g.reached]] for g in report.goals()],
        ),
    ]
    for load in plan.loads:
        chosen = [summaries[name, load.name] for name in report.systems if load.measures(name)]
        parts += ["", f"load {load.name}", *_table(chosen, report, load.name)]
    rows = report.at(SIGMA)
    curves = {
        "recall@1 against age": by_age,
        "recall@1 against events that came after": by_intervening,
    }
    for title, curve in curves.items():
        parts += ["", title, *_curves({name: curve(rows, name) for name in report.systems})]
    parts += ["", "calibration error against age", *_errors(rows, report.systems)]
    parts += ["", "recall@1 against the modality gap", *_sweep(report)]
    if report.clips is not None:
        parts += ["", *_clips(report.clips)]
    return "\n".join(parts) + "\n"


def _table(chosen: list[Summary], report: Report, load: str) -> list[str]:
    names = [
        "system", "recall@1", "@5", "at", "beside", "16 s", "when med/P90 s", "given",
        "found", "false r/h", "forgot/unseen", "bound", "AUROC", "ECE", "cover", "bytes", "ms/step",
    ]  # fmt: skip
    rows = []
    for one in chosen:
        sizes = [s for s in report.results.sizes if s.system == one.system and s.load == load]
        steps = sum(size.steps for size in sizes)
        fold_ms = 1000 * sum(size.fold_s for size in sizes) / steps if steps else math.nan
        rows.append(
            [
                one.system,
                f"{_pc(one.recall_1)} [{_pc(one.recall_1, 'low')}-{_pc(one.recall_1, 'high')}]",
                _pc(one.recall_5),
                _pc(one.at_time_1),
                _pc(one.beside_1),
                _pc(one.recent_1),
                f"{one.when_median_s:.2f}/{one.when_p90_s:.2f}",
                _pc(one.when_given),
                _pc(one.present_found),
                f"{_pc(one.false_random)}/{_pc(one.false_hard)}",
                f"{_pc(one.evicted_forgotten)}/{_pc(one.evicted_not_seen)}",
                _pc(one.confused),
                f"{one.auroc:.3f}",
                f"{one.ece:.3f}",
                f"{100 * one.coverage_5:.0f}",
                str(max((size.state_bytes for size in sizes), default=0) or "-"),
                "-" if math.isnan(fold_ms) else f"{fold_ms:.2f}",
            ]
        )
        if one.follows.count:
            rows[-1][0] += f" (follows {_pc(one.follows)} %)"
    return _grid(names, rows)


def _pc(estimate: Estimate, part: str = "value") -> str:
    return f"{100 * getattr(estimate, part):.0f}" if estimate.count else "-"


def _curves(curves: Mapping[str, list[tuple[str, Estimate]]]) -> list[str]:
    buckets = list(dict.fromkeys(name for curve in curves.values() for name, _ in curve))
    rows = []
    for system, curve in curves.items():
        held = dict(curve)
        rows.append([system, *(_pc(held[b]) if b in held else "-" for b in buckets)])
    return _grid(["system", *buckets], rows)


def _errors(rows: list[Row], systems: Sequence[str]) -> list[str]:
    curves = {name: {b: error for b, error, _ in ece_by_age(rows, name)} for name in systems}
    buckets = list(dict.fromkeys(bucket for curve in curves.values() for bucket in curve))
    cells = [
        [name, *(f"{curve[b]:.3f}" if b in curve else "-" for b in buckets)]
        for name, curve in curves.items()
    ]
    return _grid(["system", *buckets], cells)


def _sweep(report: Report) -> list[str]:
    rows = []
    for system in (name for name in SWEPT if name in report.systems):
        for load in report.plan.loads:
            cells = []
            for sigma in report.plan.sweep:
                one = summarise(report.at(sigma), system, load.name)
                cells.append(f"{_pc(one.recall_1)} ({_pc(one.false_hard)} false)")
            rows.append([f"{system}, {load.name} events", *cells])
    return _grid(["", *(f"sigma {sigma:g}" for sigma in report.plan.sweep)], rows)


def _clips(clips: ClipResults) -> list[str]:
    sizes = ", ".join(str(size) for size in clips.shown)
    rows = []
    for row in clips.rows:
        ratio = row.of_unlimited
        low, high = _pc(ratio, "low"), _pc(ratio, "high")
        recalls = [f"{100 * one.value:.1f}" for one in (row.at_time, row.when, row.both)]
        rows.append([row.system, f"{row.entries:.0f}", *recalls, f"{_pc(ratio)} [{low}-{high}]"])
    title = f"real clips: {clips.clips}, joined into sessions of {sizes} things shown"
    names = ["system", "entries", "at a time", "when", "both", "of unlimited"]
    return [title, *_grid(names, rows)]


def _grid(header: list[str], rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[at]) for row in [header, *rows]) for at in range(len(header))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
    first = "  ".join(cell.ljust(w) for cell, w in zip(header, widths, strict=True))
    return [first.rstrip(), "-" * len(first.rstrip()), *(line.rstrip() for line in lines)]


def as_json(report: Report) -> Any:
    """Everything, with the sizes and seeds that made it; what is not a number is null."""
    rows = report.at(SIGMA)
    return _finite(
        {
            "machine": dict(report.machine),
            "took_s": round(report.seconds, 1),
            "plan": asdict(report.plan),
            "bank": {
                "concepts": CONCEPTS,
                "dim": DIM,
                "held_out_share": HELD_OUT_SHARE,
                "candidates": CANDIDATES,
                "seed": BANK_SEED,
                "sigma": SIGMA,
            },
            "goals": [asdict(goal) for goal in report.goals()],
            "systems": {
                f"{system}/{load}": asdict(one)
                for (system, load), one in report.summaries().items()
            },
            "by_age": {name: _points(by_age(rows, name)) for name in report.systems},
            "ece_by_age": {
                name: {bucket: [error, n] for bucket, error, n in ece_by_age(rows, name)}
                for name in report.systems
            },
            "by_intervening": {
                name: _points(by_intervening(rows, name)) for name in report.systems
            },
            "reliability": {
                f"{name}/{load}": [asdict(held) for held in diagram(rows, name, load)]
                for name in report.systems
                for load in (EVENTS_64, OVERLOAD)
            },
            "sweep": {
                f"{name}/{load.name}/{sigma:g}": asdict(
                    summarise(report.at(sigma), name, load.name).recall_1
                )
                for name in SWEPT
                if name in report.systems
                for load in report.plan.loads
                for sigma in report.plan.sweep
            },
            "cost": None if report.cost is None else asdict(report.cost),
            "rewording": None if report.rewording is None else asdict(report.rewording),
            "clips": None if report.clips is None else asdict(report.clips),
            "sizes": [asdict(size) for size in report.results.sizes],
        }
    )


def _points(curve: list[tuple[str, Estimate]]) -> dict[str, Any]:
    return {name: asdict(estimate) for name, estimate in curve}


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 5) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value
