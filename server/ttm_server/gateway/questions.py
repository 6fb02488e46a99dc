"""REST: questions, the timeline and summaries, answered by whichever worker owns the session.

Passes questions and replies on; knows neither the memory nor how an answer is found.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Request
from pydantic import TypeAdapter, ValidationError

from ttm_protocol.answers import Answer, Summary, Timeline
from ttm_protocol.errors import BadRequest, Restarting, TTMError, error_of_code
from ttm_server.gateway.bodies import QuestionRequest
from ttm_server.gateway.openapi import errors
from ttm_server.gateway.runtime import Gateway, gateway_of
from ttm_server.gateway.sessions import SessionId
from ttm_server.store import AskKind, Reply

T = TypeVar("T")
_REPLY_SLACK_S = 0.5  # the worker drops a question at its deadline; its last reply needs a moment

_answer = TypeAdapter(Answer)
_timeline = TypeAdapter(Timeline)
_summary = TypeAdapter(Summary)
_log = logging.getLogger("ttm_server.gateway.questions")
router = APIRouter(prefix="/v1/sessions/{session_id}", tags=["questions"])


@router.post(
    "/questions",
    summary="Ask about earlier events",
    responses=errors(401, 403, 404, 409, 413, 415, 422, 503),
)
async def ask(request: Request, session_id: SessionId, body: QuestionRequest) -> Answer:
    """Answer a question from the session's memory alone.

    The question sees every chunk that was durable when it arrived: it waits for them to be
    applied. 503 `answer_timeout`: no worker answered in time; 503 `overloaded`: too many questions
    wait already; 409 `quarantined`: the session is set aside for a while; 409 `state_incompatible`:
    its memory is of another model.
    """
    gateway = gateway_of(request)
    question = _checked_question(body, gateway.settings.max_question_chars)
    asked: dict[str, Any] = {
        "question": question,
        "since_s": body.since_s,
        "until_s": body.until_s,
    }
    with gateway.metrics.question.time():
        reply = await _ask(gateway, session_id, "question", asked, body.conversation)
    return _checked(reply, _answer)


@router.get("/timeline", summary="What memory holds", responses=errors(401, 404, 409, 503))
async def timeline(request: Request, session_id: SessionId) -> Timeline:
    """Everything that memory holds now, decoded."""
    return _checked(await _ask(gateway_of(request), session_id, "timeline", {}), _timeline)


@router.get("/summary", summary="What happened", responses=errors(401, 404, 409, 422, 503))
async def summary(
    request: Request,
    session_id: SessionId,
    since_s: Annotated[
        float | None,
        Query(ge=0, allow_inf_nan=False, description="From this media-clock second on."),
    ] = None,
    until_s: Annotated[
        float | None,
        Query(
            ge=0,
            allow_inf_nan=False,
            description="Up to this media-clock second; not before `since_s`.",
        ),
    ] = None,
) -> Summary:
    """What happened, by stretches of time: all that memory covers, or between two times.

    It waits, as a question does, for every chunk that was durable when it arrived.
    """
    _check_window(since_s, until_s)
    window = {"since_s": since_s, "until_s": until_s}
    return _checked(await _ask(gateway_of(request), session_id, "summary", window), _summary)


def _checked_question(body: QuestionRequest, most: int) -> str:
    question = body.question.strip()
    if not 1 <= len(question) <= most:
        raise BadRequest(f"question: {len(question)} characters, 1 to {most}", field="question")
    if any("\ud800" <= character <= "\udfff" for character in question):
        raise BadRequest("question: holds half of a surrogate pair, not text", field="question")
    _check_window(body.since_s, body.until_s)
    return question


def _check_window(since_s: float | None, until_s: float | None) -> None:
    if since_s is not None and until_s is not None and since_s > until_s:
        raise BadRequest(f"until_s: {until_s:g} lies before since_s {since_s:g}", field="until_s")


async def _ask(
    gateway: Gateway,
    session_id: str,
    kind: AskKind,
    body: dict[str, Any],
    conversation: str | None = None,
) -> Reply:
    timeout_s = gateway.settings.answer_timeout_s
    ask_id = await gateway.store.ask(session_id, kind, body, timeout_s, conversation)
    waiting = asyncio.ensure_future(
        gateway.store.wait_reply(session_id, ask_id, timeout_s + _REPLY_SLACK_S)
    )
    closing = asyncio.ensure_future(gateway.closing.wait())
    try:
        await asyncio.wait((waiting, closing), return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            raise Restarting("this gateway is going away; ask again")
        reply = waiting.result()
    finally:
        await _cancelled(waiting)
        await _cancelled(closing)
    if reply.error_code is not None:
        message = reply.error_message or reply.error_code
        raise error_of_code(reply.error_code, message, field=reply.error_field)
    return reply


async def _cancelled(task: asyncio.Future[T]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _checked(reply: Reply, adapter: TypeAdapter[T]) -> T:
    """The worker's body, once it is what the documentation promises."""
    try:
        return adapter.validate_python(reply.body)
    except ValidationError as error:
        # Only where and what kind: the values may hold the question.
        kinds = [(details["loc"], details["type"]) for details in error.errors()]
        _log.error("a worker's reply is not a valid %s: %s", error.title, kinds)
        raise TTMError("the worker's answer is not valid") from None
