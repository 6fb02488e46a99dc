"""What a client outside the containers sees: pages, refusals, streams, answers, memories."""

from __future__ import annotations

import hashlib
import json
import ssl
import struct
import urllib.error
import urllib.request
from collections.abc import Callable
from importlib.resources import as_file, files

import websockets

from docker.checks import require
from ttm_client import Client, FileSource, StreamProgress
from ttm_protocol.answers import Answer, from_plain
from ttm_protocol.messages import SUBPROTOCOL
from ttm_server.cli.checking import verdict
from ttm_server.cli.demo import CLIP_NAME, DEMO_PACKAGE, load_questions


def get(url: str, key: str | None = None) -> tuple[int, str]:
    """Status and body of a page, also of an error."""
    context = ssl.create_default_context() if url.startswith("https") else None
    request = urllib.request.Request(url)
    if key:
        request.add_header("Authorization", f"Bearer {key}")
    try:
        with urllib.request.urlopen(request, timeout=20, context=context) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")


def knock(door: str, key: str) -> None:
    """The door lets in whom it should, as a browser and as a program would knock."""
    status, page = get(f"{door}/")
    require(status == 200 and "<html" in page.lower(), "the page comes through the door")
    require(get(f"{door}/v1/sessions")[0] == 401, "without a key nobody comes in")
    require(get(f"{door}/v1/sessions", key)[0] == 200, "with the key one does")
    require(get(f"{door}/metrics")[0] == 404, "metrics are not shown outside")


async def knock_as_a_page(door: str) -> None:
    """A WebSocket passes for a page of the door itself, and for no other page."""
    url = f"wss{door.removeprefix('https')}/v1/sessions/none/stream"
    options = {"subprotocols": [SUBPROTOCOL], "ssl": ssl.create_default_context(), "proxy": None}
    async with websockets.connect(url, origin=door, **options):
        pass
    refused = False
    try:
        async with websockets.connect(url, origin="https://elsewhere.example", **options):
            pass
    except websockets.InvalidStatus as error:
        refused = error.response.status_code == 403
    require(refused, "a page of another origin is refused")


async def streamed(
    client: Client, speed: float | None, told: Callable[[StreamProgress], None] | None = None
) -> tuple[str, StreamProgress]:
    """The demo clip, all of it; its session and how it went."""
    with as_file(files(DEMO_PACKAGE) / CLIP_NAME) as clip:
        async with client.session() as session:
            done = await session.stream(
                FileSource(clip), speed=speed, on_progress=told, give_up_after_s=120.0
            )
            return session.id, done


async def wrong_answers(client: Client, session_id: str) -> tuple[int, list[str]]:
    """How many of the demo's questions were asked, and what was wrong with which answers."""
    questions = load_questions()
    wrong = []
    for question in questions:
        answer = from_plain(await client.ask(session_id, question.question), Answer)
        wrong += [f"{question.question} {fault}" for fault in verdict(question.expect, answer)]
    return len(questions), wrong


async def memory_digest(client: Client, session_id: str) -> str:
    """sha256 of the tensors of a session's exported memory, without what names the session."""
    file = await client.export_memory(session_id)
    (length,) = struct.unpack("<Q", file[:8])
    header = json.loads(file[8 : 8 + length])
    tensors = {name: entry for name, entry in header.items() if name != "__metadata__"}
    digest = hashlib.sha256(json.dumps(tensors, sort_keys=True).encode())
    digest.update(file[8 + length :])
    return digest.hexdigest()
