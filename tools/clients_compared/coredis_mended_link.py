"""coredis with one fault put right: a connection that is lost under a command gives its place back.

It shows that this is not the only one. `CLIENT=coredis_mended`.
"""

from __future__ import annotations

from typing import Any

from coredis.pool import ClusterConnectionPool, ConnectionPool

from clients_compared.coredis_link import Link

__all__ = ["Link"]


def _release(queue: Any, connection: Any) -> None:
    if connection.usable:
        queue.put_nowait(connection)
    elif connection not in queue and not queue.full():
        queue.append_nowait(None)


def _single(self: Any, connection: Any) -> None:
    self.statistics.connection_released(connection)
    _release(self._available_connections, connection)


def _cluster(self: Any, connection: Any) -> None:
    self.statistics.connection_released(connection)
    _release(self._node_pool(connection.location), connection)


ConnectionPool.release = _single  # type: ignore[method-assign]
ClusterConnectionPool.release = _cluster  # type: ignore[method-assign]
