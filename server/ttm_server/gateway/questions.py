"""REST: questions, the timeline and summaries, answered by whichever worker owns the session.

Passes questions and replies on; knows neither the memory nor how an answer is found.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from pydantic import TypeAdapter

from ttm_protocol.answers import Answer, Summary, Timeline
from ttm_protocol.errors import BadRequest
from ttm_server.gateway.bodies import QuestionRequest
from ttm_server.gateway.openapi import errors
from ttm_server.gateway.pictures import check_question_picture
from ttm_server.gateway.runtime import Gateway, gateway_of
from ttm_server.gateway.sessions import SessionId
from ttm_server.gateway.worker_replies import Since, Until, ask_worker, check_window, checked

_answer = TypeAdapter(Answer)
_timeline = TypeAdapter(Timeline)
_summary = TypeAdapter(Summary)
router = APIRouter(prefix="/v1/sessions/{session_id}", tags=["questions"])


@router.post(
    "/questions",
    summary="Ask about earlier events",
    responses=errors(401, 403, 404, 409, 413, 415, 422, 503),
)
async def ask(request: Request, session_id: SessionId, body: QuestionRequest) -> Answer:
    """Answer a question from the session's memory alone, about a picture where it carries one.

    The question sees every chunk that was durable when it arrived: it waits for them to be
    applied. 503 `answer_timeout`: no worker answered in time; 503 `overloaded`: too many questions
    wait already; 409 `quarantined`: the session is set aside for a while; 409 `state_incompatible`:
    its memory is of another model.
    """
    gateway = gateway_of(request)
    asked = _checked_question(body, gateway)
    with gateway.metrics.question.time():
        reply = await ask_worker(gateway, session_id, "question", asked, body.conversation)
    answer = checked(reply, _answer)
    gateway.metrics.answered(answer.state)
    return answer


@router.get("/timeline", summary="What memory holds", responses=errors(401, 404, 409, 503))
async def timeline(request: Request, session_id: SessionId) -> Timeline:
    """Everything that memory holds now, decoded."""
    reply = await ask_worker(gateway_of(request), session_id, "timeline", {})
    return checked(reply, _timeline)


@router.get("/summary", summary="What happened", responses=errors(401, 404, 409, 422, 503))
async def summary(
    request: Request, session_id: SessionId, since_s: Since = None, until_s: Until = None
) -> Summary:
    """What happened, by stretches of time: all that memory covers, or between two times.

    It waits, as a question does, for every chunk that was durable when it arrived.
    """
    check_window(since_s, until_s)
    window = {"since_s": since_s, "until_s": until_s}
    return checked(await ask_worker(gateway_of(request), session_id, "summary", window), _summary)


def _checked_question(body: QuestionRequest, gateway: Gateway) -> dict[str, Any]:
    """What a worker is asked; raises BadRequest naming the field and its limit."""
    question, most = body.question.strip(), gateway.settings.max_question_chars
    if not 1 <= len(question) <= most:
        raise BadRequest(f"question: {len(question)} characters, 1 to {most}", field="question")
    if any("\ud800" <= character <= "\udfff" for character in question):
        raise BadRequest("question: holds half of a surrogate pair, not text", field="question")
    check_window(body.since_s, body.until_s)
    asked = {"question": question, "since_s": body.since_s, "until_s": body.until_s}
    if body.picture is None:
        return asked
    check_question_picture(body.picture, gateway.limits)
    return asked | {"picture": body.picture}
