"""Plain English about the past of a stream to a typed question. It knows no memory."""

from dataclasses import replace

from ttm_model.questions import reasons
from ttm_model.questions.followups import follow_up
from ttm_model.questions.parsed import ParsedQuestion, unsupported
from ttm_model.questions.sentence import parse_words
from ttm_model.questions.tokens import Sentence, TooLongError, sentences


def parse(text: str) -> ParsedQuestion:
    """Understand one question in English. Never raises; what it cannot read is UNSUPPORTED.

    Of several sentences the first supported one counts, refined by those after it where they
    lean on it ("Did you see a dog? When?").
    """
    try:
        parts = sentences(text)
    except TooLongError:
        return unsupported(reasons.TOO_LONG)
    if not parts:
        return unsupported(reasons.NOT_A_QUESTION)
    if len(parts) == 1:
        return parse_words(list(parts[0].words), parts[0].asked)
    return _of_several(parts)


def _of_several(parts: list[Sentence]) -> ParsedQuestion:
    best: ParsedQuestion | None = None
    refused: ParsedQuestion | None = None
    for part in parts[:8]:
        if best is not None:
            leaning = follow_up(" ".join(part.words), best)
            if leaning is not None and leaning.supported:
                best = replace(leaning, window=leaning.window or best.window)
            continue
        parsed = parse_words(list(part.words), part.asked)
        if parsed.supported:
            best = parsed
        elif refused is None or refused.reason == reasons.NOT_A_QUESTION:
            refused = parsed
    return best or refused or unsupported(reasons.NOT_A_QUESTION)
