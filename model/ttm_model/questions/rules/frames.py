"""Takes polite frames off a question: "could you tell me whether ...". It knows no things."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ttm_model.questions.data import expanded, load, words
from ttm_model.questions.rules.lexicon import AUX, LANGUAGE, WH

_DATA = load(LANGUAGE, "frames")
_CALLED = words(_DATA["called"])
_ALERTS = words(_DATA["alerts"])
_STATED = words(_DATA["stated"])
_GRAMMAR = tuple(
    re.compile(rf"(?:{expanded(rule, _DATA['macros'])})(?:(?<= )|(?= |$))")
    for rule in _DATA["grammar"]["rules"]
)
_IF_TAIL = re.compile(rf"(?:{_DATA['ends']['if_tail']})|(?:{_DATA['ends']['tails_said']})")
_COMMA_TAILS = frozenset(_DATA["ends"]["comma_tails"])
_MAX_LAYERS = 8
_TIMES = (("just", "now"), ("right", "now"))  # a time, where each word alone would be a filler
_Table = dict[str, list[tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """The inner words. `recalled`: it was framed as remembering; `alert`: as "tell me when".

    `linked`: "if" or "whether" stood between the frame and the rest.
    """

    words: list[str]
    recalled: bool = False
    alert: bool = False
    linked: bool = False


def _by_first(lines: Iterable[str]) -> _Table:
    """Group lines by their first word, longest first, so that a look-up tries only a few."""
    table: _Table = {}
    for line in sorted((tuple(line.split()) for line in lines), key=len, reverse=True):
        table.setdefault(line[0], []).append(line)
    return table


_FILLERS = _by_first(_DATA["fillers"])
_FRAMES = _by_first(_DATA["frames"])
_LINKS = _by_first(_DATA["links"])
_TAILS = sorted(
    (tuple(line.split()) for line in [*_DATA["ends"]["tails"], *_COMMA_TAILS]),
    key=len,
    reverse=True,
)


def _front(words: list[str], table: _Table) -> int:
    for line in table.get(words[0], []) if words else []:
        if tuple(words[: len(line)]) == line:
            return len(line)
    return 0


def _frame(words: list[str]) -> int:
    """Number of words at the front that only frame a question; 0 where none do."""
    text = " ".join(words[:24])
    ends = [found.end() for rule in _GRAMMAR if (found := rule.match(text))]
    return max(_front(words, _FRAMES), len(text[: max(ends, default=0)].split()))


def _without_tail(words: list[str]) -> list[str]:
    text = " ".join(words)
    while (found := _IF_TAIL.search(text)) and found.start() > 0:
        text = text[: found.start()].rstrip()
    words = text.split()
    stated = words[:1] != ["do"] and not (words[:1] and words[0] in AUX | WH)
    stated = stated and bool(_STATED & set(words[:3]))  # "there was a cow was there"
    while size := next((len(tail) for tail in _TAILS if _ends(words, tail, stated)), 0):
        words = words[:-size]
    return words


def _ends(words: list[str], tail: tuple[str, ...], stated: bool) -> bool:
    """Whether the words end with a tag that is none of the question itself."""
    n = len(tail)
    if n >= len(words) or tuple(words[-n:]) != tail or words[-n - 1] in WH:
        return False  # "what was it"
    return " ".join(tail) not in _COMMA_TAILS or words[-n - 1] == "," or stated


def unwrap(words: list[str]) -> Unwrapped:
    """Take fillers, frames and tags off both ends, as often as they stand there."""
    alert = linked = False
    inner = _without_tail(words)
    recalled = " ".join(w for w in words[len(inner) :] if w != ",") in _COMMA_TAILS
    words = inner
    for _ in range(_MAX_LAYERS):
        if words[1:2] == [","] and words[0] in _CALLED and len(words) > 2:
            words = words[2:]
        n = _front(words, _FILLERS)
        if n and n < len(words) and tuple(words[n - 1 : n + 1]) not in _TIMES:
            words = words[n:]
            continue
        n = _frame(words)
        if not n or n >= len(words):
            break
        recalled = True
        alert = alert or bool(_ALERTS & set(words[:n]))
        words = words[n:]
        link = _front(words, _LINKS)
        if link and link < len(words):
            linked = linked or words[0] in ("if", "whether")
            words = words[link:]
    if words[:1] in (["whether"], ["if"]):
        words, linked = words[1:], True
    while words and words[0] == ",":
        words = words[1:]
    return Unwrapped(_without_tail(words), recalled, alert, linked)
