"""Says whether the promises were kept. Knows what was sent and what was found, no process.

Broken is: a state that is not the fold over what the client sent, a position that is not the
number of chunks sent, a stream whose end was not taken in or whose input is kept after it, a chunk
that was acknowledged as durable and is gone although the durability level promises it, a gap that
nobody declared or a declared one that is missing, a chunk that was left out as an engine's fault, a
quarantine, a client that was refused for good.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chain import is_flushed, loaded
from crash.faults import Done
from crash.journal import Entry
from crash.ledger import Ledger, Loss
from crash.recovery import percentile, recoveries
from ttm_server.store import SessionInfo, SessionState

# `appendfsync everysec`: at most the last second, and a second more while a sync is under way.
EVERYSEC_S = 2.0
ENGINE_FAULT = "engine_error"
# What a client may be told while processes die and come back.
PASSING = {"store_unavailable", "restarting", "overloaded", "answer_timeout", "start_timeout"}


@dataclass(frozen=True, slots=True)
class Found:
    """A session at the end; None where it could not be read, with the reason."""

    ledger: Ledger
    info: SessionInfo | None
    state: SessionState | None
    trouble: str = ""
    kept_chunks: int = 0


def judge_session(found: Found) -> list[str]:
    """What is wrong with one session, in words; nothing where all is as promised."""
    ledger, info, state = found.ledger, found.info, found.state
    if info is None or state is None:
        return [found.trouble or "no memory was stored"]
    wrong = []
    if not ledger.finished:
        wrong.append("its client did not get to the end")
    positions = (info.durable_seq, info.applied_seq, state.seq)
    if set(positions) != {ledger.produced}:
        wrong.append(f"durable, applied, state at {positions}, {ledger.produced} chunks were sent")
    if not ledger.is_true(state.seq, state.memory):
        wrong.append(f"the memory at {state.seq} is not the fold over what was sent")
    if not is_flushed(loaded(state.memory)):
        wrong.append("the end of its stream was not taken in")
    if found.kept_chunks:
        wrong.append(f"{found.kept_chunks} chunks of it are still kept")
    if info.gaps != ledger.gaps_at(info.applied_seq):
        wrong.append(f"gaps {info.gaps}, declared {ledger.gaps_at(info.applied_seq)}")
    last = ledger.source.chunk(max(1, info.applied_seq))
    if info.applied_seq > ledger.replaced_at and info.media_s != last.end_s:
        wrong.append(f"media_s {info.media_s}, the last chunk ends at {last.end_s}")
    if info.status == "quarantined" or "quarantined" in ledger.refusals:
        wrong.append("it was quarantined")
    refused = {code: n for code, n in ledger.refusals.items() if code not in PASSING}
    if refused:
        wrong.append(f"its client was refused: {refused}")
    return wrong


def broken_losses(losses: Sequence[Loss], done: Sequence[Done], durability: str) -> tuple[int, int]:
    """-> chunks that were acknowledged and lost, and how many of them the level promises."""
    kills = [event.at_s for event in done if event.kind == "kill_server"]
    lost = promised = 0
    for loss in losses:
        count = loss.last - loss.first + 1
        lost += count
        # Kills can follow each other before a client is back: any of them may have lost it.
        young = any(
            loss.acked_at_s < at_s < loss.found_at_s and at_s - loss.acked_at_s <= EVERYSEC_S
            for at_s in kills
        )
        if durability == "strict" or not young:
            promised += count
    return lost, promised


def judge(
    found: Sequence[Found],
    done: Sequence[Done],
    counts: Counter[str],
    looks_wrong: Sequence[str],
    entries: Sequence[Entry],
    *,
    lease_s: float,
    durability: str,
    took_s: float,
) -> dict[str, Any]:
    """The whole verdict as plain values; `broken` is empty where every promise was kept."""
    sessions = {one.ledger.sid: judge_session(one) for one in found}
    wrong = {sid: words for sid, words in sessions.items() if words}
    losses = [loss for one in found for loss in one.ledger.losses]
    lost, promised = broken_losses(losses, done, durability)
    broken = [f"{sid}: {'; '.join(words)}" for sid, words in wrong.items()]
    broken += looks_wrong
    if promised:
        broken.append(f"{promised} chunks that were acknowledged as durable are gone")
    applied = sum(one.info.applied_seq for one in found if one.info is not None)
    kinds = Counter(entry.kind for entry in entries)
    faults = [gap for one in found if one.info for gap in one.info.gaps]
    return {
        "broken": broken,
        "sessions": len(found),
        "wrong_sessions": len(wrong),
        "wrong_looks": len(looks_wrong),
        "chunks_applied": applied,
        "seconds": round(took_s, 1),
        "chunks_per_s": round(applied / took_s, 1),
        "faults": dict(sorted(counts.items())),
        "commits": kinds["committed"],
        "commits_refused_by_fence": kinds["fenced"],
        "commits_refused_by_position": kinds["conflict"],
        "flushes": kinds["flushed"],
        "flushes_refused": kinds["went_on"],
        "stopped_before_a_commit": kinds["holding"],
        "acquired": kinds["acquired"],
        "durable_lost": lost,
        "durable_lost_against_promise": promised,
        "engine_faults": sum(gap.reason == ENGINE_FAULT for gap in faults),
        "gaps_declared_and_found": sum(gap.reason == "laboratory" for gap in faults),
        "connections": sum(one.ledger.connections for one in found),
        "superseded": sum(one.ledger.superseded for one in found),
        "refusals": dict(sum((Counter(one.ledger.refusals) for one in found), Counter())),
        "recovery": _recovery(entries, done, lease_s),
    }


def _recovery(entries: Sequence[Entry], done: Sequence[Done], lease_s: float) -> dict[str, Any]:
    """Seconds and multiples of the lease from a worker's SIGKILL to the next applied chunk."""
    found = recoveries(entries, done)
    result: dict[str, Any] = {"lease_s": lease_s}
    for name, some in (("all", found), ("alone", [one for one in found if one.alone])):
        leases = [one.took_s / lease_s for one in some]
        result[name] = {
            "count": len(leases),
            "median_leases": _rounded(percentile(leases, 0.5)),
            "p99_leases": _rounded(percentile(leases, 0.99)),
            "most_leases": _rounded(max(leases, default=None)),
        }
    return result


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def table(verdict: dict[str, Any]) -> str:
    """The verdict for people."""
    rows = []
    for name, value in verdict.items():
        if name == "broken":
            continue
        if isinstance(value, dict):
            inner = ", ".join(f"{key} {part}" for key, part in value.items())
            rows.append((name, inner))
        else:
            rows.append((name, str(value)))
    width = max(len(name) for name, _ in rows)
    lines = [f"{name.replace('_', ' '):{width}}  {value}" for name, value in rows]
    return "\n".join([*lines, *(f"BROKEN  {words}" for words in verdict["broken"])])
