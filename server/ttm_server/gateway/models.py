"""Bodies of REST requests and answers, as the documentation shows them. Knows no store.

Request models are strict: a number is not taken from text, and a misspelt field is refused.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

_REQUEST = ConfigDict(extra="forbid", strict=True)
_ANSWER = ConfigDict(extra="allow", populate_by_name=True)

SESSION_ID = "V1StGXR8Z5jdHi6BmyT9"
ANSWER_EXAMPLE: dict[str, Any] = {
    "question": "When did the dog bark?",
    "state": "answered",
    "answer": "A dog barked about a minute and a half ago, three times.",
    "confidence": 0.82,
    "when": {"ago_s": 94.0, "start_s": 31.5, "end_s": 36.0, "uncertainty_s": 2.0},
    "evidence": [
        {
            "modality": "audio",
            "label": "dog bark",
            "start_s": 31.5,
            "end_s": 36.0,
            "score": 0.71,
            "count": 3,
            "slot": 37,
        }
    ],
    "alternatives": [{"text": "door slam", "p": 0.09}],
    "as_of_seq": 256,
    "as_of_s": 128.0,
    "coverage_since_s": 12.0,
    "gaps": [],
}


class NewSession(BaseModel):
    """Nothing can be chosen yet: send `{}` or no body at all."""

    model_config = _REQUEST


class QuestionRequest(BaseModel):
    """A question about earlier events."""

    model_config = ConfigDict(
        **_REQUEST, json_schema_extra={"example": {"question": "When did the dog bark?"}}
    )

    question: str = Field(
        description="The question, 1 to `max_question_chars` characters without the white space "
        "around it."
    )
    since_s: float | None = Field(
        None,
        ge=0,
        allow_inf_nan=False,
        description="Only what happened from this media-clock second on.",
    )
    until_s: float | None = Field(
        None,
        ge=0,
        allow_inf_nan=False,
        description="Only what happened up to this media-clock second; not before `since_s`.",
    )

    conversation: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9_-]{1,64}$",
        description="Any id of your choice. A question with the same id may lean on the one "
        'before it ("and after that?"); the server forgets a conversation after ten minutes.',
    )


class Ticket(BaseModel):
    """Opens one stream connection, once."""

    ticket: str = Field(
        description="Goes into `start`. Works once.", examples=["3q2-7wAAAAAkY2FtZXJh"]
    )
    ticket_expires_s: float = Field(description="Seconds until it expires.", examples=[60.0])


class CreatedSession(Ticket):
    """A new session and how to stream into it."""

    session_id: str = Field(examples=[SESSION_ID])
    stream_url: str = Field(
        description="Address of the session's WebSocket.",
        examples=[f"ws://127.0.0.1:8000/v1/sessions/{SESSION_ID}/stream"],
    )


class GapModel(BaseModel):
    """Media that memory did not get."""

    t0: float = Field(description="Media-clock second of its start.", examples=[12.0])
    t1: float = Field(description="Media-clock second of its end.", examples=[14.5])
    reason: str = Field(examples=["backpressure"])


class ModelInfo(BaseModel):
    """Which model made the memory; null before the first chunk has been applied."""

    model_config = _ANSWER

    preset: str | None = Field(None, examples=["lite"])
    checkpoint: str | None = None
    schema_: int | str | None = Field(
        None, alias="schema", description="Version of the memory's layout.", examples=[1]
    )


class MemoryInfo(BaseModel):
    """The memory's fixed size; tokens and dim are null before the first chunk has been applied."""

    model_config = _ANSWER

    tokens: int | None = Field(None, examples=[96])
    dim: int | None = Field(None, examples=[256])
    bytes: int = Field(0, description="Size of the committed state.", examples=[113408])


class Session(BaseModel):
    """One session: where its stream and its memory stand."""

    session_id: str = Field(examples=[SESSION_ID])
    status: Literal["live", "idle", "ended", "quarantined"] = Field(
        description="`live`: a client is connected; `ended`: it sent `end` and all is applied; "
        "`quarantined`: its next chunk ended its worker again and again, it is set aside for a "
        "while and takes neither chunks nor questions."
    )
    created_at: float = Field(description="Unix seconds.", examples=[1767225600.0])
    durable_seq: int = Field(description="Every chunk up to this one survives a crash.")
    applied_seq: int = Field(description="Every chunk up to this one is in memory.")
    lag_chunks: int = Field(
        description="Chunks that wait for a worker: `durable_seq` less `applied_seq`."
    )
    media_s: float = Field(description="Seconds of media in memory.", examples=[128.0])
    gaps: list[GapModel] = Field(description="Media that memory did not get, oldest first.")
    model: ModelInfo
    memory: MemoryInfo


class SessionList(BaseModel):
    """Sessions, oldest first."""

    sessions: list[Session]


class When(BaseModel):
    """When it happened, on the media clock."""

    model_config = _ANSWER

    ago_s: float = Field(description="Seconds before `as_of_s`.")
    start_s: float
    end_s: float
    uncertainty_s: float = Field(description="The times may be off by this much.")


class Evidence(BaseModel):
    """A memory entry that the answer rests on."""

    model_config = _ANSWER

    modality: Literal["video", "audio", "gap"]
    label: str
    start_s: float
    end_s: float
    score: float
    count: int = Field(description="How many times it was noticed.")
    slot: int = Field(description="Number of the memory slot.")


class Alternative(BaseModel):
    """What else it may have been."""

    model_config = _ANSWER

    text: str
    p: float


class Answer(BaseModel):
    """An answer from memory alone, with its evidence, or an honest refusal."""

    model_config = ConfigDict(
        extra="allow", json_schema_extra={"example": ANSWER_EXAMPLE}, allow_inf_nan=False
    )

    question: str
    state: Literal["answered", "not_seen", "may_have_forgotten", "cannot_tell"] = Field(
        description="`not_seen`: nothing like it in memory and nothing relevant was evicted. "
        "`may_have_forgotten`: the time lies before `coverage_since_s`, or a matching entry was "
        "evicted or merged. `cannot_tell`: a kind of question that is not supported."
    )
    answer: str
    confidence: float = Field(ge=0, le=1)
    when: When | None = None
    evidence: list[Evidence]
    alternatives: list[Alternative]
    as_of_seq: int = Field(description="The last chunk that memory held when it answered.")
    as_of_s: float = Field(description="Media-clock seconds at the end of that chunk.")
    coverage_since_s: float = Field(description="Memory reaches back to this second.")
    gaps: list[GapModel] = Field(description="Missing media that may matter to the answer.")


class Timeline(BaseModel):
    """What memory holds, decoded."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False)

    events: list[Evidence]
    coverage_since_s: float = Field(description="Memory reaches back to this second.")


class Health(BaseModel):
    """A sign of life."""

    status: str = Field(examples=["ok"])


class Problem(BaseModel):
    """An error, as an RFC 9457 problem document (`application/problem+json`)."""

    type: str = Field(examples=["urn:ttmserve:problem:bad_request"])
    title: str = Field(examples=["Unprocessable Entity"])
    status: int = Field(examples=[422])
    detail: str = Field(
        description="What is wrong, naming the field and the limit.",
        examples=["question: 2345 characters, 1 to 2000"],
    )
    code: str = Field(
        description="The kind of error, for programs; the same codes as in a stream's `error`.",
        examples=["bad_request"],
    )
    field: str | None = Field(
        None, description="The input that is wrong, where there is one.", examples=["question"]
    )
