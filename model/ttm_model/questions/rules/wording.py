"""Opening words and words of order around sentences that are written out. Knows no kind by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ttm_model.questions.question import Noun, Question
from ttm_model.questions.rules import shapes
from ttm_model.questions.rules.frames import unwrap
from ttm_model.questions.rules.lexicon import LANGUAGE
from ttm_model.questions.rules.openings import opener, take_number, take_order
from ttm_model.questions.rules.rewrites import before_time
from ttm_model.questions.rules.times import TIMES
from ttm_model.questions.worded import Worded

_OPENED = ("moment", "tally", "stretch")  # shapes that an opening turns a yes-or-no question into


class Wording:
    """English sentences about words, people, colours and places."""

    def __init__(self, noun: Callable[[list[str]], Noun | None]) -> None:
        """`noun` reads the words of a thing."""
        self._sentences = Worded(LANGUAGE, noun)
        self.clause = self._sentences.clause

    def question(self, words: list[str]) -> Question | None:
        """The question that a sentence is, without times and what it hangs on."""
        rules = (self._sentences.question, self._opened, self._ordered, self._numbered)
        return next((found for rule in rules if (found := rule(words)) is not None), None)

    def _opened(self, words: list[str]) -> Question | None:
        """Read "when did someone say hello", "how often was pizza mentioned"."""
        words, order, _ = take_order(words)
        found = opener(words)
        if found is None or shapes.shape_of(found[0]) not in _OPENED:
            return None
        rest = words[found[1] :]
        polar = self._sentences.question(rest)
        if polar is None:
            noun = self._sentences.clause(rest)
            if noun is not None:
                polar = Question(shapes.kind_of("polar"), noun, noun.modality)
        if polar is None or shapes.shape_of(polar.kind) != "polar" or polar.thing is None:
            return None
        return replace(polar, kind=found[0], order=order)

    def _ordered(self, words: list[str]) -> Question | None:
        """Read "what was the first thing I said"."""
        taken, order, _ = take_order(words)
        what = None if order is None else self._what(taken)
        return what and replace(what, kind=shapes.ranking(order or "first"), order=order)

    def _numbered(self, words: list[str]) -> Question | None:
        """Read "what was the third thing they said"."""
        taken, number, _ = take_number(words)
        what = None if number is None else self._what(taken)
        return what and replace(what, kind=shapes.kind_of("numbered"), number=number)

    def _what(self, words: list[str]) -> Question | None:
        found = self._sentences.question(words)
        wide = found is not None and shapes.shape_of(found.kind) == "open" and found.thing is None
        return found if wide else None


def untouched(words: list[str]) -> list[str]:
    """A sentence without frames and times in which no slip was mended: names are any words."""
    return unwrap(TIMES.extract(before_time(unwrap(words).words)).words).words
