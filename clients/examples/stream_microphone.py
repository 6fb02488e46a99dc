"""Listen to the microphone for a while and ask what was heard: python stream_microphone.py."""

import argparse
import asyncio

from ttm_client import Client, MicrophoneSource


async def main() -> None:
    """Stream sound alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--microphone", default="", help='"alsa:hw:1"; "": the default one')
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    given = parser.parse_args()
    source = MicrophoneSource(given.microphone)
    asyncio.get_running_loop().call_later(given.seconds, source.stop)
    async with Client(given.url) as client, client.session() as session:
        done = await session.stream(source)
        print(f"{done.media_s:.1f} s of sound")
        print(await session.ask("What did you hear?"))


asyncio.run(main())
