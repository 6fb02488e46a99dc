"""The sizing: its page is what the tool prints, its simulations neither lose nor invent work."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import sizing
from fleet_sizing import day, figures, plan, troubles
from fleet_sizing.cell import Cell
from fleet_sizing.figures import Figures

CONFIG = Path(sizing.__file__).parent / "sizing.toml"
GIVEN, TOLD = figures.read(CONFIG)
EVENTS: dict[str, Callable[[Cell], float]] = {
    "steady": lambda cell: troubles.WARM_S,
    "deploy": troubles.deploy,
    "scale-down": lambda cell: troubles.once(cell, lambda: cell.drain(0, comes_back=False)),
    "death": lambda cell: troubles.once(cell, lambda: cell.kill(0)),
    "failover": lambda cell: troubles.once(cell, cell.fail_over),
}


def test_the_page_is_what_the_tool_prints() -> None:
    assert sizing.PAGE.read_text(encoding="utf-8") == sizing.sized(CONFIG, sizing.SIZES, 0)


def test_another_size_and_seed_make_another_page(capsys: pytest.CaptureFixture[str]) -> None:
    pages = []
    for seed in ("0", "0", "1"):
        assert sizing.main(["--sizes", "50", "--seed", seed, "--out", "-"]) == 0
        pages.append(capsys.readouterr().out)
    assert pages[0] == pages[1] != pages[2]
    assert "| 50 |" in pages[0]


@pytest.mark.parametrize("event", EVENTS)
def test_every_chunk_is_applied_once_or_waits(event: str) -> None:
    cell = Cell(GIVEN, 4, 12, random.Random(3))
    cell.run(EVENTS[event](cell) + 100.0)
    applied = len(cell.lags)
    assert applied + cell.left == cell.captured
    uncommitted = sum(len(one.uncommitted) for one in cell.sessions)
    # Each fold is in committed memory, waits for a commit, or was lost with its worker.
    assert cell.folds == applied + uncommitted + cell.refolded
    assert (cell.refolded > 0) == (event == "death")
    cost = GIVEN.fold_core_s * GIVEN.chunk_s
    assert cell.busy_core_s == pytest.approx(cell.folds * cost)
    assert cell.captured == pytest.approx(12 * cell.now_s / GIVEN.chunk_s, abs=12)
    assert cell.left < 12 * 8  # all has settled
    captures = sorted(round(at_s - lag_s, 6) for at_s, lag_s in cell.lags)
    assert len(set(captures)) == len(captures)
    assert min(lag_s for _, lag_s in cell.lags) > 0


@pytest.mark.parametrize("event", EVENTS)
def test_no_worker_owns_more_than_it_can_fold(event: str) -> None:
    cell = Cell(GIVEN, 4, 20, random.Random(3))
    until_s = EVENTS[event](cell) + 60.0
    at_s = 1.0
    while at_s < until_s:
        cell.run(at_s)
        owners = [one.owner for one in cell.sessions]
        assert all(owners.count(number) <= GIVEN.worker_sessions for number in range(4))
        at_s += 1.0


def test_lags_are_those_of_what_happens() -> None:
    late = troubles.simulate(GIVEN, 6, 30.0, 1)
    assert late.steady.worst < late.death.worst
    assert late.death.worst > GIVEN.lease_s
    assert late.failover.worst > GIVEN.failover_s
    assert late.steady.median <= late.steady.p95 <= late.steady.worst
    assert late.unbounded.worst > late.steady.worst


def test_a_worker_with_more_than_it_can_fold_falls_behind() -> None:
    most = GIVEN.worker_sessions
    behind = []
    for sessions in (most - 1, 2 * most):
        cell = Cell(GIVEN, 1, sessions, random.Random(1), most=sessions)
        cell.run(120.0)
        behind.append(cell.left / cell.captured)
    assert behind[0] < 0.05 < 0.3 < behind[1] < 0.6


def test_a_day_adds_up() -> None:
    one = day.simulate(GIVEN, 500, np.random.default_rng(1))
    assert 0 < one.live_mean < one.live < 500
    assert one.idle_in_store < one.idle <= 500
    assert one.moves_in > 0
    assert one.moves_out == pytest.approx(one.moves_in, rel=0.2)
    # So many visits a day as the figures want, fewer where one would begin in another.
    assert one.visits == pytest.approx(500 * GIVEN.visits_per_day, rel=0.1)
    length_s = GIVEN.visit_median_s * np.exp(GIVEN.visit_spread**2 / 2)
    mean = 500 * GIVEN.visits_per_day * length_s / day.DAY_S
    assert one.live_mean == pytest.approx(mean, rel=0.15)


def test_without_tiering_nothing_moves() -> None:
    never = replace(GIVEN, tier_after_s=1e9)
    one = day.simulate(never, 300, np.random.default_rng(1))
    assert (one.moves_out, one.moves_in, one.moves_per_s) == (0, 0, 0.0)
    assert one.idle_in_store == one.idle


def test_more_sessions_need_more_of_everything() -> None:
    plans = [
        plan.plan(GIVEN, day.simulate(GIVEN, size, np.random.default_rng(1)))
        for size in (200, 2_000, 50_000)
    ]
    for less, more in itertools.pairwise(plans):
        for name in ("cores", "workers", "gateways", "shards", "store_gb", "in_gbit"):
            assert getattr(less, name) <= getattr(more, name)
        assert less.store_gb < less.untiered_gb
    assert plans[-1].used["`TTM_MAX_SESSIONS`, by default"] == 5.0


def test_figures_that_are_missing_or_unknown_are_named(tmp_path: Path) -> None:
    text = CONFIG.read_text(encoding="utf-8")
    changed = tmp_path / "sizing.toml"
    changed.write_text(text.replace("[lease_s]", "[leese_s]"), encoding="utf-8")
    with pytest.raises(ValueError, match="lease_s, leese_s"):
        figures.read(changed)
    changed.write_text(re.sub(r"\[lease_s\]\nvalue = 5", "[lease_s]\nvalue = 0", text))
    with pytest.raises(ValueError, match="lease_s: a positive value"):
        figures.read(changed)
    assert all(one.how for one in TOLD.values())
    assert isinstance(GIVEN, Figures)
