"""The English-shaped rules as a parser. It knows no memory and no other language."""

from __future__ import annotations

from ttm_model.questions.earlier import Earlier
from ttm_model.questions.question import Question, Refusal, Understood
from ttm_model.questions.rules.followups import follow_up
from ttm_model.questions.rules.sentence import parse_words
from ttm_model.questions.rules.tokens import Sentence, TooLongError, sentences

_MAX_SENTENCES = 8
_MAX_JOINED = 3


class RuleParser:
    """Understands English; see `ttm_model.questions.understand.Parser`."""

    def parse(self, text: str) -> Understood:
        """Understand one question. Never raises; what it cannot read is a refusal.

        Of several sentences the first supported one counts, refined by those after it where they
        lean on it ("Did you see a dog? When?").
        """
        try:
            parts = sentences(text)
        except TooLongError:
            return Refusal("TOO_LONG")
        if not parts:
            return Refusal("NOT_A_QUESTION")
        if len(parts) == 1:
            return parse_words(list(parts[0].words), parts[0].asked)
        return _of_several(parts)

    def follow_up(self, text: str, earlier: Earlier) -> Understood | None:
        """Read a question that leans on the one before; None where it stands on its own."""
        return follow_up(text, earlier)


def _joined(parts: list[Sentence]) -> Question | None:
    """Read "The bell rang. What came next?", which only together hang on something."""
    if parts[0].asked or len(parts) > _MAX_JOINED:
        return None
    words = [word for part in parts for word in (*part.words, ",")][:-1]
    understood = parse_words(words, parts[-1].asked)
    return understood if isinstance(understood, Question) and understood.anchors else None


def _of_several(parts: list[Sentence]) -> Understood:
    together = _joined(parts)
    if together is not None:
        return together
    best: Question | None = None
    refused: Refusal | None = None
    for part in parts[:_MAX_SENTENCES]:
        if best is not None:
            leaning = follow_up(" ".join(part.words), Earlier(best))
            if isinstance(leaning, Question):
                best = leaning.within(leaning.window or best.window)
            continue
        understood = parse_words(list(part.words), part.asked)
        if isinstance(understood, Question):
            best = understood
        elif refused is None or refused.reason == "NOT_A_QUESTION":
            refused = understood
    return best or refused or Refusal("NOT_A_QUESTION")
