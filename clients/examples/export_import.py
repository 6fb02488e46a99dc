"""Keep a memory in a file, let another session remember: export_import.py SESSION FILE."""

import argparse
import asyncio
from pathlib import Path

from ttm_client import Client


async def main() -> None:
    """Export, import into a new session, fork; each then answers alike."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("session")
    parser.add_argument("file", type=Path, help="to be written, safetensors")
    parser.add_argument("question", nargs="?", default="What did you see?")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    given = parser.parse_args()
    async with Client(given.url) as client, client.session(given.session) as first:
        memory = await first.export_memory()
        given.file.write_bytes(memory)
        print(f"{len(memory)} bytes in {given.file}")
        async with client.session(temporary=True) as second:
            info = await second.import_memory(given.file.read_bytes())
            print(f"{info.media_s:.1f} s of media in the copy's memory")
            print("copy:", await second.ask(given.question))
        fork = await first.fork()
        print("fork:", await fork.ask(given.question))
        await fork.delete()


asyncio.run(main())
