"""`ttmserve export` and `import`: a session's memory and a file. Knows no server insides."""

from __future__ import annotations

import asyncio
from pathlib import Path

from rich.console import Console

from ttm_client import Client
from ttm_protocol.errors import BadRequest, TTMError


async def export(console: Console, client: Client, session_id: str, path: Path) -> None:
    """Write a session's committed memory; raises BadRequest where the file cannot be written."""
    async with client:
        data = await client.export_memory(session_id)
    try:
        await asyncio.to_thread(path.write_bytes, data)
    except OSError as error:
        raise BadRequest(f"{path}: {error.strerror}") from error
    console.print(f"{len(data)} bytes in {path}", highlight=False, markup=False)


async def bring_in(console: Console, client: Client, path: Path, session_id: str | None) -> None:
    """Put a file's memory into a session, a new one where none is given.

    A new session whose import was refused is deleted again. Raises BadRequest for a file that
    cannot be read, and what the server refuses.
    """
    try:
        data = await asyncio.to_thread(path.read_bytes)
    except OSError as error:
        raise BadRequest(f"{path}: {error.strerror}") from error
    async with client:
        target = session_id or str((await client.create_session())["session_id"])
        try:
            info = await client.import_memory(target, data)
        except TTMError:
            if session_id is None:
                await client.delete(target)
            raise
    console.print(f"session {target}", highlight=False)
    console.print(f"{info['media_s']:.1f} s of media are in its memory", highlight=False)
