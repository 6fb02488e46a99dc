"""The links of one store: for scripts, for commands that wait, and for signals.

Knows which kind of server `redis_url` means, and nothing of what is sent there.
"""

from __future__ import annotations

from dataclasses import dataclass

from ttm_server.store.addresses import CLUSTER, SENTINEL, read_cluster_url
from ttm_server.store.clients import Greeting, Link, sentinel_link, single_link
from ttm_server.store.cluster import ClusterLink
from ttm_server.store.topology import Topology

MAX_CONNECTIONS = 32
MAX_BLOCKING_CONNECTIONS = 8
MAX_SIGNAL_CONNECTIONS = 2  # one in use; a second while a broken one is being closed


@dataclass(frozen=True, slots=True)
class Links:
    """Kept apart, so that nothing waits behind a command that waits in Redis."""

    work: Link
    blocking: Link
    signals: Link


def open_links(url: str, greeting: Greeting | None = None) -> Links:
    """Links to `url`, not connected yet; raises ConfigError for a URL that cannot be read.

    `greeting` is awaited with each new connection for scripts. In a cluster the numbers of
    connections are those of each node.
    """
    if url.startswith(CLUSTER):
        topology = Topology(read_cluster_url(url))
        return Links(
            ClusterLink(topology, MAX_CONNECTIONS, greeting),
            ClusterLink(topology, MAX_BLOCKING_CONNECTIONS, None),
            ClusterLink(topology, MAX_SIGNAL_CONNECTIONS, None),
        )
    make = sentinel_link if url.startswith(SENTINEL) else single_link
    return Links(
        make(url, MAX_CONNECTIONS, greeting),
        make(url, MAX_BLOCKING_CONNECTIONS, None),
        make(url, MAX_SIGNAL_CONNECTIONS, None),
    )
