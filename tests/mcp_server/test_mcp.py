"""`ttmserve mcp` as an agent meets it: the official SDK's client, stdio, a real gateway."""

import asyncio
import base64
import os
import sys

import httpx
import pytest
from mcp import Client as Agent
from mcp import StdioServerParameters
from pydantic import SecretStr

from client.test_session import answering
from client.test_streaming import source
from gateway.harness import FakeWorker, png, serving
from ttm_client import Client
from ttm_server.gateway.examples import EXAMPLES
from ttm_server.store import Reply

KEY = "a-key-of-the-test"


@pytest.fixture
async def gateway(clean_valkey, settings):
    keyed = settings.model_copy(update={"api_keys": (SecretStr(KEY),)})
    async with serving(
        clean_valkey.url, keyed, headers={"Authorization": f"Bearer {KEY}"}
    ) as served:
        yield served


def agent(url, key=KEY):
    command = [sys.executable, "-m", "ttm_server.cli", "mcp", "--url", url]
    environment = os.environ | ({"TTM_API_KEY": key} if key else {})
    return Agent(
        StdioServerParameters(command=command[0], args=command[1:], env=environment),
        read_timeout_seconds=60,
    )


def text(result):
    return " ".join(part.text for part in result.content)


async def test_an_agent_lists_asks_and_looks(gateway, tmp_path):
    async with (
        Client(gateway.base, KEY) as client,
        client.session() as session,
        FakeWorker(gateway.store, session.id) as worker,
        agent(gateway.base) as asking,
    ):
        answering(worker)
        await session.stream(source(5))
        tools = {tool.name: tool for tool in (await asking.list_tools()).tools}
        reading = {"get_timeline", "get_summary", "get_words"}
        assert set(tools) == {"list_sessions", "ask_memory", *reading}
        for tool in tools.values():
            assert len(tool.description) > 40
            assert tool.output_schema["type"] == "object"
            assert tool.output_schema["description"]
            assert tool.annotations.read_only_hint
        wanted = tools["ask_memory"].input_schema
        about = {"since_s", "until_s", "picture"}
        assert set(wanted["properties"]) == {"session_id", "question", *about}
        assert set(wanted["required"]) == {"session_id", "question"}
        assert all(one.get("description") for one in wanted["properties"].values())

        async with client.session() as newer:
            listed = (await asking.call_tool("list_sessions", {})).structured_content
            assert [one["session_id"] for one in listed["sessions"]] == [newer.id, session.id]
            few = await asking.call_tool("list_sessions", {"limit": 1})
            assert len(few.structured_content["sessions"]) == 1
            assert few.structured_content["total"] == 2
        assert listed["sessions"][1]["media_s"] == 2.5
        assert listed["sessions"][1]["status"] == "ended"

        question = {"session_id": session.id, "question": "What rang?", "since_s": 0.5}
        answer = await asking.call_tool("ask_memory", question)
        assert not answer.is_error
        assert answer.structured_content["state"] == "answered"
        assert answer.structured_content["answer"] == "A bell rang twice."
        assert answer.structured_content["when"]["start_s"] == 1.0
        assert answer.structured_content["evidence"][0]["label"] == "bell"
        assert "A bell rang twice." in text(answer)  # also for agents that read only text
        assert worker.asked[-1]["since_s"] == 0.5

        held = await asking.call_tool("get_timeline", {"session_id": session.id})
        assert [one["label"] for one in held.structured_content["events"]] == ["bell"]
        assert held.structured_content["coverage_since_s"] == 0.5

        window = {"session_id": session.id, "since_s": 0.5, "until_s": 2}
        told = await asking.call_tool("get_summary", window)
        assert told.structured_content["text"] == "A bell rang twice."
        assert told.structured_content["stretches"][0]["items"][0]["count"] == 2
        assert worker.asked[-1] == {"since_s": 0.5, "until_s": 2.0}

        file = tmp_path / "cup.png"
        file.write_bytes(png(8, 6))
        answer = await asking.call_tool("ask_memory", question | {"picture": str(file)})
        assert not answer.is_error
        assert base64.b64decode(worker.asked[-1]["picture"]) == file.read_bytes()
        refused = await asking.call_tool("ask_memory", question | {"picture": __file__})
        assert refused.is_error
        assert "JPEG, PNG or WebP" in text(refused)

        worker.reply = lambda ask_id, _: Reply(ask_id=ask_id, body=EXAMPLES["Words"])
        words = (await asking.call_tool("get_words", window)).structured_content
        assert [one["text"] for one in words["words"]] == ["where is the cup", "EXIT"]
        assert words["words_until_s"] == 126.0


async def test_what_goes_wrong_is_plain_text_for_the_agent(gateway):
    async with agent(gateway.base) as asking:
        for tool, arguments, told in (
            ("get_timeline", {"session_id": "nowhere"}, "no such session"),
            ("ask_memory", {"session_id": "nowhere", "question": "What?"}, "no such session"),
            ("ask_memory", {"session_id": "x", "question": "What?", "since_s": -1}, "since_s"),
            ("ask_memory", {"session_id": "x"}, "question"),
            ("get_summary", {"session_id": "x" * 26, "since_s": 2, "until_s": 1}, "until_s"),
        ):
            result = await asking.call_tool(tool, arguments)
            assert result.is_error
            assert told in text(result)
            assert "Traceback" not in text(result)
    async with agent(gateway.base, key="") as asking:
        refused = await asking.call_tool("list_sessions", {})
        assert refused.is_error
        assert "key" in text(refused).lower()
        assert KEY not in text(refused)


async def test_a_server_that_is_away_does_not_end_the_mcp_server():
    async with agent("http://127.0.0.1:9") as asking:
        for _ in range(2):
            result = await asking.call_tool("list_sessions", {})
            assert result.is_error
            assert "cannot be reached" in text(result)


async def test_over_http_on_loopback(gateway, unused_port):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ttm_server.cli", "mcp", "--url", gateway.base),
        *("--api-key", KEY, "--http-port", str(unused_port)),
        stderr=asyncio.subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{unused_port}/mcp"
    try:
        async with asyncio.timeout(40), httpx.AsyncClient(trust_env=False) as http:
            from_page = None
            while from_page is None:
                try:
                    from_page = await http.post(address, headers={"Host": "evil.example"}, json={})
                except httpx.ConnectError:
                    await asyncio.sleep(0.1)
            assert from_page.status_code in {403, 421}
        async with Agent(address) as asking:
            listed = await asking.call_tool("list_sessions", {})
            assert listed.structured_content == {"sessions": [], "total": 0}
    finally:
        process.terminate()
        await process.wait()


@pytest.fixture
def unused_port():
    from servers import free_port

    return free_port()
