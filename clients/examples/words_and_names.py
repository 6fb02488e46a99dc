"""Read what was said, teach a name, then ask for it by name and by picture.

python words_and_names.py SESSION "my parrot" --since 10 --until 14 --picture parrot.jpg
"""

import argparse
import asyncio
from pathlib import Path

from ttm_client import Client


async def main() -> None:
    """Without a time the name is bound to what was there in the last three seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("session")
    parser.add_argument("name")
    parser.add_argument("--since", type=float)
    parser.add_argument("--until", type=float)
    parser.add_argument("--picture", type=Path, help="a JPEG, PNG or WebP file of it")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    given = parser.parse_args()
    async with Client(given.url) as client, client.session(given.session) as session:
        words = await session.words()
        for passage in words.words:
            print(f"{passage.start_s:6.1f} s  {passage.kind}: {passage.text}")
        print(f"words known up to {words.words_until_s} s")

        taught = await session.teach(given.name, since_s=given.since, until_s=given.until)
        print(f"{taught.name}: a {taught.label}, from {taught.start_s:.1f} to {taught.end_s:.1f} s")
        print(f"names: {', '.join(thing.name for thing in (await session.things()).things)}")
        answer = await session.ask(f"When did you last see {given.name}?")
        print(f"by name: {answer.state}: {answer}")
        if given.picture is not None:
            answer = await session.ask("When did you see this?", picture=given.picture)
            print(f"by picture: {answer.state}: {answer}")


asyncio.run(main())
