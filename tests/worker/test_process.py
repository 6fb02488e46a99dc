"""Worker processes: an orderly end, a quick end, and the end of who started them."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ttm_server.worker.running import EXIT_HUNG
from worker.fleet import Fleet
from worker.streams import chunk, expected, send, until_applied

LEASE_S = 120.0  # nobody can wait for it to run out in here


@pytest.fixture
def settings(settings):
    return settings.model_copy(
        update={
            "lease_ttl_s": LEASE_S,
            "input_capacity_chunks": 64,
            "commit_every_steps": 64,
            "commit_every_s": 60.0,
        }
    )


@pytest.fixture
def clean_server(clean_valkey):
    return clean_valkey


async def streams(store, count, chunks):
    sessions = []
    for _ in range(count):
        sid = (await store.create_session()).session_id
        opened = await store.open_stream(sid)
        await send(store, sid, opened, [chunk(seq) for seq in range(1, chunks + 1)])
        sessions.append((sid, opened))
    return sessions


async def until_owned(raw, sids):
    async with asyncio.timeout(60):
        while not all(raw.exists(f"ttm:{{{sid}}}:lease") for sid in sids):
            await asyncio.sleep(0.02)


async def until_stepping(log):
    async with asyncio.timeout(60):
        while b"stepping" not in log.read_bytes():
            await asyncio.sleep(0.02)


async def ended(process):
    return await asyncio.to_thread(process.wait, 60)


async def test_a_drained_worker_commits_and_hands_over_at_once(store, raw, settings, tmp_path):
    with Fleet(store_url(raw), settings, tmp_path / "log", step_s=0.02, events=0) as fleet:
        fleet.start()
        sessions = await streams(store, 4, 60)
        sids = [sid for sid, _ in sessions]
        await until_owned(raw, sids)
        fleet.processes[0].send_signal(signal.SIGTERM)
        assert await ended(fleet.processes[0]) == 0
        for sid in sids:
            meta = raw.hgetall(f"ttm:{{{sid}}}:meta")
            assert (meta["owner"], meta["fence"]) == ("", "")
            stored = await store.read_state(sid)
            done = int(meta["applied"])
            assert done == 0 or stored.memory == expected(done)
        assert raw.zcard("ttm:leases") == 0
        fleet.start()
        for sid in sids:
            await until_applied(store, sid, 60, 60)


async def test_a_second_signal_ends_a_worker_at_once(store, raw, settings, tmp_path):
    with Fleet(store_url(raw), settings, tmp_path / "log", step_s=600) as fleet:
        process = fleet.start()
        sessions = await streams(store, 1, 3)
        await until_owned(raw, [sid for sid, _ in sessions])
        await until_stepping(tmp_path / "log")
        # The drain waits for the step, so it is only the second signal that can end this.
        process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.5)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert await ended(process) == 128 + signal.SIGTERM


async def test_a_drain_that_hangs_says_where(store, raw, settings, tmp_path):
    log = tmp_path / "log"
    with Fleet(store_url(raw), settings, log, step_s=600, exit_within_s=1.0) as fleet:
        process = fleet.start()
        await streams(store, 1, 3)
        await until_stepping(log)
        process.send_signal(signal.SIGTERM)
        assert await ended(process) == EXIT_HUNG
    said = log.read_text()
    assert "the drain hangs: not over in 1 s" in said
    assert "lab_worker.py" in said.partition("the drain hangs")[2]


SUPERVISOR = """
import os, signal, sys, time
from ttm_server.cli.children import Children
children = Children()
child = children.add("worker", "worker.lab_worker", {})
print(child.process.pid, flush=True)
sys.stdin.readline()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells a process of its parent's end"
)
async def test_a_worker_ends_with_a_supervisor_that_is_killed(store, raw, settings, tmp_path):
    with Fleet(store_url(raw), settings, tmp_path / "log") as fleet:
        supervisor = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", SUPERVISOR),
            env=fleet.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        pid = int(await supervisor.stdout.readline())
        sessions = await streams(store, 1, 3)
        await until_owned(raw, [sid for sid, _ in sessions])
        assert runs(pid)
        supervisor.stdin.write(b"\n")
        assert await supervisor.wait() == -signal.SIGKILL
        supervisor.stdin.close()
        async with asyncio.timeout(60):
            while runs(pid):
                await asyncio.sleep(0.05)
    assert raw.hget(f"ttm:{{{sessions[0][0]}}}:meta", "owner") == ""


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def store_url(raw) -> str:
    return f"redis://127.0.0.1:{raw.connection_pool.connection_kwargs['port']}/0"
