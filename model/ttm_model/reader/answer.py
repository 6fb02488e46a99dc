"""What a question is answered with: the REST answer as values. Knows no memory and no words."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

State = Literal["answered", "not_seen", "may_have_forgotten", "cannot_tell"]
ModalityName = Literal["video", "audio"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One memory slot that an answer rests on."""

    modality: ModalityName
    label: str
    start_s: float
    end_s: float
    score: float
    count: int
    slot: int


@dataclass(frozen=True, slots=True)
class When:
    """When the answer's thing was, and how far that may be off."""

    ago_s: float
    start_s: float
    end_s: float
    uncertainty_s: float


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another possible answer and its probability."""

    text: str
    p: float


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; times are media-clock seconds, confidence is the probability that it is right."""

    question: str
    state: State
    answer: str
    confidence: float
    when: When | None
    evidence: tuple[Evidence, ...]
    alternatives: tuple[Alternative, ...]
    as_of_s: float
    coverage_since_s: float

    def to_dict(self) -> dict[str, Any]:
        """The REST answer's fields, rounded to what a client can use."""
        return {name: rounded(value) for name, value in asdict(self).items()}


def rounded(value: Any) -> Any:
    """The same structure with floats rounded to a thousandth and tuples as lists."""
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(item) for item in value]
    return value
