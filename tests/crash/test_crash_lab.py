"""The crash laboratory, short: real processes killed, stopped and cut off by a seeded plan."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crash.controls import FULL, NO_FENCE, NO_FENCE_NO_POSITION
from crash.judge import table
from crash.laboratory import Options, run
from crash.plan import KINDS, make_plan
from crash.processes import TESTS
from crash.stale_commit import stale_commit

SEED = int(os.environ.get("CRASH_SEED", "7"))


async def test_nothing_is_lost_or_applied_twice_whatever_dies(tmp_path: Path) -> None:
    least = {
        "kill_worker": 12,
        "kill_server": 2,
        "kill_gateway": 1,
        "hold_commit": 4,
        "duplicate": 6,
        "end": 24,
    }
    options = Options(folder=tmp_path, seconds=14, seed=SEED, rate=12.0, least=least)
    verdict = await run(options)
    print(json.dumps(verdict, indent=1))
    assert verdict["broken"] == [], table(verdict)
    assert verdict["wrong_sessions"] == 0
    for kind, count in least.items():
        # One that has nothing to commit is not held.
        assert verdict["faults"][kind] >= (1 if kind == "hold_commit" else count)
    assert verdict["commits_refused_by_fence"] >= 1
    assert verdict["superseded"] >= 1
    assert verdict["flushes"] >= verdict["sessions"]
    # `everysec` may lose what was acknowledged just before the server's SIGKILL, nothing older.
    assert verdict["durable_lost_against_promise"] == 0
    assert verdict["chunks_applied"] > 200
    assert verdict["recovery"]["all"]["count"] >= 1


async def test_control_without_fence_and_position_is_found_wrong(tmp_path: Path) -> None:
    """The same laboratory must find it when COMMIT lets everybody in."""
    options = Options(
        folder=tmp_path,
        seconds=5,
        seed=SEED,
        sessions=6,
        sdk_sessions=0,
        control=NO_FENCE_NO_POSITION,
        least={"hold_commit": 4, "export": 10},
        only=frozenset({"hold_commit", "export"}),
        quiet_s=4.0,
    )
    verdict = await run(options)
    print(json.dumps(verdict, indent=1))
    assert verdict["wrong_sessions"] > 0, table(verdict)


@pytest.mark.parametrize(
    ("control", "story", "holds"),
    [
        (FULL, "replaced", True),
        (FULL, "taken_over", True),
        # What the fence alone holds: an imported memory whose position has not moved.
        (NO_FENCE, "replaced", False),
        # A plain fold is held by the position too: two guards, of which each is enough.
        (NO_FENCE, "taken_over", True),
        (NO_FENCE_NO_POSITION, "taken_over", False),
    ],
)
async def test_a_zombie_commits_after_it_was_replaced(
    tmp_path: Path, control: str, story: str, holds: bool
) -> None:
    wrong = await stale_commit(tmp_path, control, story)  # type: ignore[arg-type]
    assert (wrong == []) is holds, wrong


def test_a_plan_is_a_function_of_its_seed() -> None:
    plan = make_plan(SEED, 60.0, {"kill_worker": 100})
    assert plan == make_plan(SEED, 60.0, {"kill_worker": 100})
    assert plan != make_plan(SEED + 1, 60.0, {"kill_worker": 100})
    assert sum(fault.kind == "kill_worker" for fault in plan) == 100
    assert {fault.kind for fault in plan} == set(KINDS)
    assert all(0 <= fault.at_s <= 60 for fault in plan)


@pytest.mark.skipif(sys.platform != "linux", reason="parent-death signals exist on Linux only")
def test_no_process_outlives_a_killed_laboratory(tmp_path: Path) -> None:
    laboratory = subprocess.Popen(
        [sys.executable, "-m", "crash.soak", "--seconds", "60", "--folder", str(tmp_path)],
        cwd=TESTS,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _until(lambda: len(list(tmp_path.glob("worker-*.journal"))) >= 3)
        children = _children(laboratory.pid)
        assert len(children) >= 6  # a store server, two gateways, three workers
        os.kill(children[-1], signal.SIGSTOP)
    finally:
        laboratory.kill()
        laboratory.wait()
    _until(lambda: not any(_alive(pid) for pid in children))


def _children(parent: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(path.parent.name))
    return sorted(found)


def _alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def _until(condition: object) -> None:
    until_s = time.monotonic() + 30.0
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < until_s
        time.sleep(0.05)
