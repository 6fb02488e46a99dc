"""Which node of a Redis Cluster owns which slot, as far as is known. Runs no command of others."""

from __future__ import annotations

import asyncio
import logging
import random
from typing import Any

from redis.asyncio import Connection, SSLConnection
from redis.exceptions import ClusterDownError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError

from ttm_server.store.addresses import Address, ClusterUrl
from ttm_server.store.clients import no_retry

log = logging.getLogger(__name__)

SLOTS = 16384
ASK_TIMEOUT_S = 1.0  # there are other nodes to ask
LOOK_EVERY_S = 0.2  # at most; many callers may doubt at once


class Topology:
    """The map from slots to masters, read again whenever somebody doubts it."""

    def __init__(self, url: ClusterUrl) -> None:
        # What every connection to a node needs, over TLS its class as well.
        self.options: dict[str, Any] = {**url.account.options(), **url.tls.options()}
        self.connection_class: Any = SSLConnection if url.tls.ssl else Connection
        self.masters: tuple[Address, ...] = ()
        self._seeds = url.seeds
        self._nodes: tuple[Address, ...] = url.seeds
        self._owners: list[Address | None] = [None] * SLOTS
        self._doubtful = True
        self._looked_at_s = float("-inf")
        self._looking = asyncio.Lock()
        self._turn = random.randrange(SLOTS)

    async def owner(self, slot: int | None) -> Address:
        """The master of a slot (None: any master).

        Raises redis-py's ConnectionError when no node answers, ClusterDownError when a slot has no
        owner.
        """
        if self._doubtful:
            await self._look()
        if slot is None:
            return random.choice(self.masters)
        owner = self._owners[slot]
        if owner is None:
            self._doubtful = True
            raise ClusterDownError(f"slot {slot} has no owner")
        return owner

    def moved(self, slot: int, owner: Address) -> None:
        """Note what a node said; the rest of the map is probably old, too."""
        self._owners[slot] = owner
        self._doubtful = True

    def doubt(self) -> None:
        """Read the map again before it is used next."""
        self._doubtful = True

    def next_node(self) -> Address:
        """Another node than the last time, master or replica."""
        self._turn += 1
        return self._nodes[self._turn % len(self._nodes)]

    async def _look(self) -> None:
        loop = asyncio.get_running_loop()
        async with self._looking:
            if not self._doubtful or loop.time() - self._looked_at_s < LOOK_EVERY_S:
                return
            known = [*self._nodes, *(seed for seed in self._seeds if seed not in self._nodes)]
            last_error: Exception | None = None
            random.shuffle(known)  # not every process shall ask the same node
            for node in known:
                try:
                    ranges = await self._ask(node)
                    self._read(ranges, node)
                except (RedisError, OSError, TimeoutError, ValueError) as error:
                    log.debug("cluster node %s:%d: %s", *node, error)
                    last_error = error
                    continue
                self._doubtful = False
                self._looked_at_s = loop.time()
                return
            raise RedisConnectionError("no node of the cluster answers") from last_error

    async def _ask(self, node: Address) -> list[Any]:
        host, port = node
        connection: Any = self.connection_class(
            host=host,
            port=port,
            socket_timeout=ASK_TIMEOUT_S,
            socket_connect_timeout=ASK_TIMEOUT_S,
            protocol=2,
            retry=no_retry(),
            **self.options,
        )
        try:
            await connection.connect()
            await connection.send_command("CLUSTER", "SLOTS")
            ranges: list[Any] = await connection.read_response()
            return ranges
        finally:
            await connection.disconnect(nowait=True)

    def _read(self, ranges: list[Any], asked: Address) -> None:
        owners: list[Address | None] = [None] * SLOTS
        masters: dict[Address, None] = {}
        nodes: dict[Address, None] = {}
        for first, last, *holders in ranges:
            # An empty or unknown host means: the one that was asked.
            found = [
                (host.decode() if host and host != b"?" else asked[0], int(port))
                for host, port, *_ in holders
            ]
            owners[first : last + 1] = [found[0]] * (last + 1 - first)
            masters[found[0]] = None
            nodes.update(dict.fromkeys(found))
        if not masters:
            raise ValueError("it knows no owner of any slot")
        self._owners, self.masters, self._nodes = owners, tuple(masters), tuple(nodes)
