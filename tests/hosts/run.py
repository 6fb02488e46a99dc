"""`python -m hosts.run`: hosts as network namespaces, cut off and brought back; in `tests/`.

Exits with 1 where a promise is broken. Where there can be no hosts it says why, and exits with 0.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from crash.controls import CONTROLS, FULL
from crash.judge import table
from hosts import laboratory, real_model
from hosts.network import network, why_not
from hosts.stack import CLIENTS, HOSTS


def chain(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """The long run, with the engine that finds every chunk that is lost or doubled."""
    options = laboratory.Options(
        folder=folder,
        sessions=given.sessions,
        rate=given.rate,
        lease_s=given.lease,
        worker_away_s=given.away,
        gateway_away_s=given.away,
        store_away_s=given.away / 3,
        control=given.control,
        done_within_s=180.0 if given.control == FULL else 15.0,
    )
    with network(HOSTS) as hosts:
        hosts.enter(CLIENTS)
        verdict = asyncio.run(laboratory.run(options, hosts))
    cut = verdict["worker_cut"]
    if not cut["its_sessions"]["sessions"]:
        verdict["broken"].append("the cut worker owned no session that went on elsewhere")
    if not cut["its_commits_failed_meanwhile"]:
        verdict["broken"].append("the cut worker did not notice that its store was gone")
    if not cut["its_late_commits_refused"]:
        verdict["broken"].append("the cut worker tried no late commit: the fence was not asked")
    if cut["its_late_commits_taken"]:
        verdict["broken"].append("a late commit of the cut worker was taken")
    if verdict["ended_by_themselves"]:
        verdict["broken"].append("processes ended by themselves")
    return verdict


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=("chain", "lite"), default="chain")
    parser.add_argument("--sessions", type=int, default=8)
    parser.add_argument("--rate", type=float, default=8.0, help="chunks/s of each session")
    parser.add_argument("--lease", type=float, default=5.0, help="seconds")
    parser.add_argument(
        "--away", type=float, default=30.0, help="seconds; the store's host a third"
    )
    parser.add_argument("--control", choices=CONTROLS, default=FULL, help="of the chain engine")
    parser.add_argument("--folder", type=Path, help="an empty one, kept; default: a temporary one")
    given = parser.parse_args()
    reason = why_not()
    if reason is not None:
        print(f"the hosts' test does not run here: {reason}")
        return 0
    with tempfile.TemporaryDirectory(prefix="ttm-hosts-") as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        run = chain if given.engine == "chain" else real_model.main
        verdict = run(folder, given)
    print(json.dumps(verdict, indent=1))
    print(table(verdict))
    return 1 if verdict["broken"] else 0


if __name__ == "__main__":
    sys.exit(main())
