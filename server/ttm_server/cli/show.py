"""Print answers and sessions on a terminal. Knows no connection."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ttm_protocol.answers import Answer, Evidence, MissingMedia, SessionInfo, SessionStatus, State

STATE_STYLES: dict[State, str] = {
    "answered": "green",
    "not_seen": "yellow",
    "may_have_forgotten": "magenta",
    "cannot_tell": "dim",
    "not_received": "blue",
}


def show_answer(console: Console, answer: Answer) -> None:
    """One answer: text, state, confidence, then its evidence."""
    style = STATE_STYLES[answer.state]
    console.print(answer.answer, style=style, markup=False, highlight=False)
    console.print(
        f"{answer.state}, confidence {answer.confidence:.2f}, memory up to {answer.as_of_s:.1f} s",
        style="dim",
        highlight=False,
    )
    if answer.words_until_s is not None:
        console.print(
            f"words known up to {answer.words_until_s:.1f} s", style="dim", highlight=False
        )
    for item in answer.evidence:
        console.print(f"  {evidence_line(item)}", style="dim", markup=False, highlight=False)


def evidence_line(item: Evidence) -> str:
    """One piece of evidence in a line: words as a quote, what is taught or plain by its name."""
    what = f'"{item.text}"' if item.text else item.label
    if item.name and item.name != what and not item.text:
        what = f"{item.name} ({item.label})"
    return (
        f"{item.modality} {what} {item.start_s:.1f}-{item.end_s:.1f} s "
        f"score {item.score:.2f} slot {item.slot}"
    )


COLUMNS = ("session", "status", "created (UTC)", "media", "durable", "applied", "lag", "gaps")
STATUS_STYLES: dict[SessionStatus, str] = {"live": "green", "quarantined": "red"}


def show_sessions(console: Console, sessions: Sequence[SessionInfo]) -> None:
    """A table of sessions."""
    table = Table(*COLUMNS)
    for info in sessions:
        created = datetime.fromtimestamp(info.created_at, UTC)
        table.add_row(
            info.session_id,
            Text(info.status, style=STATUS_STYLES.get(info.status, "")),
            f"{created:%Y-%m-%d %H:%M:%S}",
            f"{info.media_s:.1f} s",
            str(info.durable_seq),
            str(info.applied_seq),
            str(info.lag_chunks),
            gaps_text(info.gaps),
        )
    console.print(table)


def gaps_text(gaps: Sequence[MissingMedia]) -> str:
    """How many gaps, how long together, and why."""
    if not gaps:
        return "-"
    missing_s = sum(gap.t1 - gap.t0 for gap in gaps)
    reasons = ", ".join(sorted({gap.reason for gap in gaps}))
    return f"{len(gaps)}: {missing_s:.1f} s {reasons}"
