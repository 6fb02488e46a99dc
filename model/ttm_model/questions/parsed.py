"""What a question was understood as: typed values. They know no words and no memory."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from ttm_model.questions.window import Window

Modality = Literal["video", "audio"]
Order = Literal["first", "last"]


class Kind(StrEnum):
    """The kinds of question that the reader answers, and `UNSUPPORTED`."""

    PRESENCE = "presence"
    WHAT = "what"
    WHEN = "when"
    BEFORE = "before"
    AFTER = "after"
    FIRST = "first"
    LAST = "last"
    COUNT = "count"
    HOW_LONG = "how_long"
    WITH = "with"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class ParsedQuestion:
    """One understood question.

    `phrase`: the thing asked about, without articles, head noun in the singular. For BEFORE, AFTER
    and WITH it is the anchor ("before the *cup*"); the thing asked for is then open, or `target`
    where it was named ("did you see a *dog* before the cup"). For WHAT, FIRST and LAST a phrase
    is a category that restricts the answer ("what *animal* did you see") and usually None.
    `modality`: of what is asked for. `anchor_modality`: of the anchor, where the words tell.
    `window`: restriction in time. `order`: which occurrence of the phrase is meant.
    `negated`: asked in the negative; answered like the positive.
    `reason`: for UNSUPPORTED only, one sentence in plain words.
    """

    kind: Kind
    phrase: str | None = None
    modality: Modality | None = None
    anchor_modality: Modality | None = None
    window: Window | None = None
    negated: bool = False
    reason: str | None = None
    order: Order | None = None
    target: str | None = None

    @property
    def supported(self) -> bool:
        """Whether the reader can answer this kind at all."""
        return self.kind is not Kind.UNSUPPORTED


def unsupported(reason: str) -> ParsedQuestion:
    """Build the refusal of a question, with its one-sentence reason."""
    return ParsedQuestion(kind=Kind.UNSUPPORTED, reason=reason)
