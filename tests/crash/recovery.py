"""How long sessions stood still after their worker was killed. Knows journals and faults only."""

from __future__ import annotations

import bisect
import heapq
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from crash.faults import Done
from crash.journal import Entry

CALM_S = 3.0
LOOKS = frozenset({"export", "fork", "ask"})


@dataclass(frozen=True, slots=True)
class Recovery:
    """From a worker's SIGKILL to the next commit of a session that it owned, in seconds.

    `alone`: nothing else happened meanwhile to any process nor to that session, nor to any process
    in the CALM_S before, so that the others were up.
    """

    sid: str
    killed_at_s: float
    took_s: float
    alone: bool


def recoveries(entries: Sequence[Entry], done: Sequence[Done]) -> list[Recovery]:
    """One for each session that a killed worker owned and that went on afterwards."""
    commits: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.kind == "committed":
            commits[entry.sid].append(entry)
    owners: dict[str, str] = {}
    found = []
    for event in heapq.merge(entries, done, key=lambda event: event.at_s):
        if isinstance(event, Entry):
            if event.kind == "acquired":
                owners[event.sid] = event.process
            elif event.kind == "released" and owners.get(event.sid) == event.process:
                del owners[event.sid]
        elif event.kind == "kill_worker":
            for sid in [sid for sid, process in owners.items() if process == event.whom]:
                del owners[sid]
                if recovery := _recovery(sid, event, commits[sid], done):
                    found.append(recovery)
    return found


def _recovery(
    sid: str, kill: Done, commits: Sequence[Entry], done: Sequence[Done]
) -> Recovery | None:
    index = bisect.bisect_right(commits, kill.at_s, key=lambda entry: entry.at_s)
    # A commit that was on its way when the worker died may show a moment later.
    while index < len(commits) and commits[index].process == kill.whom:
        index += 1
    if index == len(commits):
        return None
    commit = commits[index]
    alone = not any(
        event is not kill
        and (kill.at_s - CALM_S if _to_process(event) else kill.at_s) <= event.at_s <= commit.at_s
        and (_to_process(event) or (event.whom == sid and event.kind not in LOOKS))
        for event in done
    )
    return Recovery(sid, kill.at_s, commit.at_s - kill.at_s, alone)


def _to_process(event: Done) -> bool:
    return event.whom == "server" or event.whom.startswith(("worker", "gateway"))


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that `share` of all are not above; None of nothing."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
