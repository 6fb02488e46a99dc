"""Ask whichever worker owns a session, check what comes back. Knows no endpoint, no memory."""

from __future__ import annotations

import asyncio
import logging
from typing import Annotated, Any, TypeVar

from fastapi import Query
from pydantic import TypeAdapter, ValidationError

from ttm_protocol.errors import BadRequest, Restarting, TTMError, error_of_code
from ttm_server.gateway.runtime import Gateway
from ttm_server.logs import told_about
from ttm_server.store import AskKind, Reply
from ttm_server.tracing import carried, span

T = TypeVar("T")
_REPLY_SLACK_S = 0.5  # the worker drops a question at its deadline; its last reply needs a moment

Since = Annotated[
    float | None,
    Query(ge=0, allow_inf_nan=False, description="From this media-clock second on."),
]
Until = Annotated[
    float | None,
    Query(
        ge=0,
        allow_inf_nan=False,
        description="Up to this media-clock second; not before `since_s`.",
    ),
]

_log = logging.getLogger("ttm_server.gateway.questions")


def check_window(since_s: float | None, until_s: float | None) -> None:
    """Raise BadRequest where a stretch of time ends before it begins."""
    if since_s is not None and until_s is not None and since_s > until_s:
        raise BadRequest(f"until_s: {until_s:g} lies before since_s {since_s:g}", field="until_s")


async def ask_worker(
    gateway: Gateway,
    session_id: str,
    kind: AskKind,
    body: dict[str, Any],
    conversation: str | None = None,
) -> Reply:
    """The reply, given after every chunk that is durable now; raises what the worker refused with.

    Raises Restarting where this gateway goes away meanwhile, AnswerTimeout where none came in time.
    """
    with span(f"ask {kind}", session_id=session_id):
        return await _ask_worker(gateway, session_id, kind, body, conversation)


async def _ask_worker(
    gateway: Gateway, session_id: str, kind: AskKind, body: dict[str, Any], conversation: str | None
) -> Reply:
    timeout_s = gateway.settings.answer_timeout_s
    origin = {**told_about(), **carried()}
    ask_id = await gateway.store.ask(session_id, kind, body, timeout_s, conversation, origin)
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


def checked(reply: Reply, adapter: TypeAdapter[T]) -> T:
    """The worker's body, once it is what the documentation promises."""
    return checked_body(reply.body, adapter)


def checked_body(body: dict[str, Any] | None, adapter: TypeAdapter[T]) -> T:
    """What a worker says, once it is what the documentation promises; raises TTMError."""
    try:
        return adapter.validate_python(body)
    except ValidationError as error:
        # Only where and what kind: the values may hold the question.
        kinds = [(details["loc"], details["type"]) for details in error.errors()]
        _log.error("a worker's reply is not a valid %s: %s", error.title, kinds)
        raise TTMError("the worker's answer is not valid") from None
