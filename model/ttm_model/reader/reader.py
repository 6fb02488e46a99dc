"""Answer a parsed question from a memory view, which is all it sees. Kinds are handled beside."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ttm_model.questions.parsed import Kind, ParsedQuestion
from ttm_model.reader.answer import Answer, ModalityName
from ttm_model.reader.composing import Asked, Composer
from ttm_model.reader.scoring import Scorer
from ttm_model.reader.things import AboutThings
from ttm_model.reader.times import AboutTimes
from ttm_model.reader.view import KeySpace, MemoryView


class Reader:
    """Answers from one memory view."""

    def __init__(self, memory: MemoryView, spaces: Mapping[ModalityName, KeySpace]) -> None:
        self._memory = memory
        self._compose = Composer(memory, spaces)
        scorer = Scorer(memory, spaces)
        things = AboutThings(self._compose, scorer)
        times = AboutTimes(self._compose, scorer, things)
        self._named: dict[Kind, Callable[[Asked], Answer]] = {
            Kind.PRESENCE: things.answer,
            Kind.WHEN: things.answer,
            Kind.COUNT: things.answer,
            Kind.HOW_LONG: things.answer,
            Kind.BEFORE: times.beside,
            Kind.AFTER: times.beside,
            Kind.WITH: times.beside,
        }
        self._open: dict[Kind, Callable[[Asked], Answer]] = {
            Kind.FIRST: times.extreme,
            Kind.LAST: times.extreme,
        }
        self._what = times.what

    def answer(
        self,
        text: str,
        parsed: ParsedQuestion,
        since_s: float | None = None,
        until_s: float | None = None,
    ) -> Answer:
        """The answer to a question, within `[since_s, until_s]` media seconds where given."""
        if not parsed.supported:
            return self._compose.tell(text, "cannot_tell", parsed.reason or "I cannot tell.", 0.0)
        asked = self._resolve(text, parsed, since_s, until_s)
        if asked.window[0] > asked.window[1]:
            return self._compose.tell(
                text, "not_seen", "That is after what I have seen so far.", 0.9
            )
        if parsed.kind in self._named and parsed.phrase is not None:
            return self._named[parsed.kind](asked)
        return self._open.get(parsed.kind, self._what)(asked)

    def _resolve(
        self, text: str, parsed: ParsedQuestion, since_s: float | None, until_s: float | None
    ) -> Asked:
        now_s = self._memory.clock_s
        start_s, end_s = 0.0, now_s
        if parsed.window is not None:
            start_s, end_s = parsed.window.resolve(now_s)
        if since_s is not None:
            start_s = max(start_s, since_s)
        if until_s is not None:
            end_s = min(end_s, until_s)
        limited = parsed.window is not None or since_s is not None or until_s is not None
        return Asked(text, parsed, (start_s, end_s), limited)
