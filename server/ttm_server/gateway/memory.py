"""REST: export, import and copy a session's memory. Knows no model: workers announce what fits."""

from __future__ import annotations

import hashlib
import time
from typing import Any

from fastapi import APIRouter, Request, Response

from ttm_protocol.answers import SessionInfo
from ttm_protocol.errors import Overloaded, StateIncompatible
from ttm_server.gateway.bodies import CreatedSession
from ttm_server.gateway.openapi import errors
from ttm_server.gateway.problems import problem
from ttm_server.gateway.runtime import Gateway, gateway_of
from ttm_server.gateway.sessions import SessionId, created, told
from ttm_server.store import GatewayStore, SessionState, fingerprint, memory_file

AS_OF = "Ttm-As-Of-Seq"
LOOK_AGAIN_S = 1.0  # a wake-up may be lost

_FILE: dict[str, Any] = {memory_file.MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}
_EXPORTED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file.",
        "content": _FILE,
        "headers": {
            AS_OF: {
                "description": "The last chunk that is in this memory.",
                "schema": {"type": "integer"},
            },
            "ETag": {
                "description": "Names this very memory, for `If-None-Match`.",
                "schema": {"type": "string"},
            },
        },
    },
    304: {"description": "The memory is still the one that `If-None-Match` names."},
}

router = APIRouter(prefix="/v1/sessions/{session_id}", tags=["memory"])


@router.get(
    "/memory",
    summary="Export the memory",
    response_class=Response,
    responses=_EXPORTED | errors(401, 404, 409, 503),
)
async def export_memory(request: Request, session_id: SessionId) -> Response:
    """The committed memory as a safetensors file, with all that is needed to go on from it.

    It is what was committed last, `Ttm-As-Of-Seq`; chunks after that are not in it. To have
    everything that was sent, wait until `applied_seq` has reached `durable_seq`; what was open when
    a stream ended (the last words) is waited for, where a worker lives. 404 `no_memory`:
    nothing has been committed yet. One that was moved out of the store is read where it lies: 409
    `tier_damaged`: it is not there any more, or damaged.
    """
    gateway = gateway_of(request)
    await _settled(gateway, session_id)
    state = await gateway.store.read_state(session_id)
    if state is None:
        return problem(404, "no_memory", "memory: nothing has been committed yet", "memory")
    data = memory_file.pack(state)
    tag = f'"{state.seq}-{hashlib.sha256(data).hexdigest()[:32]}"'
    headers = {AS_OF: str(state.seq), "ETag": tag, "Cache-Control": "no-cache"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    name = f"{session_id}-{state.seq}.safetensors"
    headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return Response(data, media_type=memory_file.MEDIA_TYPE, headers=headers)


@router.put(
    "/memory",
    summary="Import a memory",
    responses=errors(401, 403, 404, 409, 413, 415, 422, 503),
    openapi_extra={"requestBody": {"required": True, "content": _FILE}},
)
async def import_memory(request: Request, session_id: SessionId) -> SessionInfo:
    """Put an exported memory in the place of this session's own.

    The session keeps its own positions: chunks that wait are folded into the new memory, and the
    stream goes on from its `next_seq`. 409 `state_incompatible`: no running worker could continue
    this memory; 422: not a file of this server, or a truncated one; 503 `overloaded`: no worker has
    said yet what it can continue.
    """
    gateway = gateway_of(request)
    await gateway.store.session(session_id)  # an unknown session is told before a bad file
    most = gateway.settings.max_memory_bytes
    state = await _fitting(gateway.store, memory_file.unpack(await request.body(), most))
    await gateway.store.replace_state(session_id, state)
    return told(await gateway.store.session(session_id))


@router.post(
    "/fork",
    status_code=201,
    summary="Copy a session",
    responses=errors(401, 403, 404, 409, 503),
)
async def fork_session(request: Request, session_id: SessionId) -> CreatedSession:
    """Begin a session that starts from a copy of this one's committed memory and position.

    Chunks that are durable and not yet applied stay with the session they were sent to; what was
    open when a stream ended is waited for, where a worker lives.
    """
    gateway = gateway_of(request)
    await _settled(gateway, session_id)
    return await created(request, await gateway.store.fork_session(session_id))


async def _settled(gateway: Gateway, session_id: str) -> None:
    """Wait until what was open at a stream's end is in memory, as questions do.

    Without a worker that could take it in, and after `answer_timeout_s`, memory is taken as it is:
    its pending jobs say what it lacks, and come to a gap where it goes on.
    """
    store = gateway.store
    if not await store.flush_due(session_id):
        return
    until_s = time.monotonic() + gateway.settings.answer_timeout_s
    async with store.watch(session_id) as wake:
        while await store.flush_due(session_id) and (await store.workers()).ready:
            left_s = until_s - time.monotonic()
            if left_s <= 0 or gateway.draining.is_set():
                return
            await wake.wait(min(left_s, LOOK_AGAIN_S))


async def _fitting(store: GatewayStore, state: SessionState) -> SessionState:
    """The state in the words of the model that will go on from it.

    Raises StateIncompatible where no running worker's model can, Overloaded where none runs.
    """
    schema = str(state.model["schema"])
    announced = await store.announced_model(schema)
    if announced is None:
        other = await store.announced_model()
        if other is None:
            raise Overloaded("memory: no worker runs that could tell whether it fits; try again")
        raise StateIncompatible(
            f"schema: the file has {schema!r}, this server continues {other.schema!r}",
            field="schema",
        )
    if fingerprint(state.memory) != announced.fingerprint:
        raise StateIncompatible(
            f"memory: {len(state.memory)} bytes that are not laid out as {schema!r} "
            f"({announced.memory.get('bytes')} bytes)",
            field="memory",
        )
    return SessionState(
        seq=state.seq,
        memory=state.memory,
        media_s=state.media_s,
        gaps=state.gaps,
        model=announced.model,
        shape=announced.memory,
    )
