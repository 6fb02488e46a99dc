"""`ttmserve words`: what was said and written, line by line or as captions. Knows no memory."""

from __future__ import annotations

from rich.console import Console

from ttm_client import Client, Passage, Words
from ttm_protocol.answers import from_plain

SURE = 0.5  # what is less sure than this is marked as such


async def print_words(
    console: Console,
    client: Client,
    session_id: str,
    since_s: float | None,
    until_s: float | None,
    *,
    vtt: bool,
) -> None:
    """Print them; a WebVTT file goes to standard output as it is."""
    async with client:
        if vtt:
            console.file.write(await client.words_vtt(session_id, since_s, until_s))
            return
        told = from_plain(await client.words(session_id, since_s, until_s), Words)
    for passage in told.words:
        style = "" if passage.p >= SURE else "dim"
        console.print(
            passage_line(passage), style=style, markup=False, highlight=False, soft_wrap=True
        )
    console.print(_known(told), style="dim", markup=False, highlight=False)


def passage_line(passage: Passage) -> str:
    """One passage in a line."""
    how = "said   " if passage.kind == "speech" else "written"
    doubt = "" if passage.p >= SURE else f" (only {passage.p:.0%} sure)"
    times = f" ({passage.count} times)" if passage.count > 1 else ""
    return f"{passage.start_s:8.1f} s  {how}  {passage.text}{times}{doubt}"


def _known(told: Words) -> str:
    since = told.coverage_since_s
    parts = [f"complete since {since.speech:.1f} s (said) and {since.text:.1f} s (written)"]
    if told.words_until_s is not None:
        parts.append(f"speech known up to {told.words_until_s:.1f} s")
    return "; ".join(parts)
