"""`client.py BASE_URL SCENARIO`: one conformance scenario with the Python SDK, one line of JSON.

    basic      create, send 20 half seconds of silence, the first with a picture, end
    resume     the same; the socket is cut abruptly after the 8th durable chunk
    supersede  a second connection takes the session; the first one's close code
    bad        a binary message that is not MessagePack; the close code
    ask        a question to a finished session; the answer's state
    names      teach a name, list, ask by picture, read the words, forget; forget again

{"ok": true, …} and exit status 0, or {"ok": false, "error": …} and 1. An API key comes from
TTM_API_KEY.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from ttm_client import Client, MediaChunk, Session, StreamProgress, streaming
from ttm_protocol.errors import Superseded, ThingNotFound, outcome_of
from ttm_protocol.messages import SUBPROTOCOL, Picture

CHUNKS, CHUNK_S = 20, 0.5
CUT_AFTER = 8
SILENCE = bytes(16_000)  # half a second: 8,000 samples of two bytes
WITHIN_S = 60.0
QUESTION = "What did you see?"


def chunks(count: int = CHUNKS) -> Iterator[MediaChunk]:
    picture = Picture(0.0, (Path(__file__).parent / "picture.jpg").read_bytes())
    for number in range(count):
        pictures = (picture,) if number == 0 else ()
        yield MediaChunk(number * CHUNK_S, CHUNK_S, pictures, SILENCE)


async def basic(_client: Client, session: Session) -> dict[str, Any]:
    done = await session.stream(chunks())
    info = await session.info()
    assert (done.durable, done.applied) == (info.durable_seq, info.applied_seq)
    return {"durable": info.durable_seq, "applied": info.applied_seq}


async def resume(_client: Client, session: Session) -> dict[str, Any]:
    sockets: list[ClientConnection] = []
    cut: list[int] = []

    class Remembered(connect):
        async def __aenter__(self) -> ClientConnection:
            sockets.append(await super().__aenter__())
            return sockets[-1]

    def cutting(progress: StreamProgress) -> None:
        if progress.durable >= CUT_AFTER and not cut:
            cut.append(progress.durable)
            sockets[-1].transport.abort()

    streaming.connect = Remembered
    done = await session.stream(chunks(), on_progress=cutting)
    info = await session.info()
    assert cut
    assert info.gaps == ()
    return {
        "durable": info.durable_seq,
        "applied": info.applied_seq,
        "reconnects": done.reconnects,
    }


async def supersede(client: Client, session: Session) -> dict[str, Any]:
    begun, over = asyncio.Event(), threading.Event()

    def first() -> Iterator[MediaChunk]:
        yield from chunks(2)
        over.wait(WITHIN_S)

    def progress(now: StreamProgress) -> None:
        if now.durable >= 2:
            begun.set()

    async def second() -> None:
        await begun.wait()
        await client.session(session.id).stream(chunks(1))

    try:
        first_stream = asyncio.create_task(session.stream(first(), on_progress=progress))
        second_stream = asyncio.create_task(second())
        try:
            await first_stream
        except Superseded as error:
            code = outcome_of(error).close_code
        await second_stream
    finally:
        over.set()
    return {"code": code}


async def bad(client: Client, session: Session) -> dict[str, Any]:
    """The SDK sends no such thing, so this goes over a bare socket."""
    url = f"ws{client.base_url.removeprefix('http')}/v1/sessions/{session.id}/stream"
    async with connect(url, subprotocols=[SUBPROTOCOL], proxy=None) as socket:  # type: ignore[list-item]
        ticket = await client.ticket(session.id)
        await socket.send(json.dumps({"type": "start", "ticket": ticket, "media": "chunks"}))
        await socket.recv()  # ready
        try:
            await socket.send(b"\xc1 this is no MessagePack")
            while True:
                await socket.recv()
        except ConnectionClosed as closed:
            return {"code": 0 if closed.rcvd is None else closed.rcvd.code}


async def ask(_client: Client, session: Session) -> dict[str, Any]:
    await session.stream(chunks())
    answer = await session.ask(QUESTION)
    assert answer.question == QUESTION
    assert answer.as_of_seq == CHUNKS
    return {"state": answer.state}


async def names(_client: Client, session: Session) -> dict[str, Any]:
    await session.stream(chunks(4))
    taught = await session.teach("my cup", since_s=0.5)
    held = [thing.name for thing in (await session.things()).things]
    picture = Path(__file__).parent / "picture.jpg"
    answer = await session.ask("When did you see this?", picture=picture)
    words = await session.words(since_s=0.5)
    await session.forget("my cup")
    try:
        await session.forget("my cup")
    except ThingNotFound as error:
        code = outcome_of(error).code
    return {
        "taught": [taught.name, taught.start_s, taught.end_s],
        "held": held,
        "answer": answer.answer,
        "words_until_s": words.words_until_s,
        "again": code,
    }


Scenario = Callable[[Client, Session], Awaitable[dict[str, Any]]]
SCENARIOS: dict[str, Scenario] = {
    "basic": basic,
    "resume": resume,
    "supersede": supersede,
    "bad": bad,
    "ask": ask,
    "names": names,
}


async def run(base_url: str, name: str) -> dict[str, Any]:
    async with (
        asyncio.timeout(WITHIN_S),
        Client(base_url, os.environ.get("TTM_API_KEY")) as client,
        client.session(temporary=True) as session,
    ):
        return await SCENARIOS[name](client, session)


def main() -> int:
    if len(sys.argv) != 3 or sys.argv[2] not in SCENARIOS:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    try:
        print(json.dumps({"ok": True} | asyncio.run(run(*sys.argv[1:]))))
    except Exception as error:
        print(json.dumps({"ok": False, "error": f"{type(error).__name__}: {error}"}))
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
