"""The opening words of a question that tell its kind, and words of order. Lookups only."""

from dataclasses import dataclass

from ttm_model.questions.lexicon import AUX, GENERIC, PERCEPTION, PRONOUNS, UNITS
from ttm_model.questions.openers import longest_opening
from ttm_model.questions.parsed import Kind, Order

_OPENERS: dict[tuple[str, ...], Kind] = {}
for _kind, _lines in (
    (
        Kind.WHEN,
        "when|at what time|what time|at what point|at which point|at what moment|at which moment"
        "|what moment|how long ago|how recently|how long since|since when|in which second"
        "|what second"
        "|how long has it been since|how long is it since|how much time has passed since|just when"
        "|how long was it since|how much time since|at what second|at which second"
        "|at what timestamp"
        "|what was the time when|what is the time when|what is the timestamp of|around what time"
        "|what was the timestamp of|what timestamp|around when|about when|roughly when|exactly when"
        "|how far back|how many seconds ago|how many minutes ago|how many hours ago"
        "|how much time ago"
        "|how many seconds since|how many minutes since|what point|what is the time of"
        "|the time when",
    ),
    (
        Kind.COUNT,
        "how many times|how often|how frequently|on how many occasions|how many separate times"
        "|how many distinct times|the number of times|count the times|count how many times"
        "|count how often|what was the number of times|what is the number of times|number of times"
        "|how many occurrences of|how many instances of|how many time|count all|count the|count"
        "|in how many instances|how many different times|how many occasions"
        "|how many individual times",
    ),
    (
        Kind.HOW_LONG,
        "how long|for how long|how much time|what was the duration of|what is the duration of"
        "|what was the length of time|how many seconds|how many minutes|over how long"
        "|the duration of"
        "|for how many seconds|for how many minutes|for what length of time|what length of time",
    ),
):
    for _line in _lines.split("|"):
        _OPENERS[tuple(_line.split())] = _kind
for _preposition in ("", "at", "on", "in", "during", "around"):
    for _which in ("what", "which"):
        for _unit in ("second", "minute", "timestamp", "moment", "instant"):
            _OPENERS[(*_preposition.split(), _which, _unit)] = Kind.WHEN
_LONGEST = max(len(opener) for opener in _OPENERS)

_ORDERS: dict[tuple[str, ...], Order] = {}
for _order, _words in (
    ("first", "first|earliest|oldest|1st|initial|initially|first ever"),
    ("last", "last|latest|most recent|most recently|final|newest|last ever"),
):
    for _word in _words.split("|"):
        for _shape in (
            "{}",
            "{} time",
            "the {}",
            "the {} time",
            "the very {}",
            "the very {} time",
            "for the {} time",
            "for the very {} time",
            "on the {} occasion",
            "{} of all",
            "{} of them all",
            "very {}",
        ):
            _ORDERS[tuple(_shape.format(_word).split())] = _order  # type: ignore[assignment]
_ORDER_LONGEST = max(len(shape) for shape in _ORDERS)


def opener(words: list[str]) -> tuple[Kind, int] | None:
    """Kind of WHEN, COUNT or HOW_LONG that the first words open, and their number."""
    for n in range(min(_LONGEST, len(words)), 0, -1):
        kind = _OPENERS.get(tuple(words[:n]))
        if kind:
            known = (kind, n)
            break
    else:
        known = None
    spoken = longest_opening(words)
    if known and (not spoken or known[1] >= spoken[1]):
        return known
    return spoken


def turn(words: list[str]) -> list[str]:
    """Bring a question word from behind a comma to the front: "the dog, when"."""
    if words and words[-1] == "when" and len(words) > 1:
        return ["when", *[w for w in words[:-1] if w != ","]]
    if "," in words and words[-1] in ("it", "that", "this", "them"):
        i = words.index(",")
        frame = AUX | PRONOUNS | {"what", "which", "when", "how"}
        if 0 < i <= 4 and not frame & set(words[:i]):
            return [*words[i + 1 : -1], *words[:i]]  # "the fox, when did I show you that"
    if "," in words:
        i = len(words) - 1 - words[::-1].index(",")
        tail = words[i + 1 :]
        if tail and opener(tail) and opener(tail) == (opener(tail) or (Kind.WHEN, 0)):
            found = opener(tail)
            if found and found[1] >= len(tail) - 3 and opener(words) is None:
                return [*tail[: found[1]], *words[:i]]
    return words


def take_order(words: list[str]) -> tuple[list[str], Order | None, bool]:
    """Take words of order out; the flag tells whether they named a time ("the last time")."""
    for i in range(len(words)):
        for n in range(min(_ORDER_LONGEST, len(words) - i), 0, -1):
            key = tuple(words[i : i + n])
            if key in _ORDERS:
                rest = words[i + n :]
                timed = key[-1] == "time"
                if timed and rest[:1] in (["that"], ["when"]):
                    rest = rest[1:]
                return [*words[:i], *rest], _ORDERS[key], timed
    return words, None, False


@dataclass(frozen=True, slots=True)
class Open:
    """A what-question without its head: the category words ("animal") and the clause after."""

    category: list[str]
    rest: list[str]


def open_question(words: list[str]) -> Open:
    """Split "what animal did you see" after its "what" into category and clause."""
    i = 0
    while i < len(words):
        w = words[i]
        stop = w in AUX or w in PRONOUNS or (w,) in PERCEPTION or w in ("to", "that", "which")
        if stop or w in ("happened", "came", "come", "appeared", "next", "occurred", "went", "on"):
            break
        if w in ("at", "in", "around", ",", "happening", "playing", "going", "sounded", "rang"):
            break
        i += 1
    category = [w for w in words[:i] if w not in ("else", "other", "exactly", "all", "the", "of")]
    return Open(category, words[i:])


def generic(words: list[str]) -> bool:
    """Whether all words are words for anything at all ("thing", "sounds")."""
    return all(w in GENERIC or w in UNITS for w in words)
