"""`python -m crash.soak --seconds 600 --seed 1`: the long experiment, with counts to be reached.

Exits with 1 where a promise is broken or a count is not reached. Run it in `tests/`, or with that
folder on PYTHONPATH.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from crash.controls import CONTROLS, FULL
from crash.judge import table
from crash.laboratory import Options, run

TEN_MINUTES_S = 600.0
WANTED = {"worker_kills": 300, "server_kills": 20, "chunks_applied": 50_000, "sessions": 12}


def missed(verdict: dict[str, Any], seconds: float) -> list[str]:
    """Counts that a run of this length should have reached and has not."""
    share = min(1.0, seconds / TEN_MINUTES_S)
    reached = {
        "worker_kills": verdict["faults"].get("kill_worker", 0),
        "server_kills": verdict["faults"].get("kill_server", 0),
        "chunks_applied": verdict["chunks_applied"],
        "sessions": verdict["sessions"],
    }
    wanted = {
        name: count if name == "sessions" else int(count * share) for name, count in WANTED.items()
    }
    return [
        f"{name}: {reached[name]}, wanted {count}"
        for name, count in wanted.items()
        if reached[name] < count
    ]


@contextlib.contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    """The folder that was asked for, which stays, or a temporary one."""
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="ttm-crash-") as temporary:
        yield Path(temporary)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=TEN_MINUTES_S)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sessions", type=int, default=12)
    parser.add_argument("--rate", type=float, default=16.0, help="chunks/s of each session")
    parser.add_argument("--lease", type=float, default=1.0, help="seconds")
    parser.add_argument("--durability", choices=("everysec", "strict"), default="everysec")
    parser.add_argument("--control", choices=CONTROLS, default=FULL)
    parser.add_argument("--folder", type=Path, help="an empty one, kept; default: a temporary one")
    parser.add_argument("--json", type=Path, help="write the verdict here too")
    given = parser.parse_args()
    with _folder(given.folder) as folder:
        options = Options(
            folder=folder,
            seconds=given.seconds,
            seed=given.seed,
            sessions=given.sessions,
            rate=given.rate,
            lease_s=given.lease,
            durability=given.durability,
            control=given.control,
            quiet_s=60.0 if given.control == FULL else 6.0,
        )
        verdict = asyncio.run(run(options))
    too_few = missed(verdict, given.seconds)
    verdict["missed"] = too_few
    text = json.dumps(verdict, indent=1)
    if given.json is not None:
        given.json.write_text(text + "\n")
    print(text)
    print(table(verdict))
    for words in too_few:
        print(f"MISSED  {words}")
    return 1 if verdict["broken"] or too_few else 0


if __name__ == "__main__":
    sys.exit(main())
