"""Connections to a Redis Cluster: each command goes to the node that owns its key's slot.

Of redis-py's cluster client only the slot function is used: it sends ASKING over another
connection of its pool than the command that it is meant for, raises where all connections are in
use instead of queueing, cannot run two commands on one connection (WAITAOF needs that), and closes
connections under other callers when it looks for the nodes again.

Knows slots and nodes, no key's meaning. A command that a node did not run (it answered MOVED, ASK,
TRYAGAIN or CLUSTERDOWN) is sent again; one whose fate is unknown never is.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.crc import key_slot
from redis.exceptions import (
    AskError,
    ClusterDownError,
    MovedError,
    ReadOnlyError,
    RedisError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from ttm_server.store.addresses import Address
from ttm_server.store.clients import (
    COMMAND_TIMEOUT_S,
    Argument,
    Follow,
    Greeting,
    Words,
    connection_options,
    exchange,
)
from ttm_server.store.topology import Topology

log = logging.getLogger(__name__)

REDIRECT_WITHIN_S = 2.0  # a slot that moves is nobody's for a moment
MIN_REDIRECTS = 4  # however slow the nodes are to answer
_WAIT_S = 0.05
_NOT_RUN = (AskError, TryAgainError, ClusterDownError, ReadOnlyError)  # MovedError is an AskError


class ClusterLink:
    """A bounded pool per node; several links may share one topology."""

    def __init__(self, topology: Topology, max_connections: int, greeting: Greeting | None) -> None:
        self._topology = topology
        self._max_connections = max_connections
        self._options = connection_options(greeting) | topology.options
        self._pools: dict[Address, BlockingConnectionPool] = {}

    async def run(
        self, key: Argument | None, *commands: Words, follow: Follow | None = None
    ) -> list[Any]:
        """See :class:`.clients.Link`."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + REDIRECT_WITHIN_S
        slot = None if key is None else _slot(key)
        node = await self._topology.owner(slot)
        asking, refusals = False, 0
        while True:
            replies = await self._run_at(node, commands, follow, asking=asking)
            refusal = replies[0]
            if not isinstance(refusal, _NOT_RUN):
                return replies
            refusals += 1
            if refusals > MIN_REDIRECTS and loop.time() >= until_s:
                return replies
            asking = isinstance(refusal, AskError) and not isinstance(refusal, MovedError)
            if isinstance(refusal, AskError):
                node = (refusal.host or node[0], refusal.port)
                if not asking:
                    self._topology.moved(refusal.slot_id, node)
                if refusals > 1:  # nodes that disagree send us to and fro
                    await asyncio.sleep(_WAIT_S)
                continue
            await asyncio.sleep(_WAIT_S)
            if not isinstance(refusal, TryAgainError):
                self._topology.doubt()
            node = await self._topology.owner(slot)

    async def each(self, words: Words) -> list[Any]:
        """See :class:`.clients.Link`."""
        await self._topology.owner(None)
        return [
            (await self._run_at(node, [words], None, asking=False))[0]
            for node in self._topology.masters
        ]

    def pubsub(self) -> Any:
        """See :class:`.clients.Link`; what is published at any node is heard at every other."""
        client: Any = Redis.from_pool(self._pool(self._topology.next_node()))
        return client.pubsub()

    async def close(self) -> None:
        """See :class:`.clients.Link`."""
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            with contextlib.suppress(RedisError, OSError):
                await pool.disconnect()

    async def _run_at(
        self, node: Address, commands: Sequence[Words], follow: Follow | None, *, asking: bool
    ) -> list[Any]:
        try:
            if not asking:
                return await exchange(self._pool(node), commands, follow)
            asked = [("ASKING",), *commands]
            return (await exchange(self._pool(node), asked, _after_asking(follow)))[1:]
        except (RedisConnectionError, RedisTimeoutError, OSError):
            self._topology.doubt()
            raise

    def _pool(self, node: Address) -> BlockingConnectionPool:
        pool = self._pools.get(node)
        if pool is None:
            host, port = node
            pool = self._pools[node] = BlockingConnectionPool(
                connection_class=self._topology.connection_class,
                host=host,
                port=port,
                max_connections=self._max_connections,
                timeout=COMMAND_TIMEOUT_S,
                **self._options,
            )
        return pool


def _after_asking(follow: Follow | None) -> Follow | None:
    return None if follow is None else lambda replies: follow(replies[1:])


def _slot(key: Argument) -> int:
    return key_slot(key if isinstance(key, bytes) else str(key).encode())
