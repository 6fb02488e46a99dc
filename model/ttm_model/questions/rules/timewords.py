"""Finds the words of a question that restrict it in time. It knows no things and no kinds."""

from __future__ import annotations

from dataclasses import dataclass

from ttm_model.questions.data import load, words
from ttm_model.questions.rules.lexicon import CONNECTIVES, LANGUAGE, MEDIA, UNITS
from ttm_model.questions.rules.numbers import (
    MIN_TOLERANCE_S,
    Duration,
    clock,
    duration,
    number,
    ordinal,
    word_at,
)
from ttm_model.questions.rules.timephrases import CALENDAR, named_phrase
from ttm_model.questions.window import NOW, START_S, Window

AT_TOLERANCE_S = 2.0
_WORDS = load(LANGUAGE, "times")["words"]
_LEADING = words(_WORDS["leading"])
_PAST = words(_WORDS["past"])
_START = words(_WORDS["first"])
_INFINITE = float("inf")
_BACK = ("ago", "back", "earlier")
_MEDIA = MEDIA | {"it", "call", "film", "movie"}


@dataclass(frozen=True, slots=True)
class Timed:
    """A question's words without the words of time; `calendar`: dates or clock hours were named."""

    words: list[str]
    window: Window | None
    calendar: bool = False


_Found = tuple[Window | None, int]
_Point = tuple[float, float, int]  # seconds, tolerance, end


def _hedge(words: list[str], i: int) -> int:
    while word_at(words, i) in ("about", "around", "roughly", "approximately", "exactly", "just"):
        i += 1
    return i


def _point(words: list[str], i: int) -> _Point | None:
    """Read a media time at i: "0:45", "second 45", "45 seconds", "the start"."""
    i = _hedge(words, i)
    i += word_at(words, i) == "the"
    w = word_at(words, i)
    seconds = clock(w)
    if seconds is not None:
        return seconds, AT_TOLERANCE_S, i + 1
    if w in UNITS or w in ("t", "timestamp", "time"):
        value = number(words, i + 1)
        if value:
            unit = UNITS.get(w, 1.0)
            return value.value * unit, max(AT_TOLERANCE_S, unit / 10), value.end
    start = i + (w == "very")
    if word_at(words, start) in ("start", "beginning"):
        return 0.0, 0.0, start + 1
    found = duration(words, i)
    if found is None or w in ("a", "an", "few", "couple"):
        return None
    return found.seconds, max(AT_TOLERANCE_S, found.tolerance_s / 2), found.end


def _skip_mark(words: list[str], i: int) -> int:
    """Skip "mark", "in", "into the video" after a media time."""
    i += word_at(words, i) in ("mark", "point")
    if word_at(words, i) not in ("in", "into", "of"):
        return i
    j = i + 1
    while word_at(words, j) in ("the", "this", "our", "my", "that"):
        j += 1
    if word_at(words, j) in _MEDIA:
        return j + 1
    alone = word_at(words, i) == "in" and word_at(words, i + 1) in ("", ",", *CONNECTIVES)
    return i + alone


def _range_start(words: list[str], i: int) -> int | None:
    """Where the first edge of a range at i begins: after "between", "from", "in between"."""
    opener = word_at(words, i)
    if opener not in ("between", "from", "in"):
        bare = clock(opener) is not None and word_at(words, i + 1) in ("to", "until", "till")
        return i if bare else None
    doubled = words[i + 1 : i + 2] == ["between"]
    return None if opener == "in" and not doubled else i + 1 + doubled


def _between(words: list[str], i: int) -> _Found | None:
    j = _range_start(words, i)
    if j is None:
        return None
    first = _point(words, j)
    amount = None if first else number(words, _hedge(words, j))
    middle = first[2] if first else amount.end if amount else None
    if middle is None or word_at(words, middle) not in ("and", "to", "until", "till", "through"):
        return None
    k = middle + 1
    last = _point(words, k)
    if last is None and first and (plain := number(words, k)):
        unit = UNITS.get(words[j + (words[j] == "the")], 1.0)
        last = (plain.value * unit, AT_TOLERANCE_S, plain.end)
    if last is None:
        to_now = word_at(words, k) in ("now", "end") or words[k : k + 2] == ["the", "end"]
        if first is None or not to_now:
            return None
        return Window("since", first[0]), k + 1 + (words[k] == "the")
    low = first[0] if first else 0.0
    if amount:  # "between 10 and 20 seconds": the unit stands once
        low = amount.value * UNITS.get(words[last[2] - 1], 1.0)
    return _range(words, low, last)


def _range(words: list[str], low: float, last: _Point) -> _Found:
    low, high = sorted((low, last[0]))
    if word_at(words, last[2]) in ("ago", "back"):
        return Window("ago", low, high, MIN_TOLERANCE_S), last[2] + 1
    return Window("between", low, high, 0.0), _skip_mark(words, last[2])


def _comparison(words: list[str], j: int) -> tuple[str, int]:
    """Read "more than", "within" at j: "more", "less" or "", and the index after it."""
    w = word_at(words, j)
    if words[j + 1 : j + 2] == ["than"] and w in ("more", "less", "fewer", "longer", "later"):
        return "less" if w in ("less", "fewer", "later") else "more", j + 2
    if w in ("over", "within", "under"):
        return "more" if w == "over" else "less", j + 1
    return "", j


def _back_end(words: list[str], end: int) -> int | None:
    """Index after the "ago", "before now" or "in the past" at `end`, or None."""
    if word_at(words, end) in (*_BACK, "previously"):
        return end + 1
    if words[end : end + 2] == ["before", "now"]:
        return end + 2
    return end + 3 if words[end : end + 3] == ["in", "the", "past"] else None


def _ago(words: list[str], i: int) -> _Found | None:
    j = i
    since = word_at(words, j) == "since"
    until = words[j : j + 2] in (["up", "until"], ["up", "to"]) or words[j : j + 1] == ["until"]
    if until:
        j += 2 if words[j] == "up" else 1
    j += word_at(words, j) in ("since", "from", "at", "in", "up", "for")
    comparison, j = _comparison(words, j)
    j = _hedge(words, j) if word_at(words, j) in ("just", "exactly") else j
    found = duration(words, j)
    end = None if found is None else _back_end(words, found.end)
    if found is None or end is None:
        return None
    if since or comparison == "less":
        return Window("last", found.seconds, None, 0.0), end
    if comparison or until:
        return Window("ago", found.seconds, _INFINITE, 0.0), end
    if words[j:end] in (["a", "second", "ago"], ["a", "sec", "ago"], ["a", "second", "back"]):
        return NOW, end
    return Window("ago", found.seconds, None, found.tolerance_s), end


def _lead(words: list[str], i: int) -> tuple[str, int]:
    """Read the "in the", "during the very", "after the" before a relative time."""
    j, lead = i, ""
    if word_at(words, j) in _LEADING or word_at(words, j) in ("after", "before", "until", "since"):
        lead, j = words[j], j + 1
    while word_at(words, j) in ("the", "these", "this", "those", "very", "about", "roughly"):
        j += 1
    most = word_at(words, j) == "most" and word_at(words, j + 1) == "recent"
    return lead, j + most


def _relative(words: list[str], i: int) -> _Found | None:
    """Read "in the last minute", "during the first 30 seconds", "after the second minute"."""
    lead, j = _lead(words, i)
    w = word_at(words, j)
    rank = ordinal(w) or (1 if w in _START else 0)
    if (w not in _PAST and not rank) or (w == "second" and j == i):
        return None
    k = j + 1
    found = duration(words, k)
    if found is None and word_at(words, k) in UNITS:
        found = duration([*words[:k], "a", *words[k:]], k)
        found = found and Duration(found.seconds, 0.0, found.end - 1)
    if found is None or word_at(words, found.end) in _BACK:
        return None  # "what did you see last 20 seconds ago"
    end = _skip_mark(words, found.end)
    if end > found.end and j == i:
        return None  # "what did you see first 45 seconds in"
    if w in _PAST:
        loose = _looseness(found)
        before = Window("ago", found.seconds, _INFINITE, 0.0)
        return before if lead == "before" else Window("last", found.seconds, None, loose), end
    if rank > 1 and found.end - k > 1:
        return None  # "the second 20 seconds" is too odd to guess
    return _ranked(lead, rank, found), end


def _looseness(found: Duration) -> float:
    loose = found.vague or found.tolerance_s / found.seconds > 0.35
    return found.tolerance_s if loose else 0.0


def _ranked(lead: str, rank: int, found: Duration) -> Window:
    """The window of "the second minute", or what lies after or before it."""
    low, high = (rank - 1) * found.seconds, rank * found.seconds
    if lead in ("after", "since"):
        return Window("since", high, None, 0.0)
    if lead in ("before", "until"):
        return Window("until", None, low, 0.0)
    if found.vague and rank == 1:
        return Window("start", found.seconds, None, START_S / 2)
    return Window("between", low, high, _looseness(found))


def _at(words: list[str], i: int) -> _Found | None:
    opener = word_at(words, i)
    j = i + (opener in ("at", "around", "about", "near", "by", "on", "roughly"))
    rough = 1.0
    if opener in ("around", "about", "near", "roughly"):
        rough = 2.0
    if word_at(words, j) in ("around", "about", "roughly"):
        rough = 2.0
    point = _point(words, j)
    if point is None:
        amount = number(words, j) if opener == "at" else None
        if amount is None or word_at(words, amount.end) not in ("", ",", *CONNECTIVES):
            return None
        return Window("at", amount.value, None, AT_TOLERANCE_S), amount.end
    seconds, tolerance, end = point
    after = _skip_mark(words, end)
    named = clock(words[end - 1]) is not None or words[_hedge(words, j)] in UNITS
    if opener != "at" and after == end and not named:
        return None
    if opener == "by":
        return Window("until", None, seconds, AT_TOLERANCE_S), after
    return Window("at", seconds, None, tolerance * rough), after


def _edge(words: list[str], i: int) -> _Found | None:
    """Read "after 0:30", "before second 20", "until one minute", "from 0:30 on"."""
    w, j = word_at(words, i), i + 1
    if w == "up" and word_at(words, j) in ("to", "until", "till"):
        j += 1
    elif w not in ("after", "since", "past", "before", "until", "till", "from"):
        return None
    j += w == "from" and word_at(words, j) == "about"
    point = _point(words, j)
    if point is None or point[0] <= 0:
        return None
    seconds, _, end = point
    if word_at(words, end) in (*_BACK, "after", "before"):
        return None
    end = _skip_mark(words, end)
    if w == "from":
        on = word_at(words, end) in ("on", "onward", "onwards", "forward")
        return (Window("since", seconds), end + 1) if on else None
    since = w in ("after", "since", "past")
    return Window("since", seconds) if since else Window("until", None, seconds), end


def _merge(old: Window | None, new: Window | None) -> Window | None:
    if old and new and {old.kind, new.kind} == {"since", "until"}:
        since, until = (old, new) if old.kind == "since" else (new, old)
        return Window("between", since.a_s, until.b_s, 0.0)
    return old or new


_MATCHERS = (named_phrase, _between, _ago, _relative, _edge, _at)


def extract(words: list[str]) -> Timed:
    """Take the words of time out of a question and say which window they mean."""
    kept: list[str] = []
    window: Window | None = None
    calendar = False
    i = 0
    while i < len(words):
        found = next((f for f in (matcher(words, i) for matcher in _MATCHERS) if f), None)
        if found is not None:
            window, i = _merge(window, found[0]), found[1]
            continue
        length = next((n for n in (3, 2, 1) if tuple(words[i : i + n]) in CALENDAR), 0)
        calendar = calendar or bool(length)
        if not length:
            kept.append(words[i])
        i += length or 1
    return Timed(kept, window, calendar)
