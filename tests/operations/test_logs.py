"""What processes log: one object per line, with ids that lead from one process to the other."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import redis
import websockets

from gateway.harness import Client
from operations.stack import Processes, processes
from servers import free_port
from ttm_server import logs
from ttm_server.config import Settings, secret_texts
from ttm_server.store import EmbeddedServer

KEY, SECOND_KEY = "key-Tulip-4711", "key-Rose-0815"
PASSWORD = "pass/Anemone"
ENCODED = "pass%2FAnemone"
QUESTION = "where is the Chrysanthemum"
FIELDS = {"time", "level", "logger", "message"}


@pytest.fixture
def locked_url(clean_valkey: EmbeddedServer) -> str:
    """The store as a user with a password."""
    with redis.Redis.from_url(clean_valkey.url) as client:
        client.acl_setuser(
            "ops",
            enabled=True,
            reset=True,
            passwords=[f"+{PASSWORD}"],
            keys=["ttm:*"],
            channels=["ttm:*"],
            categories=["+@all"],
        )
    return clean_valkey.url.replace("redis://", f"redis://ops:{ENCODED}@")


async def use(running: Processes) -> tuple[str, list[str]]:
    """Everything that brings a secret in; -> the session, and the tickets."""
    headers = {"Authorization": f"Bearer {KEY}"}
    async with httpx.AsyncClient(base_url=running.base, headers=headers, trust_env=False) as http:
        session = (await http.post("/v1/sessions")).json()
        sid, ticket = session["session_id"], session["ticket"]
        url = session["stream_url"]
        async with websockets.connect(url, proxy=None) as socket:
            client = Client(socket, sid)
            await client.start(ticket)
            await client.send(1)
            await client.expect("ack", durable=1, applied=1)
        body = {"question": QUESTION}
        answer = await http.post(
            f"/v1/sessions/{sid}/questions", json=body, headers={"X-Request-Id": "asked-by-test"}
        )
        assert answer.status_code == 200, answer.text
        assert answer.headers["x-request-id"] == "asked-by-test"
        await http.post(f"/v1/sessions/{sid}/questions", json={"question": QUESTION * 200})
        await http.get("/v1/sessions", headers={"Authorization": "Bearer guess-Violet"})
        await http.get(f"/v1/sessions?ticket={ticket}")
        second = (await http.post(f"/v1/sessions/{sid}/tickets")).json()["ticket"]
        async with websockets.connect(f"{url}?ticket={second}", proxy=None) as socket:
            await socket.send(json.dumps({"type": "start", "ticket": ticket}))  # used already
            assert (await Client(socket, sid).closed())[0] == 4401
    return sid, [ticket, second, ticket.partition(".")[0], second.partition(".")[0]]


async def test_lines_are_objects_with_ids_and_without_secrets(
    locked_url: str, tmp_path: Path
) -> None:
    """At debug level; also a receiver of traces whose address holds a password."""
    receiver = f"http://tracer:pw-Dahlia@127.0.0.1:{free_port()}"
    variables = {
        "TTM_LOG_LEVEL": "debug",
        "TTM_LOG_FORMAT": "json",
        "TTM_API_KEYS": f"{KEY},{SECOND_KEY}",
        "TTM_OTLP_ENDPOINT": receiver,
    }
    async with processes(tmp_path, locked_url, **variables) as running:
        sid, tickets = await use(running)
        assert await running.stop() == {"gateway": 0, "worker": 0}
    told = {name: [json.loads(line) for line in running.lines(name)] for name in running.logs}
    text = "\n".join("\n".join(running.lines(name)) for name in running.logs)
    for secret in (KEY, SECOND_KEY, PASSWORD, ENCODED, QUESTION, "Violet", "Dahlia", *tickets):
        assert secret not in text
    for lines in told.values():
        assert len(lines) > 3
        for line in lines:
            assert set(line) >= FIELDS
            assert line["time"].endswith("+00:00")
    asked = {
        name: [line for line in lines if line.get("request_id") == "asked-by-test"]
        for name, lines in told.items()
    }
    (request,) = [line for line in asked["gateway"] if line["logger"].endswith("requests")]
    assert request["session_id"] == sid
    assert request["message"].startswith("POST /v1/sessions/{session_id}/questions 200 in ")
    (answered,) = [line for line in asked["worker"] if "answered" in line["message"]]
    assert answered["session_id"] == sid
    assert len({line["worker_id"] for line in told["worker"]}) == 1


@pytest.mark.parametrize("module", ["ttm_server.gateway", "worker.lab_worker"])
async def test_a_refused_password_is_not_told(
    module: str, clean_valkey: EmbeddedServer, tmp_path: Path
) -> None:
    url = clean_valkey.url.replace("redis://", "redis://nobody:wrong-Lilac@")
    variables = {"TTM_REDIS_URL": url, "TTM_LOG_LEVEL": "debug", "PYTHONPATH": ":".join(sys.path)}
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", module],
        env=variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    last = json.loads(done.stderr.splitlines()[-1])
    assert "the store cannot be used now" in last["message"]
    assert "Lilac" not in done.stderr + done.stdout


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Configure logs for one test, and read what was written; all is as before afterwards."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    yield lambda: capsys.readouterr().err
    logging.captureWarnings(False)
    root.handlers[:] = before
    root.setLevel(level)


def test_an_exception_stays_in_its_line(written) -> None:
    logs.configure("info", "json", ["hush-hush"])
    with logs.about(request_id="r1", session_id=None):
        try:
            raise ValueError("it said hush-hush")
        except ValueError:
            logging.getLogger("a").exception("two\nlines")
    (line,) = written().splitlines()
    told = json.loads(line)
    assert (told["message"], told["request_id"]) == ("two\nlines", "r1")
    assert "session_id" not in told
    assert "ValueError: it said ***" in told["exception"]


def test_text_carries_the_same(written) -> None:
    logs.configure("info", "text", ["hush-hush"], {"worker_id": "w1"})
    with logs.about(session_id="s1"):
        logging.getLogger("a.b").warning("a %s", "hush-hush")
    assert " WARNING a.b: a *** [worker_id=w1 session_id=s1]\n" in written()


def test_without_a_terminal_it_is_json(written) -> None:
    logs.configure("info", None)
    logging.getLogger("a").info("x")
    assert json.loads(written())["message"] == "x"


def test_every_secret_of_the_settings_is_found() -> None:
    settings = Settings(
        api_keys="one-key,two-key",
        redis_url="redis+sentinel://u:p%40ss@h:1,h:2/main?sentinel_password=other",
        otlp_endpoint="http://u:third@h:4318",
    )
    assert sorted(secret_texts(settings)) == sorted(
        ["one-key", "two-key", "p%40ss", "p@ss", "other", "third"]
    )
    assert secret_texts(Settings(redis_url="redis://h:1/0")) == []


async def test_an_insane_request_id_is_replaced(clean_valkey: EmbeddedServer, settings) -> None:
    from gateway.harness import serving

    async with serving(clean_valkey.url, settings) as gateway:
        for given in ("a b", "x" * 65, "täglich".encode(), ""):
            response = await gateway.http.get("/v1/sessions/x", headers={"X-Request-Id": given})
            made = response.headers["x-request-id"]
            assert len(made) == 16
            assert response.json()["request_id"] == made
