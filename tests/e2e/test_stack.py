"""The whole stack as separate processes with the real model: stream, crash, ask, delete."""

import asyncio
import contextlib
import itertools
import json
import signal

import httpx
import msgspec
import pytest
import websockets

from ttm_client import Client, FileSource, stream
from ttm_server.cli.children import Children
from ttm_server.cli.supervisor import running_stack
from ttm_server.config import Settings

CLIP_CHUNKS = 60  # the first half minute of the demo clip


@pytest.fixture(scope="module")
def chunks():
    from importlib.resources import as_file, files

    with as_file(files("ttm_client.demo") / "clip.mp4") as clip:
        return list(itertools.islice(FileSource(clip), CLIP_CHUNKS))


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"), port=0)
    variables = {"TTM_THREADS": "1", "TTM_LEASE_TTL_S": "1", "TTM_LOG_LEVEL": "warning"}
    with running_stack(settings, workers=1, **variables) as running:
        yield running


async def streamed(client, chunks, **options):
    sid = (await client.create_session())["session_id"]
    await stream(client, sid, iter(chunks), speed=None, **options)
    return sid


async def until_closed(socket):
    """Every message up to the close, whatever its code."""
    messages = []
    with contextlib.suppress(websockets.ConnectionClosed):
        while True:
            messages.append(json.loads(await socket.recv()))
    return messages


async def test_what_was_streamed_is_answered_with_evidence_and_deleted_for_good(stack, chunks):
    async with Client(stack.base_url) as client:
        events = []
        sid = await streamed(client, chunks, on_event=events.append)
        info = await client.session(sid)
        assert (info["applied_seq"], info["durable_seq"]) == (CLIP_CHUNKS, CLIP_CHUNKS)
        assert info["status"] == "ended"
        assert info["gaps"] == []
        assert info["memory"]["tokens"] == 60
        answer = await client.ask(sid, "When did you see a macaw?")
        assert answer["state"] == "answered"
        assert answer["evidence"][0]["label"] == "macaw"
        assert abs(answer["when"]["start_s"] - 9.8) <= 1.5
        assert answer["as_of_seq"] == CLIP_CHUNKS
        assert any(event.label == "macaw" for event in events)
        timeline = await client.timeline(sid)
        assert set(timeline["events"][0]) == {
            *("label", "name", "modality", "start_s", "end_s", "score", "count", "slot"),
            *("text", "box", "colours"),
        }
        assert "ROOM 42" in {event["text"] for event in timeline["events"]}
        await client.delete(sid)
        async with httpx.AsyncClient(base_url=stack.base_url, trust_env=False) as http:
            assert (await http.get(f"/v1/sessions/{sid}")).status_code == 404


async def test_a_conversation_leans_on_the_question_before(stack, chunks):
    async with Client(stack.base_url) as client:
        sid = await streamed(client, chunks)
        first = await client.ask(sid, "What did you see before the castle?", conversation="c1")
        assert first["evidence"][0]["label"] == "macaw"
        assert "understood" not in first
        then = await client.ask(sid, "And before that?", conversation="c1")
        assert then["evidence"][0]["label"] == "espresso"
        alone = await client.ask(sid, "And before that?", conversation="another")
        assert alone["state"] == "cannot_tell"


async def test_a_killed_worker_changes_no_answer(stack, chunks):
    """SIGKILL in mid-stream, another worker goes on: the memory is the same, value for value."""
    async with Client(stack.base_url) as client:
        undisturbed = await client.timeline(await streamed(client, chunks))
        killed = 0

        def kill_twice(progress):
            nonlocal killed
            if killed < 2 and progress.applied >= 15 * (killed + 1):
                killed += 1
                worker = stack.children.members[-1]
                worker.process.send_signal(signal.SIGKILL)
                worker.process.wait()
                worker.start()

        sid = await streamed(client, chunks, on_progress=kill_twice)
        assert killed == 2
        assert await client.timeline(sid) == undisturbed
        assert (await client.session(sid))["gaps"] == []


async def test_a_lost_connection_is_resumed_where_the_server_says(stack, chunks):
    """The gateway is killed in mid-stream; the client reconnects and resends what is needed."""
    gateway = stack.children.members[0]
    killed = False

    def kill_once(progress):
        nonlocal killed
        if not killed and progress.durable >= 10:
            killed = True
            gateway.process.send_signal(signal.SIGKILL)
            gateway.process.wait()
            gateway.start()

    async with Client(stack.base_url) as client:
        sid = (await client.create_session())["session_id"]
        result = await stream(client, sid, iter(chunks), speed=None, on_progress=kill_once)
        assert killed
        assert result.reconnects >= 1
        info = await client.session(sid)
        assert info["applied_seq"] == CLIP_CHUNKS
        assert info["gaps"] == []


async def test_an_outside_client_written_from_the_protocol_page_works(stack, chunks):
    """Plain websockets, httpx and msgpack: nothing of ours on the client's side."""
    async with httpx.AsyncClient(base_url=stack.base_url, trust_env=False, timeout=60) as http:
        created = (await http.post("/v1/sessions", json={})).json()
        assert set(created) == {"session_id", "ticket", "ticket_expires_s", "stream_url"}
        url = f"ws{stack.base_url[4:]}/v1/sessions/{created['session_id']}/stream"
        async with websockets.connect(url, subprotocols=["ttm.v1"], proxy=None) as socket:
            assert socket.subprotocol == "ttm.v1"
            start = {"type": "start", "ticket": created["ticket"], "media": "chunks"}
            await socket.send(json.dumps(start))
            ready = json.loads(await socket.recv())
            assert ready["type"] == "ready"
            assert ready["next_seq"] == 1
            assert ready["credits"] > 0
            for seq, chunk in enumerate(chunks[8:20], start=1):
                video = [{"t": p.t - 4.0, "data": p.data} for p in chunk.pictures]
                body = {"seq": seq, "t": chunk.t - 4.0, "d": chunk.d, "video": video}
                await socket.send(msgspec.msgpack.encode(body | {"audio": chunk.audio}))
            await socket.send(json.dumps({"type": "end"}))
            messages = await until_closed(socket)
        assert socket.close_code == 1000
        acks = [message for message in messages if message["type"] == "ack"]
        assert (acks[-1]["durable"], acks[-1]["applied"]) == (12, 12)
        path = f"/v1/sessions/{created['session_id']}"
        answer = (
            await http.post(f"{path}/questions", json={"question": "Did you see a cup of coffee?"})
        ).json()
        assert set(answer) == {
            "question", "state", "answer", "confidence", "when", "evidence", "alternatives",
            "as_of_seq", "as_of_s", "coverage_since_s", "gaps", "words_until_s",
        }  # fmt: skip
        assert answer["state"] == "answered"
        assert (await http.delete(path)).status_code == 204


async def test_bad_input_is_refused_clearly_and_costs_nothing(stack, chunks):
    async with httpx.AsyncClient(base_url=stack.base_url, trust_env=False, timeout=60) as http:
        created = (await http.post("/v1/sessions", json={})).json()
        path = f"/v1/sessions/{created['session_id']}"
        url = f"ws{stack.base_url[4:]}{path}/stream"
        good = chunks[10]
        body = {
            "seq": 1,
            "t": 0.0,
            "d": 0.5,
            "video": [{"t": 0.0, "data": good.pictures[0].data[:400]}],
            "audio": good.audio,
        }
        async with websockets.connect(url, subprotocols=["ttm.v1"], proxy=None) as socket:
            await socket.send(json.dumps({"type": "start", "ticket": created["ticket"]}))
            await socket.recv()
            await socket.send(msgspec.msgpack.encode(body))  # a truncated JPEG: one gap
            await socket.send(msgspec.msgpack.encode(body | {"seq": 5, "video": []}))
            messages = await until_closed(socket)
        assert socket.close_code == 4400
        assert "2" in messages[-1]["message"]
        async with asyncio.timeout(30):
            while (info := (await http.get(path)).json())["applied_seq"] < 1:
                await asyncio.sleep(0.1)
        assert [gap["reason"] for gap in info["gaps"]] == ["bad_picture"]
        async with websockets.connect(url, subprotocols=["ttm.v1"], proxy=None) as socket:
            await socket.send(json.dumps({"type": "start", "ticket": created["ticket"]}))
            await until_closed(socket)
        assert socket.close_code == 4401
        for question, status in (("", 422), ("x" * 100_000, 422), ("x" * 1_000_000, 413)):
            response = await http.post(f"{path}/questions", json={"question": question})
            assert response.status_code == status
            assert "Traceback" not in response.text


def test_the_stack_ends_every_process_it_started(tmp_path):
    settings = Settings(data_dir=tmp_path / "data", port=0)
    with running_stack(settings, workers=1, TTM_LOG_LEVEL="warning") as running:
        processes = [child.process for child in running.children.members]
    assert all(process.poll() is not None for process in processes)


def test_a_child_that_ends_is_started_again():
    children = Children()
    children.add("quick", "this", {})
    try:
        process = children.members[0].process
        process.wait(20)
        assert children.restart_ended() == [("quick", 0)]
        for _ in range(200):
            children.restart_ended()
            if children.members[0].process is not process:
                break
            process.poll()
            import time

            time.sleep(0.05)
        assert children.members[0].process is not process
    finally:
        children.stop()
