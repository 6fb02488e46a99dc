"""Questions about one named thing: was it there, when, how often, how long. Knows no order."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ttm_model.questions.parsed import Kind
from ttm_model.reader import wording
from ttm_model.reader.answer import Answer, ModalityName
from ttm_model.reader.composing import LISTED, Asked, Composer
from ttm_model.reader.scoring import KNOWN, Hit, Scorer, Search


class AboutThings:
    """Answers for kinds that name what they are about."""

    def __init__(self, compose: Composer, scorer: Scorer) -> None:
        self._compose = compose
        self._scorer = scorer
        self._kinds: dict[Kind, Callable[[Asked, Sequence[Hit]], Answer]] = {
            Kind.PRESENCE: self._presence,
            Kind.WHEN: self._when,
            Kind.COUNT: self._count,
            Kind.HOW_LONG: self._how_long,
        }

    def answer(self, asked: Asked) -> Answer:
        """Look the thing up; then what its kind of question asks of where it was found."""
        search = self._scorer.search(asked.named, asked.parsed.modality, asked.window)
        if not search.hits:
            return self.absent(asked, asked.named, asked.parsed.modality, search)
        return self._kinds[asked.parsed.kind](asked, search.hits)

    def _presence(self, asked: Asked, hits: Sequence[Hit]) -> Answer:
        """Whether it was there, and when it was surest."""
        best = max(hits, key=lambda hit: hit.p)
        thing = wording.with_article(asked.named)
        saw = wording.VERBS[best.slot.modality][0]
        text = f"Yes, I {saw} {thing} {self._compose.placed(best.slot)}"
        text += self._compose.looked_like(best.slot, asked.named)
        return self._compose.from_hits(asked, text, hits, best)

    def _when(self, asked: Asked, hits: Sequence[Hit]) -> Answer:
        """The first or last time that it was there, and the others."""
        chosen = hits[0] if asked.parsed.order == "first" else hits[-1]
        thing = wording.with_article(asked.named)
        saw = wording.VERBS[chosen.slot.modality][0]
        text = f"I {saw} {thing} {self._compose.placed(chosen.slot)}"
        others = [hit for hit in hits if hit is not chosen]
        if others:
            spans = wording.listed([self._compose.span(hit.slot) for hit in others[-LISTED:]])
            text += f"; also {spans}"
        return self._compose.from_hits(asked, text, hits, chosen)

    def _count(self, asked: Asked, hits: Sequence[Hit]) -> Answer:
        """How many separate times it was there."""
        total = sum(hit.slot.count for hit in hits)
        merged = any(hit.slot.merges for hit in hits)
        last = hits[-1]
        saw = wording.VERBS[last.slot.modality][0]
        about = "about " if merged else ""
        thing = wording.with_article(asked.named)
        text = f"I {saw} {thing} {about}{wording.times(total)}"
        text += f", {'last ' if total > 1 else ''}{self._compose.ago(last.slot)}"
        return self._compose.from_hits(asked, text, hits, last)

    def _how_long(self, asked: Asked, hits: Sequence[Hit]) -> Answer:
        """How long it was there, all times together."""
        total_s = sum(hit.slot.end_s - hit.slot.start_s for hit in hits)
        best = max(hits, key=lambda hit: hit.p)
        saw = wording.VERBS[best.slot.modality][0]
        thing = wording.with_article(asked.named)
        span = self._compose.span(best.slot)
        text = f"I {saw} {thing} for about {wording.duration(total_s)}, {span}"
        return self._compose.from_hits(asked, text, hits, best)

    def absent(
        self, asked: Asked, phrase: str, modality: ModalityName | None, search: Search
    ) -> Answer:
        """Not there: never seen, perhaps forgotten, or beyond what the encoders can name."""
        thing = wording.with_article(phrase)
        seen = wording.VERBS[modality][1]
        if search.knows < KNOWN:
            text = f"I cannot tell: {phrase} is nothing that I can recognise."
            return self._compose.tell(asked.text, "cannot_tell", text, 0.0)
        floor_s = self._compose.memory.coverage_since_s(modality)
        precedes = asked.limited and asked.window[1] <= floor_s
        if search.forgotten or precedes:
            text = (
                f"I do not remember {thing}, but what came before {wording.clock(floor_s)} "
                "is partly forgotten, so it may have been there."
            )
            return self._compose.tell(asked.text, "may_have_forgotten", text, 0.5, modality)
        within = " then" if asked.limited else ""
        text = f"No, I have not {seen} {thing}{within}."
        confidence = (1.0 - search.best_p) * min(1.0, search.knows)
        return self._compose.tell(asked.text, "not_seen", text, confidence, modality)
