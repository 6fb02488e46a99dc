"""REST: questions and the timeline, answered by whichever worker owns the session.

Passes questions and replies on; knows neither the memory nor how an answer is found.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, TypeVar

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError

from ttm_protocol.errors import BadRequest, Restarting, TTMError
from ttm_server.gateway.models import Answer, QuestionRequest, Timeline
from ttm_server.gateway.openapi import errors
from ttm_server.gateway.problems import error_of_code
from ttm_server.gateway.sessions import SessionId
from ttm_server.gateway.state import Gateway, gateway_of
from ttm_server.store import AskKind, Reply

T = TypeVar("T")
_REPLY_SLACK_S = 0.5  # the worker drops a question at its deadline; its last reply needs a moment

_log = logging.getLogger("ttm_server.gateway.questions")
router = APIRouter(prefix="/v1/sessions/{session_id}", tags=["questions"])


@router.post(
    "/questions",
    response_model=Answer,
    summary="Ask about earlier events",
    responses=errors(401, 403, 404, 409, 413, 415, 422, 503),
)
async def ask(request: Request, session_id: SessionId, body: QuestionRequest) -> JSONResponse:
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
    return _passed_on(reply, Answer)


@router.get(
    "/timeline",
    response_model=Timeline,
    summary="What memory holds",
    responses=errors(401, 404, 409, 503),
)
async def timeline(request: Request, session_id: SessionId) -> JSONResponse:
    """Everything that memory holds now, decoded."""
    return _passed_on(await _ask(gateway_of(request), session_id, "timeline", {}), Timeline)


def _checked_question(body: QuestionRequest, most: int) -> str:
    question = body.question.strip()
    if not 1 <= len(question) <= most:
        raise BadRequest(f"question: {len(question)} characters, 1 to {most}", field="question")
    if any("\ud800" <= character <= "\udfff" for character in question):
        raise BadRequest("question: holds half of a surrogate pair, not text", field="question")
    if body.since_s is not None and body.until_s is not None and body.since_s > body.until_s:
        raise BadRequest(
            f"until_s: {body.until_s:g} lies before since_s {body.since_s:g}", field="until_s"
        )
    return question


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
        raise error_of_code(reply.error_code, reply.error_message or reply.error_code)
    return reply


async def _cancelled(task: asyncio.Future[T]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _passed_on(reply: Reply, model: type[BaseModel]) -> JSONResponse:
    """The worker's body as it is, after a check that it is what the documentation promises."""
    try:
        model.model_validate(reply.body)
    except ValidationError as error:
        # Only where and what kind: the values may hold the question.
        kinds = [(details["loc"], details["type"]) for details in error.errors()]
        _log.error("a worker's reply is not a valid %s: %s", model.__name__, kinds)
        raise TTMError("the worker's answer is not valid") from None
    return JSONResponse(reply.body)
