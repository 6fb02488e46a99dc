"""Ask a session that has seen something, one question leaning on the other.

python follow_up.py SESSION "What did you see before the castle?" "And before that?"
"""

import argparse
import asyncio

from ttm_client import Client


async def main() -> None:
    """A conversation remembers the question before, for ten minutes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("session")
    parser.add_argument("question", nargs="+")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    given = parser.parse_args()
    async with Client(given.url) as client, client.session(given.session) as session:
        conversation = session.conversation()
        for question in given.question:
            answer = await conversation.ask(question)
            when = "" if answer.when is None else f" (at {answer.when.start_s:.1f} s)"
            print(f"> {question}\n{answer.state}: {answer}{when}")


asyncio.run(main())
