"""Stream a media file and ask about it: stream_file.py film.mp4 "When did you see a dog?"."""

import argparse
import asyncio

from ttm_client import Client


async def main() -> None:
    """Stream as fast as the server takes it, then ask."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("question", nargs="?", default="What did you see?")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    given = parser.parse_args()
    async with Client(given.url) as client, client.session() as session:
        print("session", session.id)
        done = await session.stream(
            given.file, on_progress=lambda now: print(f"\r{now.media_s:.1f} s", end="", flush=True)
        )
        print(f"\n{done.applied} chunks are in memory")
        answer = await session.ask(given.question)
        print(answer.state, f"{answer.confidence:.2f}:", answer)
        for item in answer.evidence:
            print(f"  {item.modality} {item.label} {item.start_s:.1f} to {item.end_s:.1f} s")


asyncio.run(main())
