"""`ttmserve stream`: a source through the client, with a progress bar. Knows no server insides."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from ttm_client import Client, MediaChunk, Source, StreamProgress, open_source
from ttm_client.streaming import Report
from ttm_client.streaming import stream as stream_chunks
from ttm_client.urls import is_live_url as is_live
from ttm_protocol.errors import BadRequest, MediaError
from ttm_protocol.messages import Event

__all__ = ["is_live", "parse_speed", "stream_source", "stream_with_bar"]


def parse_speed(text: str) -> float | None:
    """'max' -> None, a positive number -> itself; raises BadRequest."""
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0.01 <= speed <= 1000:
        raise BadRequest(f"--speed: {text} is neither max nor a number from 0.01 to 1000")
    return speed


async def stream_source(
    console: Console,
    client: Client,
    name: str,
    session_id: str | None,
    speed_text: str,
    *,
    live: bool = False,
    resume: bool = False,
    events: bool = False,
    pictures_per_chunk: int = 1,
) -> None:
    """Stream a source into a session (a new one where none is given) and tell the session's id.

    `events` prints what the server notices. An interrupt ends a live source in an orderly way.
    """
    speed = parse_speed(speed_text)
    source = open_source(name, pictures_per_chunk, live=live or None)

    def told(event: Event) -> None:
        console.print(event_line(event), highlight=False, markup=False)

    async with client:
        duration_s = await asyncio.to_thread(source.duration_s)
        async with client.session(session_id) as session:
            console.print(f"session {session.id}", highlight=False)
            with _stopped_by_interrupt(console, source), _bar(console, duration_s) as report:
                try:
                    result = await session.stream(
                        source,
                        speed=speed,
                        resume=resume,
                        on_progress=report,
                        on_event=told if events else None,
                    )
                except MediaError:
                    if session_id is None and not (await session.info()).durable_seq:
                        await session.delete()  # nothing came: no empty session is left behind
                    raise
            media_s = (await session.info()).media_s
    if result.thinned or result.dropped or result.lost_s:
        console.print(
            f"left out, and reported as gaps: the pictures of {result.thinned} chunks, "
            f"{result.dropped} whole chunks, {result.lost_s:.1f} s that the server lost",
            style="yellow",
            highlight=False,
        )
    console.print(f"{result.applied} chunks, {media_s:.1f} s of media in memory", highlight=False)
    console.print(f'ask with: ttmserve ask {session.id} "what did you see?"', highlight=False)


@contextlib.contextmanager
def _stopped_by_interrupt(console: Console, source: Source) -> Iterator[None]:
    """While in here the first interrupt ends a live source; the next one everything."""
    loop = asyncio.get_running_loop()

    def stop() -> None:
        console.print("ending; what was sent is still applied")
        source.stop()
        loop.remove_signal_handler(signal.SIGINT)

    if source.live:
        with contextlib.suppress(NotImplementedError):  # Windows
            loop.add_signal_handler(signal.SIGINT, stop)
    try:
        yield
    finally:
        with contextlib.suppress(NotImplementedError):
            loop.remove_signal_handler(signal.SIGINT)


async def stream_with_bar(
    console: Console,
    client: Client,
    session_id: str,
    source: Iterable[MediaChunk],
    duration_s: float | None,
    speed: float | None,
) -> StreamProgress:
    """Stream a source and show how far it is."""
    with _bar(console, duration_s) as report:
        return await stream_chunks(client, session_id, source, speed=speed, on_progress=report)


@contextlib.contextmanager
def _bar(console: Console, duration_s: float | None) -> Iterator[Report]:
    """A progress bar; yields what moves it."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn(
            "{task.completed:.0f}/{task.total:.0f} s" if duration_s else "{task.completed:.0f} s"
        ),
        TextColumn("applied {task.fields[applied]}, reconnects {task.fields[reconnects]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("streaming", total=duration_s, applied=0, reconnects=0)

        def report(progress: StreamProgress) -> None:
            bar.update(
                task,
                completed=progress.media_s,
                applied=progress.applied,
                reconnects=progress.reconnects,
            )

        yield report


def event_line(event: Event) -> str:
    """What was noticed, in a line."""
    times = f"{event.start_s:.1f}-{event.end_s:.1f} s"
    return f"{times} {event.modality} {event.label} {event.score:.2f}"
