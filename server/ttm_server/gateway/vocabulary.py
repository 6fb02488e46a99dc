"""REST: what the senses of this server can recognise. Knows no model: workers announce it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import TypeAdapter

from ttm_protocol.answers import Vocabulary
from ttm_protocol.errors import Overloaded
from ttm_server.gateway.openapi import errors
from ttm_server.gateway.runtime import gateway_of
from ttm_server.gateway.worker_replies import checked_body

_vocabulary = TypeAdapter(Vocabulary)
router = APIRouter(prefix="/v1", tags=["vocabulary"])


@router.get("/vocabulary", summary="What can be recognised", responses=errors(401, 503))
async def vocabulary(request: Request) -> Vocabulary:
    """The senses of this server and the classes that each tells apart, by kind, with examples.

    It is what the worker that spoke up last says. 503 `overloaded`: none has yet, or none runs.
    """
    announced = await gateway_of(request).store.announced_model()
    if announced is None or announced.vocabulary is None:
        raise Overloaded(
            "vocabulary: no worker has said yet what it can recognise; try again in a moment"
        )
    return checked_body(announced.vocabulary, _vocabulary)
