"""`ttmserve things`: list, teach and forget names. Knows no memory."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ttm_client import Client, Taught, Things
from ttm_protocol.answers import from_plain


async def list_things(console: Console, client: Client, session_id: str) -> None:
    """A table of the names, and how many have room."""
    async with client:
        told = from_plain(await client.things(session_id), Things)
    if told.things:
        table = Table("name", "by", "examples", "taught at")
        for thing in told.things:
            by = "sight" if thing.modality == "video" else "sound"
            table.add_row(Text(thing.name), by, str(thing.examples), f"{thing.taught_at_s:.1f} s")
        console.print(table)
    names = len({thing.name for thing in told.things})
    console.print(f"{names} of at most {told.limit} names", style="dim", highlight=False)


async def add_thing(
    console: Console,
    client: Client,
    session_id: str,
    name: str,
    since_s: float | None,
    until_s: float | None,
) -> None:
    """Teach one; say what it was bound to, so that a wrong one is noticed."""
    async with client:
        taught = from_plain(await client.teach(session_id, name, since_s, until_s), Taught)
    how = "seen" if taught.modality == "video" else "heard"
    alone = f", which alone I would call {taught.label}" if taught.label else ""
    console.print(
        f"{taught.name}: what was {how} from {taught.start_s:.1f} to {taught.end_s:.1f} s{alone} "
        f"(example {taught.examples})",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


async def remove_thing(console: Console, client: Client, session_id: str, name: str) -> None:
    """Forget one."""
    async with client:
        await client.forget(session_id, name)
    console.print(f"forgotten: {name}", markup=False, highlight=False)
