"""Stream a network camera or a film on the web: python stream_url.py rtsp://user:word@camera/1."""

import argparse
import asyncio

from ttm_client import Client, UrlSource


async def main() -> None:
    """A live address is opened again where it breaks off; what it missed becomes a gap."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("--live", action="store_true", help="an HTTP address that never waits")
    parser.add_argument("--seconds", type=float, default=None, help="stop after so long")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    given = parser.parse_args()
    source = UrlSource(given.address, live=given.live or None, reconnect_for_s=60.0)
    if given.seconds is not None:
        asyncio.get_running_loop().call_later(given.seconds, source.stop)
    async with Client(given.url) as client, client.session() as session:
        done = await session.stream(source)
        print(f"{done.media_s:.1f} s streamed from {source.shown}")
        for gap in (await session.info()).gaps:
            print(f"missing: {gap.t0:.1f} to {gap.t1:.1f} s, {gap.reason}")
        print(await session.ask("What did you see?"))


asyncio.run(main())
