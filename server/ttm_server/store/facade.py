"""The store as others see it: a gateway's calls, a worker's calls, and the parts behind both.

What one side may not do, its class does not have: a gateway cannot commit, a worker cannot ingest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from ttm_protocol.errors import ConfigError, StoreUnavailable
from ttm_server.config import Settings
from ttm_server.store.asks import Asks
from ttm_server.store.committing import Committing
from ttm_server.store.edge import Edge, Observe
from ttm_server.store.ingest import Sending
from ttm_server.store.leases import Leases
from ttm_server.store.left_over import LeftOver
from ttm_server.store.links import open_links
from ttm_server.store.lua import Script
from ttm_server.store.models import Models
from ttm_server.store.objects import Objects, open_objects
from ttm_server.store.ownership import Ownership
from ttm_server.store.ready import Ready
from ttm_server.store.sessions import Sessions
from ttm_server.store.signals import Signals
from ttm_server.store.strict import NotStrict, Strict, greet_strictly
from ttm_server.store.tickets import Tickets
from ttm_server.store.tiering import Tiering
from ttm_server.store.watching import Watching
from ttm_server.store.workers import Fleet


class Parts:
    """Everything that a store can do, by subject."""

    def __init__(
        self, edge: Edge, signals: Signals, settings: Settings, objects: Objects | None
    ) -> None:
        self.edge = edge
        self.signals = signals
        self.left_over = LeftOver(edge, settings, objects)
        self.sessions = Sessions(edge, settings, objects, self.left_over)
        self.tickets = Tickets(edge, settings)
        self.sending = Sending(edge, settings)
        self.ready = Ready(edge, settings, self.left_over)
        self.leases = Leases(edge, settings)
        self.ownership = Ownership(edge, settings, self.leases)
        self.tiering = Tiering(edge, settings, objects, self.ownership, self.left_over)
        self.committing = Committing(edge, settings)
        self.models = Models(edge, settings)
        self.fleet = Fleet(edge, settings)
        self.watching = Watching(signals)
        self.asks = Asks(edge, settings, self.watching)


class GatewayStore:
    """What a gateway may do: sessions as a whole, the sending side, questions.

    Every call may raise StoreUnavailable (retryable); each names its other errors.
    """

    def __init__(self, parts: Parts) -> None:
        self.ping = parts.edge.ping
        self.create_session = parts.sessions.create_session
        self.session = parts.sessions.session
        self.sessions = parts.sessions.sessions
        self.delete_session = parts.sessions.delete_session
        self.fork_session = parts.sessions.fork_session
        self.read_state = parts.sessions.read_state
        self.flush_due = parts.sessions.flush_due
        self.replace_state = parts.sessions.replace_state
        self.issue_ticket = parts.tickets.issue_ticket
        self.redeem_ticket = parts.tickets.redeem_ticket
        self.open_stream = parts.sending.open_stream
        self.close_stream = parts.sending.close_stream
        self.ingest = parts.sending.ingest
        self.progress = parts.sending.progress
        self.read_chunks = parts.ownership.read_chunks
        self.ask = parts.asks.ask
        self.wait_reply = parts.asks.wait_reply
        self.announced_model = parts.models.announced_model
        self.workers = parts.fleet.workers
        self.memory = parts.fleet.memory
        self.watch = parts.watching.watch


class WorkerStore:
    """What a worker may do: find sessions with work, own them, fold their chunks, answer.

    Every call may raise StoreUnavailable (retryable); each names its other errors.
    """

    def __init__(self, parts: Parts) -> None:
        self.mark_ready = parts.ready.mark_ready
        self.claim = parts.ready.claim
        self.sweep = parts.ready.sweep
        self.sweepers = parts.ready.sweepers
        self.note_leases = parts.leases.note_leases
        self.hand_on_expired = parts.leases.hand_on_expired
        self.acquire = parts.ownership.acquire
        self.renew = parts.ownership.renew
        self.begin_trial = parts.ownership.begin_trial
        self.pass_trial = parts.ownership.pass_trial
        self.release = parts.ownership.release
        self.read_chunks = parts.ownership.read_chunks
        self.read_kept = parts.ownership.read_kept
        self.commit = parts.committing.commit
        self.flush = parts.committing.flush
        self.commit_ask = parts.committing.commit_ask
        self.moves_sessions = parts.tiering.moves
        self.idle_sessions = parts.ready.idle_sessions
        self.move_out = parts.tiering.move_out
        self.bring_back = parts.tiering.bring_back
        self.clear_left_over = parts.left_over.clear
        self.list_left_over = parts.left_over.list_all
        self.open_work = parts.asks.open_work
        self.pending_asks = parts.asks.pending_asks
        self.reply = parts.asks.reply
        self.announce_model = parts.models.announce_model
        self.beat = parts.fleet.beat
        self.leave = parts.fleet.leave
        self.workers = parts.fleet.workers
        self.watch = parts.watching.watch


class Store:
    """Sessions, their input, memory and questions in one Redis, for either side."""

    def __init__(self, parts: Parts) -> None:
        self.gateway = GatewayStore(parts)
        self.worker = WorkerStore(parts)
        self._parts = parts

    @classmethod
    async def connect(
        cls,
        url: str,
        settings: Settings,
        *,
        observe: Observe | None = None,
        scripts: Mapping[str, Script] | None = None,
    ) -> Self:
        """A store on the server, Sentinels or cluster at `url` (see :mod:`.addresses`).

        Raises StoreUnavailable when it does not answer, ConfigError for a URL that cannot be read
        and for a server that cannot keep strict durability. `observe` is told each operation's
        name and seconds. `scripts` replaces the Lua scripts.
        """
        is_strict = settings.durability == "strict"
        objects = open_objects(settings)
        links = open_links(url, greet_strictly if is_strict else None)
        strict = Strict(settings.strict_replicas) if is_strict else None
        edge = Edge(links.work, links.blocking, scripts, observe, strict)
        store = cls(Parts(edge, Signals(links.signals), settings, objects))
        try:
            await edge.ping()
        except StoreUnavailable as error:
            await store.close()
            if isinstance(error.__cause__, NotStrict):
                raise ConfigError(str(error.__cause__), field="durability") from None
            raise
        except BaseException:
            await store.close()
            raise
        return store

    async def close(self) -> None:
        """Close every connection; whoever waits on this store is not woken any more."""
        await self._parts.signals.close()
        await self._parts.edge.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()
