"""What a conversation remembers of its last question, as plain values. Knows no store."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

from ttm_model.questions.followups import follow_up
from ttm_model.questions.parsed import Kind, ParsedQuestion
from ttm_model.questions.parser import parse
from ttm_model.questions.window import Window


@dataclass(frozen=True, slots=True)
class Context:
    """The question before, as it was understood, and the label that its answer named."""

    parsed: ParsedQuestion
    answered: str | None = None

    def to_plain(self) -> dict[str, Any]:
        """JSON-ready values."""
        parsed = asdict(self.parsed) | {"kind": self.parsed.kind.value}
        return {"parsed": parsed, "answered": self.answered}

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Self:
        """What `to_plain` gave; raises ValueError for anything else."""
        try:
            fields = dict(plain["parsed"])
            window = fields.pop("window")
            kind = Kind(fields.pop("kind"))
            parsed = ParsedQuestion(
                kind=kind, window=None if window is None else Window(**window), **fields
            )
            return cls(parsed, plain["answered"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"context: not a remembered question: {error}") from None


def understand(text: str, before: Context | None) -> ParsedQuestion:
    """Parse a question, leaning on the one before where the text does not stand alone."""
    if before is not None:
        leaning = follow_up(text, before.parsed, before.answered)
        if leaning is not None:
            return leaning
    return parse(text)
