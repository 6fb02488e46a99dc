"""A worker process and its probes: loading, ready, going away, killed; and what a gateway says."""

import asyncio
import os
import signal

import httpx
import pytest

from gateway.harness import serving
from servers import free_port
from worker.fleet import Fleet
from worker.streams import chunk, send
from worker.test_process import store_url

LOAD_S = 3.0


@pytest.fixture
def clean_server(clean_valkey):
    return clean_valkey


async def answer(http, url):
    try:
        response = await http.get(url)
    except httpx.TransportError:
        return None, {}
    return response.status_code, response.json()


async def until(http, url, wanted):
    async with asyncio.timeout(60):
        while True:
            status, told = await answer(http, url)
            if wanted(status, told):
                return told
            await asyncio.sleep(0.05)


def waits_for(words):
    return lambda status, told: status == 503 and words in str(told.get("waiting_for"))


def is_ready(status, told):
    return status == 200 and told == {"status": "ready"}


async def test_readiness_follows_a_worker_from_its_start_to_its_death(
    store, raw, settings, tmp_path
):
    port = free_port()
    probe, gateway = f"http://127.0.0.1:{port}", "/readyz"
    with Fleet(store_url(raw), settings, tmp_path / "log", load_s=LOAD_S, step_s=600) as fleet:
        fleet.environment["TTM_WORKER_METRICS_PORT"] = str(port)
        async with serving(store_url(raw), settings) as served:
            assert (await answer(served.http, gateway))[1]["waiting_for"] == [
                "a worker: none is running"
            ]
            process = fleet.start()
            await until(served.http, f"{probe}/readyz", waits_for("model loading since"))
            assert await answer(served.http, f"{probe}/healthz") == (200, {"status": "ok"})
            await until(served.http, gateway, waits_for("a worker: model loading since"))
            assert "ttm_worker_ready 0.0" in (await served.http.get(f"{probe}/metrics")).text
            await until(served.http, f"{probe}/readyz", is_ready)
            await until(served.http, gateway, is_ready)
            assert "ttm_worker_ready 1.0" in (await served.http.get(f"{probe}/metrics")).text

            # A step of ten minutes keeps the drain waiting.
            sid = (await store.create_session()).session_id
            await send(store, sid, await store.open_stream(sid), [chunk(1)])
            async with asyncio.timeout(30):
                while b"stepping" not in (tmp_path / "log").read_bytes():
                    await asyncio.sleep(0.02)
            process.send_signal(signal.SIGTERM)
            await until(served.http, f"{probe}/readyz", waits_for("going away since"))
            await until(served.http, gateway, waits_for("all 1 that live are going away"))
            fleet.kill(0)
            await until(served.http, gateway, waits_for("none is running"))  # its beat runs out


async def test_a_drained_worker_takes_its_beat_out(store, raw, settings, tmp_path):
    with Fleet(store_url(raw), settings, tmp_path / "log") as fleet:
        process = fleet.start()
        async with asyncio.timeout(60):
            while not (await store.workers()).ready:
                await asyncio.sleep(0.05)
        (told,) = (await store.workers()).told
        assert (told.preset, told.capacity) == ("lite", settings.max_live_sessions)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 30) == 0
        assert (await store.workers()).told == ()


async def test_a_worker_that_loads_ends_at_once(store, raw, settings, tmp_path):
    with Fleet(store_url(raw), settings, tmp_path / "log", load_s=600) as fleet:
        process = fleet.start()
        async with asyncio.timeout(60):
            while not (await store.workers()).starting:
                await asyncio.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 30) == 0


async def test_a_port_that_is_taken_is_a_clear_error(store, raw, settings, tmp_path):
    listener = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    async with listener:
        with Fleet(store_url(raw), settings, tmp_path / "log") as fleet:
            fleet.environment["TTM_WORKER_METRICS_PORT"] = str(port)
            process = fleet.start()
            assert await asyncio.to_thread(process.wait, 30) == 2
    assert (
        f"worker_metrics_port: cannot listen on 127.0.0.1:{port}" in (tmp_path / "log").read_text()
    )
    assert os.strerror(98) in (tmp_path / "log").read_text()
