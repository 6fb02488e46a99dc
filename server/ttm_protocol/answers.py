"""What the server answers over REST, as typed values: declared here once, for every side.

Gateway, worker, model, Python client and MCP server share these; each field's docstring is its
description in the OpenAPI document. Times are media-clock seconds. Knows no connection, no model
and no store.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

State = Literal["answered", "not_seen", "may_have_forgotten", "cannot_tell", "not_received"]
ModalityName = Literal["video", "audio"]
EvidenceModality = Literal["video", "audio", "gap"]

# Lets pydantic take the docstring under a field as its description.
_DOCUMENTED: dict[str, Any] = {"use_attribute_docstrings": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """An entry of memory: what was noticed, when, how often, and in which slot."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _DOCUMENTED

    modality: EvidenceModality
    """The sense; `gap` stands for media that memory did not get."""
    label: str
    """The class that the model gives it, exactly: "Egyptian cat"."""
    start_s: float
    """Where it begins."""
    end_s: float
    """Where it ends."""
    score: float
    """Probability that `label` is right; the same number wherever this entry is shown."""
    count: int
    """How many separate times it was noticed."""
    slot: int
    """Number of the memory slot."""
    name: str = ""
    """The everyday word for `label`: "cat"; empty where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """When it was, on the media clock."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _DOCUMENTED

    ago_s: float
    """Seconds before the answer's `as_of_s`."""
    start_s: float
    """Where it begins."""
    end_s: float
    """Where it ends."""
    uncertainty_s: float
    """The times may be off by this much."""
    wall_clock: str | None = None
    """The start as date and time (RFC 3339, UTC), where the stream came in live."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """What else it may have been, and how probably."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _DOCUMENTED

    text: str
    """The other name."""
    p: float
    """Its probability."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingMedia:
    """A stretch of media that memory did not get."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _DOCUMENTED

    t0: float
    """Where it begins."""
    t1: float
    """Where it ends."""
    reason: str
    """Why: `backpressure`, `late_audio`, `bad_picture` and others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer from memory alone, with its evidence, or an honest refusal.

    `str()` of it is its sentence.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = _DOCUMENTED

    question: str
    """The question as it was asked."""
    state: State
    """`not_seen`: nothing like it in memory, and nothing relevant was evicted.
    `may_have_forgotten`: the time lies before `coverage_since_s`, or a matching entry was evicted
    or merged. `cannot_tell`: a kind of question, or a thing, that memory has no means to know.
    `not_received`: no picture or no sound came in that time at all."""
    answer: str
    """One or more sentences in the language of the question."""
    confidence: float
    """Probability that the answer is right; 0 where none was given."""
    when: When | None = None
    """When the answer's thing was, where it is about one."""
    evidence: tuple[Evidence, ...] = ()
    """The entries of memory that the answer rests on."""
    alternatives: tuple[Alternative, ...] = ()
    """What else the answer's thing may have been."""
    as_of_seq: int = 0
    """The last chunk that memory held when it answered."""
    as_of_s: float = 0.0
    """The media clock at the end of that chunk."""
    coverage_since_s: float = 0.0
    """Since when nothing has been evicted."""
    gaps: tuple[MissingMedia, ...] = ()
    """Missing media that may matter to the answer."""

    def __str__(self) -> str:
        return self.answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """What memory holds, decoded."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _DOCUMENTED

    events: tuple[Evidence, ...]
    """Every entry, by start."""
    coverage_since_s: float = 0.0
    """Since when nothing has been evicted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryItem:
    """One kind of thing in a stretch of time."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _DOCUMENTED

    modality: ModalityName
    """The sense."""
    name: str
    """The everyday word for it."""
    count: int
    """How many separate times it was noticed in the stretch."""
    first_s: float
    """Where the first of them begins."""
    last_s: float
    """Where the last of them ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A stretch of time and what was in it."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _DOCUMENTED

    start_s: float
    """Where it begins."""
    end_s: float
    """Where it ends."""
    items: tuple[SummaryItem, ...]
    """By first appearance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What happened, by stretches of time."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _DOCUMENTED

    text: str
    """The summary in sentences."""
    since_s: float
    """Where it begins."""
    until_s: float
    """Where it ends."""
    stretches: tuple[Stretch, ...]
    """Stretches with something in them, by start."""
    background: tuple[str, ...]
    """What was there nearly all the time."""
    stood_out: tuple[Evidence, ...]
    """What differed most from the rest, surest first."""
    as_of_s: float = 0.0
    """The media clock when it was made."""
    coverage_since_s: float = 0.0
    """Since when nothing has been evicted; before it a summary is not complete."""


def to_plain(value: Any) -> Any:
    """JSON-ready values of an answer, floats rounded to a thousandth.

    `value` is one of the classes above.
    """
    return _rounded(asdict(value))


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(item) for item in value]
    return value
