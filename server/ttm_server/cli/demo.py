"""`ttmserve demo`: the demo clip through a whole stack, then questions with known answers.

Everything is real: embedded Valkey, gateway and worker are separate processes, the clip is decoded
and streamed over the WebSocket, and every question goes over REST. The expectations are read only
after the answer is there.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from ttm_client import Client
from ttm_client.files import FileSource
from ttm_protocol.answers import Answer
from ttm_server.cli.checking import Expectation, verdict
from ttm_server.cli.show import STATE_STYLES, evidence_line
from ttm_server.cli.streaming import stream_with_bar
from ttm_server.cli.supervisor import Stack, running_stack
from ttm_server.config import Settings, load_settings

DEMO_PACKAGE = "ttm_client.demo"
CLIP_NAME = "clip.mp4"
EVIDENCE_SHOWN = 2


class DemoQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One question, what is true, and how an answer is checked against it."""

    question: str
    truth: str
    expect: Expectation


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its answer and what is wrong with it (empty: nothing)."""

    question: DemoQuestion
    answer: Answer
    faults: tuple[str, ...]


def load_questions() -> list[DemoQuestion]:
    """The demo's questions from the package."""
    data = (files(DEMO_PACKAGE) / "questions.json").read_bytes()
    return msgspec.json.decode(data, type=list[DemoQuestion])


async def run_demo(console: Console, *, keep: bool = False) -> int:
    """Stream, ask, compare; 0 when every answer is right."""
    started_s = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="ttmserve-demo-"))
    settings = load_settings(data_dir=folder, port=0, host="127.0.0.1")
    timings: dict[str, float] = {}

    def say(what: str) -> None:
        console.print(f"waiting for {what} …", highlight=False)

    try:
        with (
            running_stack(settings, 1, say=say, TTM_LOG_LEVEL="warning") as stack,
            as_file(files(DEMO_PACKAGE) / CLIP_NAME) as clip,
        ):
            timings["start the stack and load the model"] = time.monotonic() - started_s
            asked = await _stream_and_ask(console, stack, clip, timings)
    finally:
        if keep:
            console.print(f"data kept in {folder}", markup=False)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    timings["everything"] = time.monotonic() - started_s
    console.print(answers_table(asked))
    return _report(console, asked, timings, settings)


async def _stream_and_ask(
    console: Console, stack: Stack, clip: Path, timings: dict[str, float]
) -> list[Asked]:
    questions = load_questions()
    async with Client(stack.base_url) as client, client.session() as session:
        source = FileSource(clip)
        length_s = source.duration_s()
        console.print(
            f"streaming {CLIP_NAME}, {length_s or 0:.0f} s of sight and sound, to {stack.base_url}",
            highlight=False,
        )
        since_s = time.monotonic()
        done = await stream_with_bar(console, client, session.id, source, length_s, None)
        timings["stream, fold and commit"] = time.monotonic() - since_s
        info = await session.info()
        console.print(
            f"{done.applied} chunks are in memory: {info.memory.tokens} tokens of "
            f"{info.memory.dim}, {info.memory.bytes} bytes",
            highlight=False,
        )
        since_s = time.monotonic()
        asked = []
        for question in questions:
            answer = await session.ask(question.question)
            asked.append(Asked(question, answer, verdict(question.expect, answer)))
        timings[f"answer {len(questions)} questions"] = time.monotonic() - since_s
        await session.delete()
    return asked


def answers_table(asked: list[Asked]) -> Table:
    """Question, answer, evidence, confidence and the truth beside it."""
    table = Table(show_lines=True)
    for title, ratio in (("question", 3), ("answer", 4), ("evidence", 4)):
        table.add_column(title, ratio=ratio)
    table.add_column("conf.", justify="right")
    table.add_column("truth", ratio=3)
    table.add_column("")
    for item in asked:
        answer = item.answer
        evidence = [evidence_line(part) for part in answer.evidence[:EVIDENCE_SHOWN]]
        style = STATE_STYLES[answer.state]
        table.add_row(
            item.question.question,
            f"[{style}]{answer.answer}[/{style}]",
            "\n".join(evidence) or "-",
            f"{answer.confidence:.2f}",
            item.question.truth,
            "[red]WRONG[/red]" if item.faults else "[green]right[/green]",
        )
    return table


def _report(
    console: Console, asked: list[Asked], timings: dict[str, float], settings: Settings
) -> int:
    for name, seconds in timings.items():
        console.print(f"{seconds:7.1f} s  {name}", highlight=False)
    wrong = [item for item in asked if item.faults]
    for item in wrong:
        faults = "; ".join(item.faults)
        console.print(f"WRONG: {item.question.question} {faults}", style="red", markup=False)
    right = len(asked) - len(wrong)
    console.print(f"{right} of {len(asked)} answers are right (preset {settings.preset})")
    return 1 if wrong else 0


def main() -> int:
    """The demo on this terminal."""
    return asyncio.run(run_demo(Console()))
