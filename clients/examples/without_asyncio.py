"""The same without asyncio: python without_asyncio.py film.mp4."""

import argparse

from ttm_client.sync import Client


def main() -> None:
    """Every call waits; a temporary session is deleted at the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    given = parser.parse_args()
    with Client(given.url) as client, client.session(temporary=True) as session:
        session.stream(given.file)
        print(session.ask("What did you see?"))
        print(session.ask("What did you hear at the start?", until_s=3.0))


main()
