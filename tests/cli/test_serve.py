"""`ttmserve serve` from its start to SIGTERM, and what is left when it is killed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import websockets

from both_sides import Store
from gateway.harness import Client, is_problem
from ttm_server.cli.children import Children
from ttm_server.config import Settings
from ttm_server.store import EmbeddedServer

STOPPING = """
import os, signal, sys, time
def stop(number, frame):
    time.sleep(float(os.environ["SLOW_S"]))
    with open(os.environ["LOG"], "a") as log:
        log.write(os.environ["NAME"] + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
with open(os.environ["LOG"], "a") as log:
    log.write("up\\n")
while True:
    time.sleep(0.05)
"""


@pytest.fixture
def program(tmp_path: Path) -> dict[str, str]:
    """The variables with which the module `stopping` runs."""
    (tmp_path / "stopping.py").write_text(STOPPING)
    return {"PYTHONPATH": str(tmp_path), "LOG": str(tmp_path / "log"), "SLOW_S": "0"}


def lines(program: dict[str, str]) -> list[str]:
    path = Path(program["LOG"])
    return path.read_text().split() if path.exists() else []


def until_up(program: dict[str, str], count: int) -> None:
    until_s = time.monotonic() + 20
    while lines(program).count("up") < count:
        assert time.monotonic() < until_s
        time.sleep(0.02)


def test_a_later_stage_stops_after_an_earlier_one(program: dict[str, str]) -> None:
    children = Children()
    try:
        children.add("worker", "stopping", program | {"NAME": "worker"}, stage=1)
        for name, slow_s in (("gateway-a", "0.5"), ("gateway-b", "0.2")):
            children.add(name, "stopping", program | {"NAME": name, "SLOW_S": slow_s})
        until_up(program, 3)
    finally:
        children.stop()
    assert lines(program)[3:] == ["gateway-b", "gateway-a", "worker"]


def test_a_child_that_does_not_stop_is_killed(program: dict[str, str]) -> None:
    children = Children()
    child = children.add(
        "stuck", "stopping", program | {"NAME": "stuck", "SLOW_S": "60"}, stop_within_s=0.2
    )
    until_up(program, 1)
    children.stop()
    assert child.exit_status == -signal.SIGKILL


@pytest.mark.skipif(sys.platform != "linux", reason="needs PR_SET_PDEATHSIG")
def test_children_end_when_their_parent_is_killed(program: dict[str, str]) -> None:
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import os, time\n"
            "from ttm_server.cli.children import Children\n"
            "children = Children()\n"
            "for name in ('one', 'two'):\n"
            "    child = children.add(name, 'stopping', dict(os.environ, NAME=name))\n"
            "    print(child.process.pid, flush=True)\n"
            "time.sleep(60)\n",
        ],
        env=os.environ | program,
        stdout=subprocess.PIPE,
    )
    assert parent.stdout is not None
    pids = [int(parent.stdout.readline()) for _ in range(2)]
    until_up(program, 2)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until_s = time.monotonic() + 20
    while any(alive(pid) for pid in pids):
        assert time.monotonic() < until_s
        time.sleep(0.02)
    assert sorted(lines(program)[2:]) == ["one", "two"]  # in order: with SIGTERM, not SIGKILL


def alive(pid: int) -> bool:
    """Whether a process runs; one that nobody has waited for yet does not."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


# --- the whole server ----------------------------------------------------------------------------


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`ttmserve serve` as a user starts it, and its address."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("TTM_")}
    variables = {"TTM_LOG_LEVEL": "warning", "TTM_DRAIN_S": "1", "COLUMNS": "200"}
    command = [sys.executable, "-m", "ttm_server.cli", "serve", "--port", "0"]
    process = subprocess.Popen(
        [*command, "--data-dir", str(tmp_path / "data")],
        env=own | variables,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        found, waited = None, ""
        for line in process.stdout:
            if found := re.search(r"ready at (http://\S+)", line):
                break
            waited += line
        assert found is not None
        assert "waiting for a worker: model loading" in waited
        assert httpx.get(f"{found[1]}/readyz", trust_env=False).json() == {"status": "ready"}
        yield process, found[1]
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="finds the embedded server in /proc")
async def test_sigterm_ends_everything_in_order_and_loses_nothing(
    served: tuple[subprocess.Popen[str], str], tmp_path: Path
) -> None:
    process, base = served
    async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=60) as http:
        session = (await http.post("/v1/sessions")).json()
        sid = session["session_id"]
        async with websockets.connect(session["stream_url"], proxy=None) as socket:
            client = Client(socket, sid)
            await client.start(session["ticket"])
            for seq in range(1, 7):
                await client.send(seq)
            async with asyncio.timeout(90):  # the worker loads its model
                while (await http.get(f"/v1/sessions/{sid}")).json()["applied_seq"] < 6:
                    await asyncio.sleep(0.1)
            await copies_go_round(http, sid)
        os.kill(valkey_of(process.pid), signal.SIGKILL)
        async with asyncio.timeout(60):  # it is started again, with all it had
            while True:
                answer = await http.post(f"/v1/sessions/{sid}/tickets")
                if answer.status_code == 201:
                    break
                assert answer.status_code == 503
                await asyncio.sleep(0.1)
        ticket = answer.json()["ticket"]
        async with websockets.connect(session["stream_url"], proxy=None) as socket:
            client = Client(socket, sid)
            assert (await client.start(ticket))["next_seq"] == 7
            for seq in range(7, 10):
                await client.send(seq)
            while (await client.recv()).get("durable", 0) < 9:
                pass
            process.send_signal(signal.SIGTERM)
            assert (await client.expect("goaway"))["time_left_s"] == 1.0
            ready = await http.get("/readyz")
            assert (ready.status_code, ready.json()["code"]) == (503, "restarting")
            code, error = await client.closed()
            assert code == 1012
            assert error is not None
            assert (error["code"], error["retryable"]) == ("restarting", True)
    assert await asyncio.to_thread(process.wait, 60) == 0
    with EmbeddedServer(tmp_path / "data") as server:
        async with await Store.connect(server.url, Settings()) as store:
            info = await store.session(sid)
            assert (info.durable_seq, info.applied_seq, info.status) == (9, 9, "idle")
            # Released: another worker need not wait for a lease to run out.
            assert await store.acquire(sid, "another", 1.0) is not None


def test_sigterm_while_the_model_loads_ends_it_at_once(tmp_path: Path) -> None:
    own = {key: value for key, value in os.environ.items() if not key.startswith("TTM_")}
    command = [sys.executable, "-m", "ttm_server.cli", "serve", "--port", "0"]
    with subprocess.Popen(
        [*command, "--data-dir", str(tmp_path / "data")],
        env=own | {"COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            said = next(line for line in process.stdout if "waiting for a worker" in line)
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
            assert "ready at" not in said + process.stdout.read()
        finally:
            if process.poll() is None:
                process.kill()


def valkey_of(parent: int) -> int:
    """The process id of the embedded server of a supervisor."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            name, _, rest = stat.read_text().partition("(")[2].rpartition(")")
            if "valkey" in name and int(rest.split()[1]) == parent:
                return int(stat.parent.name)
    raise AssertionError("no embedded server")


async def copies_go_round(http: httpx.AsyncClient, sid: str) -> None:
    """The real model's memory: out, in and asked again; a changed layout is refused at once."""
    path = f"/v1/sessions/{sid}"
    exported = await http.get(f"{path}/memory")
    assert exported.headers["ttm-as-of-seq"] == "6"
    kind = {"Content-Type": exported.headers["content-type"]}
    other = f"/v1/sessions/{(await http.post('/v1/sessions')).json()['session_id']}"
    swapped = exported.content.replace(b'"F32"', b'"I32"', 1)
    assert swapped != exported.content
    response = await http.put(f"{other}/memory", content=swapped, headers=kind)
    is_problem(response, 409, "state_incompatible", "memory", "not laid out")
    response = await http.put(f"{other}/memory", content=exported.content, headers=kind)
    assert response.status_code == 200, response.text
    fork = (await http.post(f"{path}/fork")).json()["session_id"]
    timeline = (await http.get(f"{path}/timeline")).json()
    for copy in (other, f"/v1/sessions/{fork}"):
        assert (await http.get(f"{copy}/timeline")).json() == timeline
        again = await http.get(f"{copy}/memory")
        assert again.content.endswith(memory_of(exported.content))


def memory_of(file: bytes) -> bytes:
    return file[8 + int.from_bytes(file[:8], "little") :]
