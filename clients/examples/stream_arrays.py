"""Stream pictures and sound that a program makes, here a moving square and a tone."""

import argparse
import asyncio
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ttm_client import ArraySource, Client

SAMPLE_RATE_HZ = 48_000


def pictures(seconds: float) -> Iterator[tuple[float, npt.NDArray[np.uint8]]]:
    """Ten a second: when each was taken, and its pixels, (height, width, 3) RGB."""
    for number in range(round(seconds * 10)):
        picture = np.full((240, 320, 3), 230, np.uint8)
        left = 4 * number % 260
        picture[90:150, left : left + 60] = (200, 40, 40)
        yield number / 10, picture


def sound(seconds: float) -> Iterator[npt.NDArray[np.float32]]:
    """A 440 Hz tone in blocks of a fifth of a second."""
    block = SAMPLE_RATE_HZ // 5
    for number in range(round(seconds * 5)):
        t = (np.arange(block) + number * block) / SAMPLE_RATE_HZ
        yield (0.3 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)


async def main() -> None:
    """Stream, then show what memory made of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    given = parser.parse_args()
    source = ArraySource(pictures(given.seconds), sound(given.seconds), SAMPLE_RATE_HZ)
    async with Client(given.url) as client, client.session() as session:
        done = await session.stream(source)
        print(f"{done.applied} chunks, {(await session.info()).media_s:.1f} s in memory")
        for event in (await session.timeline()).events:
            print(f"{event.start_s:.1f} to {event.end_s:.1f} s: {event.modality} {event.label}")


asyncio.run(main())
