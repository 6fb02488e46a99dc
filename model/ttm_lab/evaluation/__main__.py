"""`python -m ttm_lab.evaluation`: run the evaluation and write what it measured."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

from ttm_lab.evaluation.clip_recall import measure_clips
from ttm_lab.evaluation.cost import measure_cost
from ttm_lab.evaluation.machine import machine
from ttm_lab.evaluation.measures import by_age, by_intervening, diagram
from ttm_lab.evaluation.plan import EVENTS_64, FULL, LONG, OVERLOAD, SHORT, SIGMA, TINY, Plan
from ttm_lab.evaluation.plots import curves_svg, reliability_svg
from ttm_lab.evaluation.registry import OURS, SYSTEMS, load
from ttm_lab.evaluation.report import Report, as_json, as_text
from ttm_lab.evaluation.rewording import reworded
from ttm_lab.evaluation.rows import Row
from ttm_lab.evaluation.runner import bank, run
from ttm_lab.evaluation.statistics import Estimate, share
from ttm_lab.task.episodes import make_episode
from ttm_lab.training.systems import check_files
from ttm_model.errors import WeightsError

DIAGRAMS = (OURS, "unlimited")
EXTRA_EPISODES = 2  # that rewordings are asked about


def main(arguments: list[str]) -> int:
    """Run, print the tables, write JSON and plots where asked; 2 where something is refused."""
    parser = argparse.ArgumentParser(prog="ttmserve eval", description=__doc__)
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument("--short", action="store_true", help="the default: under five minutes")
    sizes.add_argument("--full", action="store_true", help="more episodes, and 20,000 steps")
    sizes.add_argument("--tiny", action="store_true", help="two episodes: does it run at all")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--plots", type=Path, metavar="DIR")
    parser.add_argument("--systems", metavar="A,B", help=f"of {', '.join(SYSTEMS)}")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--date", help="written into the report; today where not given")
    options = parser.parse_args(arguments)
    base = FULL if options.full else TINY if options.tiny else SHORT
    plan = replace(base, seed=options.seed, workers=options.workers)
    names = tuple(options.systems.split(",")) if options.systems else tuple(SYSTEMS)
    unknown = [name for name in names if name not in SYSTEMS]
    if unknown:
        parser.error(f"--systems: {unknown[0]!r} is not one of {', '.join(SYSTEMS)}")
    try:
        check_files(names)
        report = evaluate(plan, names, options.date)
    except WeightsError as error:
        sys.stderr.write(f"ttmserve eval: {error}\n")
        return 2
    sys.stdout.write(as_text(report))
    if options.json is not None:
        options.json.write_text(json.dumps(as_json(report), indent=1) + "\n", encoding="utf-8")
    if options.plots is not None:
        write_plots(report, options.plots)
    return 0


def evaluate(plan: Plan, names: tuple[str, ...], date: str | None = None) -> Report:
    """Run a plan over the named systems; raises WeightsError where a file is not the pinned one."""
    began_s = time.perf_counter()
    results = run(plan, names, told=_tell)
    ours = OURS in names
    cost = measure_cost(plan.cost_steps, plan.seed) if ours and plan.cost_steps else None
    same = consistency(plan) if ours and plan.rewordings else None
    clips = measure_clips(names, plan.seed) if plan.rewordings else None  # not in a tiny run
    seconds = time.perf_counter() - began_s
    return Report(plan, machine(date), names, results, cost, same, clips, seconds)


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def consistency(plan: Plan) -> Estimate:
    """The share of questions that our memory answers alike in all of five held-out wordings."""
    sights, sounds = bank(SIGMA)
    system = load(OURS)
    groups = []
    for number in range(EXTRA_EPISODES):
        seed = plan.seed * 7919 + 31 + number
        episode = make_episode(sights, sounds, events=64, seconds=240.0, seed=seed, held_out=True)
        memory = system.fold(episode)
        # Held-out patterns are fewer than five of some kinds, so both lists are drawn from.
        for split in ("train", "held_out"):
            count = plan.rewordings // (2 * EXTRA_EPISODES)
            found = reworded(system, memory, episode, count, seed, split)
            groups.append([group.same for group in found])
    return share(groups)


def write_plots(report: Report, folder: Path) -> None:
    """Recall against age and against intervening events, and a reliability diagram."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = report.at(SIGMA)
    # Of one load each: loads mixed in one curve would show their difference as one of age.
    long, busy = _of_load(rows, LONG), _of_load(rows, OVERLOAD)
    age = {name: by_age(long, name) for name in report.systems}
    after = {name: by_intervening(busy, name) for name in report.systems}
    loads = {load.name for load in report.plan.loads}
    diagrams = {
        f"{name}, {events} events": diagram(rows, name, events)
        for name in DIAGRAMS
        if name in report.systems
        for events in (EVENTS_64, OVERLOAD)
        if events in loads
    }
    plots = {
        "recall_by_age": curves_svg(
            "Recall@1 of 500 against age, few events", "age of the event", age
        ),
        "recall_by_intervening": curves_svg(
            "Recall@1 of 500 against what came after, many events", "events since", after
        ),
        "reliability": reliability_svg("Was it there? Stated and true", diagrams),
    }
    for name, text in plots.items():
        (folder / f"{name}.svg").write_text(text, encoding="utf-8")


def _of_load(rows: list[Row], name: str) -> list[Row]:
    """The rows of a load, or all of them where it did not run."""
    return [row for row in rows if row.load == name] or rows


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
