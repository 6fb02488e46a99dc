"""Finds the words of a question that restrict it in time. It knows no things and no kinds."""
# ruff: noqa: PLR0911, PLR0912  (ordered rules read best as one list of early returns)

from dataclasses import dataclass

from ttm_model.questions.lexicon import CONNECTIVES, UNITS
from ttm_model.questions.numbers import (
    MIN_TOLERANCE_S,
    clock,
    duration,
    number,
    ordinal,
    word_at,
)
from ttm_model.questions.timephrases import CALENDAR, NOW, START_S, named_phrase
from ttm_model.questions.window import Window
from ttm_model.questions.wordlist import listed

AT_TOLERANCE_S = 2.0
_LEADING = frozenset(listed("in during over within for through throughout at of from inside"))
_PAST = frozenset(listed("last past previous final closing preceding latest recent"))
_START = frozenset(listed("first opening initial"))
_INFINITE = float("inf")


@dataclass(frozen=True, slots=True)
class Timed:
    """A question's words without the words of time; `calendar`: dates or clock hours were named."""

    words: list[str]
    window: Window | None
    calendar: bool = False


_Found = tuple[Window | None, int]


def _hedge(words: list[str], i: int) -> int:
    while word_at(words, i) in ("about", "around", "roughly", "approximately", "exactly", "just"):
        i += 1
    return i


def _point(words: list[str], i: int) -> tuple[float, float, int] | None:
    """Read a media time at i: (seconds, tolerance, end): "0:45", "second 45", "45 seconds"."""
    i = _hedge(words, i)
    if word_at(words, i) == "the":
        i += 1
    w = word_at(words, i)
    seconds = clock(w)
    if seconds is not None:
        return seconds, AT_TOLERANCE_S, i + 1
    if w in UNITS or w in ("t", "timestamp", "time", "seconds", "minutes"):
        value = number(words, i + 1)
        if value:
            unit = UNITS.get(w, 1.0)
            return value.value * unit, max(AT_TOLERANCE_S, unit / 10), value.end
    w1 = word_at(words, i + 1)
    if w in ("start", "beginning"):
        return 0.0, 0.0, i + 1
    if w == "very" and w1 in ("start", "beginning"):
        return 0.0, 0.0, i + 2
    found = duration(words, i)
    if found and w not in ("a", "an", "few", "couple"):
        return found.seconds, max(AT_TOLERANCE_S, found.tolerance_s / 2), found.end
    return None


def _skip_mark(words: list[str], i: int) -> int:
    """Skip "mark", "in", "into the video" after a media time."""
    if word_at(words, i) in ("mark", "point"):
        i += 1
    if word_at(words, i) in ("in", "into", "of"):
        j = i + 1
        while word_at(words, j) in ("the", "this", "our", "my", "that"):
            j += 1
        if word_at(words, j) in _MEDIA:
            return j + 1
        if word_at(words, i) == "in" and word_at(words, i + 1) in ("", ",", *CONNECTIVES):
            return i + 1
    return i


_MEDIA = frozenset(listed("video clip stream recording session footage it call film movie"))


def _between(words: list[str], i: int) -> _Found | None:
    opener = word_at(words, i)
    if opener not in ("between", "from", "in"):
        bare = clock(opener) is not None and word_at(words, i + 1) in ("to", "until", "till")
        if not bare:
            return None
        j = i
    else:
        j = i + 1 + (words[i + 1 : i + 2] == ["between"])
        if opener == "in" and j == i + 1:
            return None
    first = _point(words, j)
    amount = None if first else number(words, _hedge(words, j))
    if first is None and amount is None:
        return None
    middle = first[2] if first else amount.end if amount else j
    if word_at(words, middle) not in ("and", "to", "until", "till", "through"):
        return None
    k = middle + 1
    last, far = _point(words, k), k
    if last is None and (plain := number(words, k)) and first:
        unit = UNITS.get(words[j + (words[j] == "the")], 1.0)
        last = (plain.value * unit, AT_TOLERANCE_S, plain.end)
    if last is None:
        if word_at(words, k) in ("now", "end") or words[k : k + 2] == ["the", "end"]:
            return (Window("since", first[0]), k + 1 + (words[k] == "the")) if first else None
        return None
    far = last[2]
    low = first[0] if first else 0.0
    if amount:  # "between 10 and 20 seconds": the unit stands once
        unit = UNITS.get(words[far - 1], 1.0)
        low = amount.value * unit
    if word_at(words, far) in ("ago", "back"):
        near, old = sorted((low, last[0]))
        return Window("ago", near, old, MIN_TOLERANCE_S), far + 1
    low, high = sorted((low, last[0]))
    return Window("between", low, high, 0.0), _skip_mark(words, far)


def _ago(words: list[str], i: int) -> _Found | None:
    j = i
    since = word_at(words, j) == "since"
    until = words[j : j + 2] in (["up", "until"], ["up", "to"]) or words[j : j + 1] == ["until"]
    if until:
        j += 2 if words[j] == "up" else 1
    if word_at(words, j) in ("since", "from", "at", "in", "up", "for"):
        j += 1
    comparison = ""
    w = word_at(words, j)
    if words[j + 1 : j + 2] == ["than"] and w in ("more", "less", "fewer", "longer", "later"):
        comparison, j = w, j + 2
    elif w in ("over", "within", "under"):
        comparison, j = {"over": "more"}.get(w, "less"), j + 1
    j = _hedge(words, j) if word_at(words, j) in ("just", "exactly") else j
    found = duration(words, j)
    if found is None:
        return None
    end = found.end
    tail = words[end : end + 2]
    if tail[:1] in (["ago"], ["back"], ["earlier"], ["previously"]):
        end += 1
    elif tail == ["before", "now"] or (
        tail == ["in", "the"] and words[end + 2 : end + 3] == ["past"]
    ):
        end += 2 + (tail[0] == "in")
    else:
        return None
    if since or comparison in ("less", "fewer", "later"):
        return Window("last", found.seconds, None, 0.0), end
    if comparison or until:
        return Window("ago", found.seconds, _INFINITE, 0.0), end
    if words[j:end] in (["a", "second", "ago"], ["a", "sec", "ago"], ["a", "second", "back"]):
        return NOW, end
    return Window("ago", found.seconds, None, found.tolerance_s), end


def _relative(words: list[str], i: int) -> _Found | None:
    """Read "in the last minute", "during the first 30 seconds", "after the second minute"."""
    j, lead = i, ""
    if word_at(words, j) in _LEADING or word_at(words, j) in ("after", "before", "until", "since"):
        lead, j = words[j], j + 1
    while word_at(words, j) in ("the", "these", "this", "those", "very", "about", "roughly"):
        j += 1
    if word_at(words, j) == "most" and word_at(words, j + 1) == "recent":
        j += 1
    w = word_at(words, j)
    rank = ordinal(w) or (1 if w in _START else 0)
    if w not in _PAST and not rank:
        return None
    if w == "second" and j == i:
        return None
    k = j + 1
    found = duration(words, k)
    if found is None and word_at(words, k) in UNITS:
        found = duration([*words[:k], "a", *words[k:]], k)
        found = None if found is None else type(found)(found.seconds, 0.0, found.end - 1, False)
    if found is None:
        return None
    if word_at(words, found.end) in ("ago", "back", "earlier"):
        return None  # "what did you see last 20 seconds ago"
    end = _skip_mark(words, found.end)
    if end > found.end and j == i:
        return None  # "what did you see first 45 seconds in"
    loose = found.tolerance_s if found.vague or found.tolerance_s / found.seconds > 0.35 else 0.0
    if w in _PAST:
        if lead == "before":
            return Window("ago", found.seconds, _INFINITE, 0.0), end
        return Window("last", found.seconds, None, loose), end
    if rank > 1 and found.end - k > 1:
        return None  # "the second 20 seconds" is too odd to guess
    low, high = (rank - 1) * found.seconds, rank * found.seconds
    if lead in ("after", "since"):
        return Window("since", high, None, 0.0), end
    if lead in ("before", "until"):
        return Window("until", None, low, 0.0), end
    if found.vague and rank == 1:
        return Window("start", found.seconds, None, START_S / 2), end
    return Window("between", low, high, loose), end


def _at(words: list[str], i: int) -> _Found | None:
    opener = word_at(words, i)
    prepositions = ("at", "around", "about", "near", "by", "on", "roughly")
    j = i + (opener in prepositions)
    rough = (
        2.0
        if word_at(words, i) in ("around", "about", "near", "roughly")
        or (word_at(words, j) in ("around", "about", "roughly"))
        else 1.0
    )
    point = _point(words, j)
    if point is None:
        amount = number(words, j) if opener == "at" else None
        if amount and word_at(words, amount.end) in ("", ",", *CONNECTIVES):
            return Window("at", amount.value, None, AT_TOLERANCE_S), amount.end
        return None
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
    if w == "from" and word_at(words, j) == "about":
        j += 1
    point = _point(words, j)
    if point is None or point[0] <= 0:
        return None
    seconds, _, end = point
    if word_at(words, end) in ("ago", "back", "earlier", "after", "before"):
        return None
    end = _skip_mark(words, end)
    if w == "from":
        if word_at(words, end) not in ("on", "onward", "onwards", "forward"):
            return None
        return Window("since", seconds), end + 1
    if w in ("after", "since", "past"):
        return Window("since", seconds), end
    return Window("until", None, seconds), end


def _merge(old: Window | None, new: Window | None) -> Window | None:
    if old and new and {old.kind, new.kind} == {"since", "until"}:
        since, until = (old, new) if old.kind == "since" else (new, old)
        return Window("between", since.a_s, until.b_s, 0.0)
    return old or new


def extract(words: list[str]) -> Timed:
    """Take the words of time out of a question and say which window they mean."""
    kept: list[str] = []
    window: Window | None = None
    calendar = False
    i = 0
    while i < len(words):
        found: _Found | None = None
        for matcher in (named_phrase, _between, _ago, _relative, _edge, _at):
            found = matcher(words, i)
            if found:
                break
        if found is None:
            length = next((n for n in (3, 2, 1) if tuple(words[i : i + n]) in CALENDAR), 0)
            if length:
                calendar, i = True, i + length
                continue
            kept.append(words[i])
            i += 1
            continue
        window = _merge(window, found[0])
        i = found[1]
    return Timed(kept, window, calendar)
