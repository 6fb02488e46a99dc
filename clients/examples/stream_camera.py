"""Stream this machine's camera and microphone for a while: python stream_camera.py --seconds 30."""

import argparse
import asyncio

from ttm_client import CaptureSource, Client


async def main() -> None:
    """Print what is noticed as it happens, then what memory holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--camera", default="", help='"/dev/video2", "lavfi:testsrc"; "": default')
    parser.add_argument("--microphone", default="", help='"alsa:hw:1"; "": the default one')
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    given = parser.parse_args()
    source = CaptureSource(given.camera, given.microphone)
    asyncio.get_running_loop().call_later(given.seconds, source.stop)
    async with Client(given.url) as client, client.session() as session:
        done = await session.stream(
            source, on_event=lambda event: print(f"{event.start_s:6.1f} s  {event.label}")
        )
        print(f"{done.media_s:.1f} s streamed, {done.dropped} chunks dropped on the way")
        for event in (await session.timeline()).events:
            print(f"{event.start_s:6.1f} s  {event.modality} {event.label}, {event.count} times")


asyncio.run(main())
