"""How long sessions stood still after an outage began or ended. Knows journals only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from crash.journal import Entry
from crash.recovery import percentile


def owned_by(entries: Sequence[Entry], process: str, at_s: float) -> set[str]:
    """The sessions that a process owned at a moment."""
    owned: set[str] = set()
    for entry in entries:
        if entry.at_s > at_s:
            break
        if entry.kind == "acquired":
            (owned.add if entry.process == process else owned.discard)(entry.sid)
        elif entry.kind == "released" and entry.process == process:
            owned.discard(entry.sid)
    return owned


def stood_still(
    entries: Sequence[Entry], sids: Iterable[str], since_s: float, but: str = ""
) -> list[float]:
    """Seconds from a moment to each session's next commit, by any process but one."""
    first: dict[str, float] = {}
    for entry in entries:
        if entry.kind == "committed" and entry.at_s > since_s and entry.process != but:
            first.setdefault(entry.sid, entry.at_s - since_s)
    return [first[sid] for sid in sids if sid in first]


def told(seconds: Sequence[float], lease_s: float) -> dict[str, Any]:
    """Seconds and leases, for people."""
    median, most = percentile(seconds, 0.5), max(seconds, default=None)
    return {
        "sessions": len(seconds),
        "median_s": _rounded(median),
        "most_s": _rounded(most),
        "median_leases": _rounded(None if median is None else median / lease_s),
        "most_leases": _rounded(None if most is None else most / lease_s),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
