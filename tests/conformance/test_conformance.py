"""The Python and the Node SDK do the same to one gateway with one worker."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.harness import serving
from ttm_server.config import Settings

HERE = Path(__file__).parent
PYTHON = [sys.executable, str(HERE / "client.py")]
EXPECTED = {
    "basic": {"durable": 20, "applied": 20},
    "resume": {"durable": 20, "applied": 20},
    "supersede": {"code": 4409},
    "bad": {"code": 4400},
    "ask": {"state": "not_seen"},
    "names": {
        "taught": ["my cup", 0.5, 2.0],
        "held": ["my cup"],
        "answer": "Nothing like that. Not in (120, 160, 3).",
        "words_until_s": 2.0,
        "again": "no_such_thing",
    },
}


@pytest.fixture(scope="module")
def worker(valkey_server):
    """A worker process on the store of all these tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TTM_")}
    environment = kept | {"TTM_REDIS_URL": valkey_server.url, "OMP_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = os.pathsep.join([str(HERE.parent), kept.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        [sys.executable, "-m", "conformance.counting_worker"], env=environment
    )
    yield process
    process.terminate()
    process.wait(20)


async def run(command, base, scenario):
    process = await asyncio.create_subprocess_exec(
        *command, base, scenario, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(90):
            out, errors = await process.communicate()
    except TimeoutError:
        process.kill()
        raise
    return process.returncode, out.decode(), errors.decode()


@pytest.fixture
def python_client():
    return PYTHON


@pytest.fixture
def node_client(node, packages):
    """Node, with what its older versions lack: a WebSocket."""
    return [node, str(HERE / "client.mjs")]


@pytest.mark.parametrize("client", ["python", "node"])
async def test_every_scenario(valkey_server, worker, tmp_path, client, request):
    command = request.getfixturevalue(f"{client}_client")
    async with serving(valkey_server.url, Settings(data_dir=tmp_path)) as gateway:
        for scenario, expected in EXPECTED.items():
            status, out, errors = await run(command, gateway.base, scenario)
            assert status == 0, (scenario, out, errors)
            [line] = out.splitlines()
            result = json.loads(line)
            assert result["ok"] is True
            assert expected.items() <= result.items(), (scenario, result)
            if scenario == "resume" and "reconnects" in result:
                assert result["reconnects"] >= 1
        assert gateway.value("ttm_ws_closes_total", code="4409") == 1
        assert gateway.value("ttm_ws_closes_total", code="4400") == 1
    assert worker.poll() is None


async def test_an_unknown_scenario_is_refused():
    status, _, errors = await run(PYTHON, "http://127.0.0.1:9", "nothing")
    assert status == 2
    assert "supersede" in errors


async def test_a_server_that_is_not_there_is_not_ok():
    status, out, _ = await run(PYTHON, "http://127.0.0.1:9", "basic")
    assert status == 1
    assert json.loads(out)["ok"] is False
