"""What the server answers, as typed values. Knows no connection.

Fields that this version does not know are ignored, so that a newer server can be asked.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from ttm_protocol.messages import Gap

State = Literal["answered", "not_seen", "may_have_forgotten", "cannot_tell"]


class When(msgspec.Struct, frozen=True):
    """When it happened, in media-clock seconds; `ago_s` counts back from `Answer.as_of_s`."""

    ago_s: float
    start_s: float
    end_s: float
    uncertainty_s: float


class Evidence(msgspec.Struct, frozen=True):
    """A memory entry: what was noticed, when (media-clock seconds), how often, in which slot."""

    modality: Literal["video", "audio", "gap"]
    label: str
    start_s: float
    end_s: float
    score: float
    count: int
    slot: int


class Alternative(msgspec.Struct, frozen=True):
    """What else it may have been, and how probably."""

    text: str
    p: float


class Answer(msgspec.Struct, frozen=True):
    """An answer from memory alone, or an honest refusal (`state`). `str()` of it is its text.

    `as_of_s`: media-clock second that memory had reached; it reaches back to `coverage_since_s`.
    """

    question: str
    state: State
    answer: str
    confidence: float
    evidence: list[Evidence] = []
    alternatives: list[Alternative] = []
    as_of_seq: int = 0
    as_of_s: float = 0.0
    coverage_since_s: float = 0.0
    gaps: list[Gap] = []
    when: When | None = None

    def __str__(self) -> str:
        return self.answer


class Timeline(msgspec.Struct, frozen=True):
    """What memory holds, decoded; it reaches back to `coverage_since_s` (media clock)."""

    events: list[Evidence]
    coverage_since_s: float = 0.0


class SessionInfo(msgspec.Struct, frozen=True):
    """Where a session's stream and memory stand; `created_at` is in Unix seconds."""

    session_id: str
    status: Literal["live", "idle", "ended", "quarantined"]
    created_at: float
    durable_seq: int
    applied_seq: int
    lag_chunks: int
    media_s: float
    gaps: list[Gap] = []
    model: dict[str, Any] = {}
    memory: dict[str, Any] = {}
