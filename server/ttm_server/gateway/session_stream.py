"""One accepted stream: moves messages between a WebSocket, the connection and the store.

Four tasks, so that none waits for another's neighbour: *receive* drains the socket into a bounded
queue and never awaits the store; *ingest* stores the queue's chunks in order; *relay* tells the
client what the store and the worker did; *send* alone writes to the socket, within a time limit.
Knows neither the protocol's rules (connection) nor Redis (store).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from typing import Any

from msgspec import UNSET
from starlette.websockets import WebSocket, WebSocketDisconnect

from ttm_protocol.errors import (
    AuthError,
    ProtocolError,
    RateLimited,
    Restarting,
    StartTimeout,
    Superseded,
    TTMError,
    outcome_of,
)
from ttm_protocol.messages import Chunk, End, Start
from ttm_server.connection import Close, MediaBytes, ServerConnection, State
from ttm_server.gateway.admission import client_of, untagged
from ttm_server.gateway.containers.beginning import beginning_of
from ttm_server.gateway.containers.intake import MediaIntake
from ttm_server.gateway.guard import key_of
from ttm_server.gateway.intake import Intake, Received
from ttm_server.gateway.pictures import check_pictures
from ttm_server.gateway.positions import Positions, check_not_back
from ttm_server.gateway.problems import report_unexpected
from ttm_server.gateway.runtime import Gateway
from ttm_server.store import IngestStatus, Progress, StreamOpened, check_session_id
from ttm_server.tracing import span
from ttm_server.waiting import happens_within

_log = logging.getLogger("ttm_server.gateway.stream")
_ABNORMAL_CLOSE = 1006


def credits_for(queue_chunks: int, capacity_chunks: int, durable: int, applied: int) -> int:
    """How many chunks a client may have unacknowledged: what the session's input still holds,
    and never more than the connection's queue.
    """
    return max(0, min(queue_chunks, capacity_chunks - (durable - applied)))


class SessionStream:
    """One connection from its acceptance to its close."""

    def __init__(self, gateway: Gateway, websocket: WebSocket, session_id: str) -> None:
        self._gateway = gateway
        self._store = gateway.store
        self._websocket = websocket
        self._sid = session_id
        self._client: str | None = None  # under whose name this stream is counted
        media = ("chunks", "webm") if gateway.decoders.most else ("chunks",)
        self._connection = ServerConnection(gateway.limits, media)
        self._opened: StreamOpened | None = None
        self._last_event_id = ""
        self._left = False  # the store has been told that this connection is over
        most = gateway.settings.connection_queue_chunks
        self._intake: Intake | MediaIntake = Intake(most, gateway.metrics)
        self._positions = Positions(gateway.metrics)
        self._looking = asyncio.Lock()
        self._outgoing = asyncio.Event()  # there is something to send
        self._flushed = asyncio.Event()  # everything was handed to the socket
        self._done = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._close_code = _ABNORMAL_CLOSE

    async def run(self) -> None:
        """Serve until one side closes; raises nothing."""
        self._gateway.add(self)
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                self._spawn(self._receive())
                self._spawn(self._send())
                self._enter(client_of(self._websocket, self._gateway.settings))
                await self._done.wait()
                for task in self._tasks:
                    task.cancel()
        finally:
            self._gateway.discard(self)
            if self._client is not None:
                self._gateway.admission.leave(self._client, self._sid)
            self._intake.close()
            self._gateway.metrics.ws_closed(self._close_code)
            await self._leave(ended=False)

    def _enter(self, client: str) -> None:
        """Count this stream as that client's; too many of them are turned away."""
        admission, before = self._gateway.admission, self._client
        if client == before:
            return
        try:
            admission.enter(client, self._sid)
        except RateLimited as error:
            self._fail(error)
            return
        self._client = client
        if before is not None:
            admission.leave(before, self._sid)

    @property
    def lag_chunks(self) -> int:
        """Durable chunks that are not in committed memory yet."""
        return self._positions.lag_chunks

    def goaway(self, time_left_s: float) -> None:
        """Ask the client to reconnect elsewhere."""
        self._connection.goaway(time_left_s)
        self._wake()

    def restart(self) -> None:
        """Close, since this process is going away."""
        self._fail(Restarting("this gateway is going away; reconnect"))

    # --- tasks ------------------------------------------------------------------------------------

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(self._group.create_task(self._guarded(work)))

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        """Run one task; what goes wrong in it is told to the client and ends the connection."""
        try:
            await work
        except TTMError as error:
            self._fail(error)
        except Exception as error:
            reference = report_unexpected(error)
            self._fail(TTMError(f"an internal error; reference {reference} in the server's log"))

    def _fail(self, error: TTMError) -> None:
        if self._connection.state is State.CLOSED:
            return
        code = outcome_of(error).code
        _log.info("stream closes: %s", code)
        metrics = self._gateway.metrics
        if self._connection.state in (State.OPENING, State.STARTED):
            metrics.rejections.labels(code).inc()
        elif isinstance(error, ProtocolError):
            metrics.chunks_dropped.labels("invalid").inc()
        self._connection.fail(error)
        self._wake()

    async def _receive(self) -> None:
        """Drain the socket. Never awaits anything else: pings wait behind unread messages."""
        limit_s = self._gateway.limits.start_timeout_s
        try:
            async with asyncio.timeout(limit_s):
                await self._receive_one()
        except TimeoutError:
            raise StartTimeout(f"start: not received within {limit_s:g} seconds") from None
        while not self._done.is_set():
            await self._receive_one()

    async def _receive_one(self) -> None:
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            self._close_code = message.get("code") or _ABNORMAL_CLOSE
            self._done.set()
            return
        if self._connection.state is State.CLOSED:
            return  # an error is on its way to the client; what it still sends is not read
        data = message.get("text")
        data = message["bytes"] if data is None else data
        match self._connection.receive(data), self._intake:
            case Start() as start, _:
                self._spawn(self._open(start))
            case Chunk() as chunk, Intake() as intake:
                check_pictures(chunk, self._gateway.limits)
                intake.put(chunk, data)
            case MediaBytes() as media, MediaIntake() as intake:
                await intake.feed(media.data)  # waits for room: bytes need no credits
            case End() as end, intake:
                intake.end(end)
            case received, intake:
                raise AssertionError(f"{type(received).__name__} for {type(intake).__name__}")

    async def _open(self, start: Start) -> None:
        """Check who it is, take the session over and let the client send."""
        with span("open stream", session_id=self._sid, media=start.media):
            await self._opens(start)

    async def _opens(self, start: Start) -> None:
        await self._authenticate(start)
        if self._connection.state is State.CLOSED:
            return  # turned away meanwhile
        if start.media == "webm":
            opened, end_s = await self._open_container(start)
        else:
            self._opened = opened = await self._store.open_stream(self._sid)
            end_s = None
        self._last_event_id = opened.last_event_id
        self._positions.durable = durable = opened.next_seq - 1
        room = self._credits(durable, opened.applied)
        self._connection.ready(self._sid, opened.next_seq, room, UNSET if end_s is None else end_s)
        self._connection.progress(durable, opened.applied)
        self._wake()
        self._spawn(self._ingest(opened.connection))
        self._spawn(self._relay(opened.connection))

    async def _open_container(self, start: Start) -> tuple[StreamOpened, float]:
        """Take the session over with a decoder; also the media time at which it goes on."""
        decoders = self._gateway.decoders
        decoders.enter(self._sid)  # where there is none, the older connection is left alone
        try:
            self._opened = opened = await self._store.open_stream(self._sid)
            beginning = await beginning_of(self._store, self._sid, opened.next_seq, start)
            most = self._gateway.settings.connection_queue_chunks
            intake = MediaIntake(self._sid, decoders, self._gateway.metrics, most, beginning)
        except BaseException:
            decoders.leave(self._sid)
            raise
        self._intake = intake
        return opened, beginning.end_s or 0.0

    async def _authenticate(self, start: Start) -> None:
        if start.ticket is not None:
            ticket, client = untagged(start.ticket, self._gateway.settings)
            if await self._store.redeem_ticket(ticket) != self._sid:
                raise AuthError("ticket: issued for another session", field="ticket")
            if client is not None:
                self._enter(client)
        elif key_of(self._websocket.headers, self._gateway.settings) is None:
            raise AuthError(
                "ticket: missing; get one from POST /v1/sessions or "
                "POST /v1/sessions/{session_id}/tickets",
                field="ticket",
            )
        check_session_id(self._sid)

    async def _ingest(self, connection: str) -> None:
        """Store what is in the queue, in order; a chunk is kept until the store has it."""
        while True:
            item = await self._intake.take()
            if isinstance(item, End):
                await self._finish(connection)
                return
            await self._store_chunk(connection, item)
            self._intake.stored()

    async def _store_chunk(self, connection: str, item: Received) -> None:
        moved = self._positions.moved
        while True:
            moved.clear()
            known = self._positions.durable
            try:
                result = await self._store.ingest(self._sid, connection, item.chunk, item.payload)
            except (ProtocolError, Superseded):
                await self._look(connection)  # tells where the store itself fell back
                raise
            check_not_back(result.durable, known)
            if result.status is not IngestStatus.BUSY:
                break
            self._connection.credits(0)
            self._wake()
            await happens_within(moved, self._gateway.timing.poll_s)
        if result.status is IngestStatus.STORED:
            self._positions.stored(item.chunk.seq, item.at_s)
        else:
            self._connection.repeat_ack()
        self._advance(result.durable, result.applied)
        self._wake()

    async def _relay(self, connection: str) -> None:
        """Tell the client what happens; waits for the client rather than holding events for it."""
        async with self._store.watch(self._sid) as wake:
            while True:
                progress = await self._look(connection)
                await self._flushed.wait()
                if not progress.events:
                    await wake.wait(self._gateway.timing.poll_s)

    async def _finish(self, connection: str) -> None:
        """After `end`: wait until everything is applied, acknowledge it and close."""
        while True:
            self._positions.moved.clear()
            progress = await self._look(connection)
            if progress.applied >= progress.durable and not progress.events:
                break
            if progress.events:
                await self._flushed.wait()
            else:
                await happens_within(self._positions.moved, self._gateway.timing.poll_s)
        async with self._looking:  # no look in between: it would find the connection superseded
            await self._leave(ended=True)
            self._connection.end()
        self._wake()

    async def _look(self, connection: str) -> Progress:
        """Read the session's positions and news once, and queue what the client should know."""
        async with self._looking:
            known = self._positions.durable
            progress = await self._store.progress(self._sid, connection, self._last_event_id)
            check_not_back(progress.durable, known)
            self._last_event_id = progress.last_event_id
            if not progress.current and not self._left:
                raise Superseded("a newer connection has taken this session over")
            for event in progress.events:
                self._connection.event(event)
            self._advance(progress.durable, progress.applied)
            self._wake()
            return progress

    def _advance(self, durable: int, applied: int) -> None:
        self._positions.advance(durable, applied)
        self._connection.progress(durable, applied)
        self._connection.credits(self._credits(durable, applied))

    def _credits(self, durable: int, applied: int) -> int:
        settings = self._gateway.settings
        queue, capacity = settings.connection_queue_chunks, settings.input_capacity_chunks
        return credits_for(queue, capacity, durable, applied)

    async def _leave(self, *, ended: bool) -> None:
        """Give the sending side back, once; a store that is away learns it by the heartbeat."""
        if self._opened is None or self._left:
            return
        self._left = True
        try:
            with span("close stream", session_id=self._sid, close_code=self._close_code):
                await self._store.close_stream(self._sid, self._opened.connection, ended)
        except TTMError as error:
            if ended:
                raise
            _log.info("leaving a stream failed: %s", outcome_of(error).code)

    # --- out --------------------------------------------------------------------------------------

    def _wake(self) -> None:
        self._flushed.clear()
        self._outgoing.set()

    async def _send(self) -> None:
        """The only writer. A client that does not read is given up after a time limit."""
        with contextlib.suppress(WebSocketDisconnect):
            while not self._done.is_set():
                await self._outgoing.wait()
                self._outgoing.clear()
                try:
                    async with asyncio.timeout(self._gateway.timing.send_timeout_s):
                        await self._flush()
                except TimeoutError:
                    _log.info("a client does not read: given up")
                    break
                if not self._outgoing.is_set():
                    self._flushed.set()
        self._done.set()

    async def _flush(self) -> None:
        for item in self._connection.data_to_send():
            if isinstance(item, Close):
                await self._websocket.close(item.code, item.reason)
                self._close_code = item.code
                self._done.set()
            else:
                await self._websocket.send_text(item)
