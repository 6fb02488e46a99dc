"""The occurrences of what a question hangs on, by whichever sense: things, people, words.

Knows no kinds of question.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ttm_model.questions.question import Noun
from ttm_model.reader.absence import absent
from ttm_model.reader.found import Window
from ttm_model.reader.telling import Asked, Tools
from ttm_model.reader.unsaid import unsaid
from ttm_model.reader.view import Event
from ttm_model.reader.words import words_kind
from ttm_protocol.answers import Answer


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One of them, and how sure it is."""

    event: Event
    sure: float


@dataclass(frozen=True, slots=True)
class Occurrences:
    """All of them by start, at least one; `best` is the surest, the latest among equals.

    `phrase` is what they are called in an answer, `unread` what memory knows nothing about.
    """

    phrase: str
    each: tuple[Occurrence, ...]
    best: Occurrence
    unread: tuple[str, ...] = ()

    def meant(self, noun: Noun) -> Occurrence:
        """The occurrence that is meant: as told, else the surest, the latest among equals."""
        if noun.at is not None:
            at = noun.at
            return max(
                self.each,
                key=lambda one: min(one.event.end_s, at[1]) - max(one.event.start_s, at[0]),
            )
        if noun.order is not None:
            return self.each[0 if noun.order == "first" else -1]
        return self.best


def occurrences(
    tools: Tools, asked: Asked, noun: Noun, window: Window | None = None
) -> Occurrences | Answer:
    """Where a noun was (in a window), or why it was not found."""
    kind = words_kind(noun.modality)
    if kind is not None:
        said = tools.words.mentions(noun, kind, window or (0.0, tools.memory.clock_s))
        if not said:
            return unsaid(tools, _anywhere(asked, window), kind, noun)
        told = tuple(Occurrence(one, one.sure) for one in said)
        most = max(one.sure for one in told)
        best = [one for one in told if one.sure >= most - 0.1][-1]
        return Occurrences(f'"{noun.phrase}"', told, best)
    found = tools.scorer.find(noun, window)
    if not found.first.hits:
        return absent(tools, _anywhere(asked, window), found.first)
    each = tuple(Occurrence(hit.slot, hit.sure) for hit in found.first.hits)
    best = each[found.first.hits.index(found.first.best)]
    return Occurrences(found.first.phrase, each, best, found.unread)


def _anywhere(asked: Asked, window: Window | None) -> Asked:
    return asked if window is not None else replace(asked, limited=False)
