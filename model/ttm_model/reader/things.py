"""Questions about one named thing: was it there, when, how often, how long. Knows no order."""

from __future__ import annotations

from ttm_model.reader import wording
from ttm_model.reader.answer import Answer, ModalityName
from ttm_model.reader.composing import LISTED, Asked, Composer
from ttm_model.reader.scoring import KNOWN, Scorer, Search


class AboutThings:
    """Answers for kinds that name what they are about."""

    def __init__(self, compose: Composer, scorer: Scorer) -> None:
        self._compose = compose
        self._scorer = scorer

    def presence(self, asked: Asked) -> Answer:
        """Whether it was there, and when it was surest."""
        parsed = asked.parsed
        phrase = asked.named
        search = self._scorer.search(phrase, parsed.modality, asked.window)
        if not search.hits:
            return self.absent(asked, phrase, parsed.modality, search)
        best = max(search.hits, key=lambda hit: hit.p)
        thing = wording.with_article(phrase)
        saw = wording.VERBS[best.slot.modality][0]
        text = f"Yes, I {saw} {thing} {self._compose.placed(best.slot)}"
        text += self._compose.looked_like(best.slot, phrase)
        return self._compose.from_hits(asked, text, search.hits, best)

    def when(self, asked: Asked) -> Answer:
        """The first or last time that it was there, and the others."""
        parsed = asked.parsed
        phrase = asked.named
        search = self._scorer.search(phrase, parsed.modality, asked.window)
        if not search.hits:
            return self.absent(asked, phrase, parsed.modality, search)
        chosen = search.hits[0] if parsed.order == "first" else search.hits[-1]
        thing = wording.with_article(phrase)
        saw = wording.VERBS[chosen.slot.modality][0]
        text = f"I {saw} {thing} {self._compose.placed(chosen.slot)}"
        others = [hit for hit in search.hits if hit is not chosen]
        if others:
            spans = wording.listed([self._compose.span(hit.slot) for hit in others[-LISTED:]])
            text += f"; also {spans}"
        return self._compose.from_hits(asked, text, search.hits, chosen)

    def count(self, asked: Asked) -> Answer:
        """How many separate times it was there."""
        parsed = asked.parsed
        phrase = asked.named
        search = self._scorer.search(phrase, parsed.modality, asked.window)
        if not search.hits:
            return self.absent(asked, phrase, parsed.modality, search)
        total = sum(hit.slot.count for hit in search.hits)
        merged = any(hit.slot.merges for hit in search.hits)
        last = search.hits[-1]
        saw = wording.VERBS[last.slot.modality][0]
        about = "about " if merged else ""
        thing = wording.with_article(phrase)
        text = f"I {saw} {thing} {about}{wording.times(total)}"
        text += f", {'last ' if total > 1 else ''}{self._compose.ago(last.slot)}"
        return self._compose.from_hits(asked, text, search.hits, last)

    def how_long(self, asked: Asked) -> Answer:
        """How long it was there, all times together."""
        parsed = asked.parsed
        phrase = asked.named
        search = self._scorer.search(phrase, parsed.modality, asked.window)
        if not search.hits:
            return self.absent(asked, phrase, parsed.modality, search)
        total_s = sum(hit.slot.end_s - hit.slot.start_s for hit in search.hits)
        best = max(search.hits, key=lambda hit: hit.p)
        saw = wording.VERBS[best.slot.modality][0]
        thing = wording.with_article(phrase)
        span = self._compose.span(best.slot)
        text = f"I {saw} {thing} for about {wording.duration(total_s)}, {span}"
        return self._compose.from_hits(asked, text, search.hits, best)

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
