"""`ttmserve stream`: a file through the client, with a progress bar. Knows no server insides."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from ttm_client.files import FileSource
from ttm_client.rest import Client
from ttm_client.streaming import StreamProgress
from ttm_client.streaming import stream as stream_chunks
from ttm_server.errors import BadRequest

LIVE_SCHEMES = ("rtsp", "rtsps", "rtmp", "rtmps", "rtp", "udp", "srt")


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


def is_live(source: str) -> bool:
    """Whether a source goes on whether or not somebody takes what it gives."""
    return source.partition("://")[0].lower() in LIVE_SCHEMES


async def stream_file(
    console: Console, client: Client, path: str, session_id: str | None, speed_text: str
) -> None:
    """Stream a file into a session (a new one where none is given) and tell the session's id."""
    speed = parse_speed(speed_text)
    async with client:
        source = FileSource(path)
        duration_s = source.duration_s()
        if session_id is None:
            session_id = str((await client.create_session())["session_id"])
        console.print(f"session {session_id}", highlight=False)
        result = await stream_with_bar(
            console, client, session_id, source, duration_s, speed, live=is_live(path)
        )
    if result.thinned or result.dropped or result.lost_s:
        console.print(
            f"left out, and reported as gaps: the pictures of {result.thinned} chunks, "
            f"{result.dropped} whole chunks, {result.lost_s:.1f} s that the server lost",
            style="yellow",
            highlight=False,
        )
    console.print(
        f"{result.applied} chunks, {result.media_s:.1f} s of media in memory", highlight=False
    )
    console.print(f'ask with: ttmserve ask {session_id} "what did you see?"', highlight=False)


async def stream_with_bar(
    console: Console,
    client: Client,
    session_id: str,
    source: FileSource,
    duration_s: float | None,
    speed: float | None,
    *,
    live: bool = False,
) -> StreamProgress:
    """Stream a source and show how far it is; a `live` one gives its own pace."""
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

        return await stream_chunks(
            client,
            session_id,
            iter(source),
            speed=None if live else speed,
            live=live,
            on_progress=report,
        )
