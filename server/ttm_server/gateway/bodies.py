"""Bodies of REST requests, and of the answers that only REST has. Knows no store.

What a session, an answer or a timeline is, `ttm_protocol.answers` says. Request models are strict:
a number is not taken from text, and a misspelt field is refused.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from ttm_protocol.answers import SessionInfo
from ttm_server.gateway.examples import SESSION_ID

MAX_NAME_BYTES = 48  # of a taught thing, as the memory keeps it
_REQUEST = ConfigDict(extra="forbid", strict=True)


class NewSession(BaseModel):
    """Nothing can be chosen yet: send `{}` or no body at all."""

    model_config = _REQUEST


class QuestionRequest(BaseModel):
    """A question about earlier events."""

    model_config = ConfigDict(
        **_REQUEST, json_schema_extra={"examples": [{"question": "When did the dog bark?"}]}
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
    picture: str | None = Field(
        None,
        description='What the question is about, where its words point at a picture ("when did '
        "you see this?\"): a JPEG, PNG or WebP file as base64, with the limits of a chunk's "
        "pictures. It is not kept.",
        json_schema_extra={"contentEncoding": "base64"},
    )
    conversation: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9_-]{1,64}$",
        description="Any id of your choice. A question with the same id may lean on the one "
        'before it ("and after that?"); the server forgets a conversation after ten minutes.',
    )


class Lesson(BaseModel):
    """A name for what was just seen or heard, or for what was there in a stretch of time."""

    model_config = ConfigDict(**_REQUEST, json_schema_extra={"examples": [{"name": "my cup"}]})

    name: str = Field(
        description=f"The name, 1 to {MAX_NAME_BYTES} bytes of UTF-8 without the white space "
        'around it, as one says it: "my cup". A name that is there already gets one more example.'
    )
    since_s: float | None = Field(
        None,
        ge=0,
        allow_inf_nan=False,
        description="What was there from this media-clock second on; without it, what was there "
        "in the last seconds.",
    )
    until_s: float | None = Field(
        None,
        ge=0,
        allow_inf_nan=False,
        description="Up to this media-clock second; not before `since_s`.",
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


class SessionList(BaseModel):
    """Sessions, oldest first."""

    sessions: list[SessionInfo]


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
    request_id: str | None = Field(
        None,
        description="The request's `X-Request-Id`, under which the server's log tells of it.",
        examples=["4be1c9d2a7f03e58"],
    )
    waiting_for: list[str] | None = Field(
        None,
        description="Only with `not_ready`: what is missing until this server can answer.",
        examples=[["a worker: model loading since 8 s"]],
    )
