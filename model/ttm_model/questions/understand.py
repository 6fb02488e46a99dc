"""From a text to a question, in whichever language it was asked. Knows no memory and no grammar."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Protocol, Self

from ttm_model.questions.earlier import Earlier
from ttm_model.questions.literal import PICTURE, STANDIN, Literals, literals
from ttm_model.questions.question import Noun, Question, Refusal, Understood
from ttm_model.questions.rules.parser import RuleParser
from ttm_model.questions.spoken import PatternParser
from ttm_model.questions.tongue import likely
from ttm_model.questions.window import Window
from ttm_protocol.answers import Answer

UNSUPPORTED_LANGUAGE = "LANGUAGE"


class Parser(Protocol):
    """One way of understanding one language."""

    def parse(self, text: str) -> Understood:
        """Understand a text that stands on its own. Never raises."""
        ...

    def follow_up(self, text: str, earlier: Earlier) -> Understood | None:
        """Understand a text that leans on the question before; None where it does not."""
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """What a conversation remembers: its last question, and what the answer to it named."""

    question: Question
    answered: Noun | None = None

    def to_plain(self) -> dict[str, Any]:
        """JSON-ready values."""
        return asdict(self)

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Self:
        """What `to_plain` gave; raises ValueError for anything else."""
        try:
            answered = plain["answered"]
            return cls(_question(plain["question"]), None if answered is None else _noun(answered))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"context: not a remembered question: {error}") from None


def _noun(plain: dict[str, Any]) -> Noun:
    at = plain["at"]
    exact = {"at": at and (float(at[0]), float(at[1])), "unread": tuple(plain["unread"])}
    return Noun(**(plain | exact))


def _question(plain: dict[str, Any]) -> Question:
    thing, window = plain["thing"], plain["window"]
    slots = {
        "thing": None if thing is None else _noun(thing),
        "anchors": tuple(_noun(anchor) for anchor in plain["anchors"]),
        "window": None if window is None else Window(**window),
    }
    return Question(**(plain | slots))


def remembered(understood: Understood, answer: Answer, before: Context | None) -> Context | None:
    """What a conversation remembers after an answer: the question, and the thing it named."""
    if isinstance(understood, Refusal):
        return before
    first = answer.evidence[0] if answer.evidence else None
    if first is None or first.modality == "gap":
        return Context(understood)
    at = (first.start_s, first.end_s)
    if first.modality in ("speech", "text"):
        asked = understood.modality == first.modality and understood.thing is None
        return Context(understood, Noun(first.text, first.modality, at=at) if asked else None)
    seen = first.modality == "video"  # the everyday name was said; that of a sound is a clause
    named = first.name if seen and first.name else first.label
    return Context(understood, Noun(named, first.modality, at=at))


@cache
def parser(language: str) -> Parser:
    """The parser of a language: rules for English, patterns for the others."""
    return RuleParser() if language == "english" else PatternParser(language)


def understand(
    text: str,
    before: Context | None = None,
    names: Iterable[str] = (),
    pictured: bool = False,
) -> Understood:
    """Understand a question, leaning on the one before where the text does not stand alone.

    `names` are those that things were taught by; `pictured`: a picture came with the question. The
    language is the one whose parser understands it; a text in another language is refused as such.
    """
    refused: Refusal | None = None
    taken = literals(text, names, pictured)
    for language in likely(STANDIN.sub("", taken.text)):
        understood = _leaning(taken, before, pictured, language) or parser(language).parse(
            taken.text
        )
        if isinstance(understood, Question):
            return taken.restored(understood)
        refused = refused or understood
    return taken.restored(refused or Refusal(UNSUPPORTED_LANGUAGE))


def _leaning(
    taken: Literals, before: Context | None, pictured: bool, language: str
) -> Understood | None:
    """The text as it leans on the question before, or on the picture that came with it."""
    if pictured and taken.picture is None:
        shown = Noun(PICTURE, "video", pictured=True)
        before = Context(Question("presence", shown, "video", language=language), shown)
    if before is None or before.question.language != language:
        return None
    return parser(language).follow_up(taken.text, Earlier(before.question, before.answered))
