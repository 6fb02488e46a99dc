"""Plain English for answers: articles, lists, times. Knows no memory."""

from __future__ import annotations

from collections.abc import Sequence

from ttm_model.labels.words import with_article

__all__ = ["VERBS", "ago", "clock", "duration", "listed", "span", "times", "with_article"]

VERBS = {"video": ("saw", "seen"), "audio": ("heard", "heard"), None: ("noticed", "noticed")}


def listed(items: Sequence[str]) -> str:
    """'a, b and c'."""
    if len(items) <= 1:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def ago(seconds: float) -> str:
    """How long ago, no more exactly than a listener cares: 'about 2 minutes ago'."""
    if seconds < 1.0:
        return "just now"
    if seconds < 20:
        return f"{_plural(round(seconds), 'second')} ago"
    if seconds < 100:
        return f"about {5 * round(seconds / 5)} seconds ago"
    minutes = seconds / 60
    if minutes < 9.75:
        halves = round(minutes * 2) / 2
        shown = f"{halves:g}"
        return f"about {shown} {'minute' if halves == 1 else 'minutes'} ago"
    if minutes < 90:
        return f"about {round(minutes)} minutes ago"
    return f"about {minutes / 60:.1f} hours ago"


def clock(seconds: float) -> str:
    """A media time: 75.2 -> '1:15'."""
    whole = int(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def span(start_s: float, end_s: float) -> str:
    """'at 0:31' or 'from 0:31 to 0:36'."""
    if clock(start_s) == clock(end_s) or end_s - start_s < 1.0:
        return f"at {clock(start_s)}"
    return f"from {clock(start_s)} to {clock(end_s)}"


def times(count: int) -> str:
    """'once', 'twice', 'three times', '12 times'."""
    words = {1: "once", 2: "twice", 3: "three times", 4: "four times", 5: "five times"}
    return words.get(count, f"{count} times")


def duration(seconds: float) -> str:
    """'4 seconds', '2.5 minutes'."""
    if seconds < 90:
        return _plural(max(1, round(seconds)), "second")
    return f"{seconds / 60:.1f} minutes"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
