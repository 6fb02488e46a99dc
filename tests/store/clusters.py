"""Real clusters and Sentinels on loopback, started and ended by the tests.

A cluster is made with CLUSTER commands and Sentinels with a file, so that the servers' own binary
is all that is needed.
"""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import pytest
from redis import Redis
from redis.crc import key_slot
from redis.exceptions import RedisError

from servers import free_port, make_server
from ttm_server.store import EmbeddedServer
from ttm_server.store.bound_process import BoundProcess
from ttm_server.store.embedded import _valkey_binary

WITHIN_S = 60.0  # a busy machine
SLOTS = 16384
MASTERS = 3
SENTINELS = 3


def wait_until(what: str, look: Callable[[], bool]) -> None:
    """Look again and again until it is so; a server that is away counts as no."""
    until_s = time.monotonic() + WITHIN_S
    while time.monotonic() < until_s:
        try:
            if look():
                return
        except (RedisError, OSError):
            pass
        time.sleep(0.02)
    raise AssertionError(f"not within {WITHIN_S} s: {what}")


def ask(port: int, *words: Any) -> Any:
    """One command to one server, with its reply as it comes."""
    with Redis(port=port, protocol=2, socket_timeout=10.0) as client:
        client.response_callbacks.clear()
        return client.execute_command(*words)


def sync_always(server: EmbeddedServer) -> None:
    """From here on a SIGKILL of the server loses nothing that was answered.

    With `everysec` it does not even write while a sync is under way, up to two seconds.
    """
    ask(server.port, "CONFIG", "SET", "appendfsync", "always")


def slot_of(sid: str) -> int:
    return key_slot(f"{{{sid}}}".encode())


class Cluster:
    """Three masters that share all slots; a context manager."""

    def __init__(self, kind: str, folder: Path, **options: str) -> None:
        self.nodes = [
            make_server(
                kind,
                folder / f"node{number}",
                cluster_enabled="yes",
                # By default 10,000 above the other port, which may be beyond 65535.
                cluster_port=str(free_port()),
                cluster_node_timeout="2000",
                **options,
            )
            for number in range(MASTERS)
        ]

    @property
    def url(self) -> str:
        return "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)

    def __enter__(self) -> Self:
        for node in self.nodes:
            node.start()
        share = SLOTS // MASTERS
        for number, node in enumerate(self.nodes):
            last = SLOTS - 1 if number == MASTERS - 1 else (number + 1) * share - 1
            ask(node.port, "CLUSTER", "ADDSLOTSRANGE", number * share, last)
            ask(node.port, "CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        for node in self.nodes[1:]:
            bus = node._options["cluster-port"]
            ask(self.nodes[0].port, "CLUSTER", "MEET", "127.0.0.1", node.port, bus)
        wait_until("the cluster is whole", self.is_whole)
        for node in self.nodes:
            wait_until("every node hears every other", lambda at=node: self.is_heard(at))
        return self

    def __exit__(self, *exc_info: object) -> None:
        for node in self.nodes:
            node.stop()

    def is_heard(self, node: EmbeddedServer) -> bool:
        """Whether what is published at a node arrives at all: links come up one by one."""
        clients = [Redis(port=each.port) for each in self.nodes]
        listeners = [client.pubsub(ignore_subscribe_messages=True) for client in clients]
        try:
            for listener in listeners:
                listener.subscribe("test")
                listener.get_message(timeout=1.0)
            ask(node.port, "PUBLISH", "test", "x")
            return all(listener.get_message(timeout=1.0) for listener in listeners)
        finally:
            for listener, client in zip(listeners, clients, strict=True):
                listener.close()
                client.close()

    def is_whole(self) -> bool:
        for node in self.nodes:
            info = ask(node.port, "CLUSTER", "INFO")
            if b"cluster_state:ok" not in info or b"cluster_known_nodes:3" not in info:
                return False
        return True

    def flush(self) -> None:
        for node in self.nodes:
            ask(node.port, "FLUSHALL")

    def all_keys(self) -> list[str]:
        found = [ask(node.port, "KEYS", "*") for node in self.nodes]
        return [key.decode() for key in itertools.chain.from_iterable(found)]

    def owner(self, slot: int) -> EmbeddedServer:
        """The node that has a slot, as the first one knows."""
        for first, last, master, *_ in ask(self.nodes[0].port, "CLUSTER", "SLOTS"):
            if first <= slot <= last:
                return next(node for node in self.nodes if node.port == master[1])
        raise AssertionError(f"slot {slot} has no owner")

    def migrate(self, slot: int, to: EmbeddedServer, pause_s: float = 0.0) -> None:
        """Move a slot key by key, as operators' tools do; `pause_s` before each key."""
        source = self.owner(slot)
        self.move_keys(slot, to, pause_s)
        time.sleep(pause_s)
        others = [node for node in self.nodes if node not in (source, to)]
        name = ask(to.port, "CLUSTER", "MYID")
        for node in (to, source, *others):
            ask(node.port, "CLUSTER", "SETSLOT", slot, "NODE", name)

    def move_keys(self, slot: int, to: EmbeddedServer, pause_s: float = 0.0) -> None:
        """The first half of a move: all keys are there, and the slot is still here."""
        source = self.owner(slot)
        name = ask(source.port, "CLUSTER", "MYID")
        ask(to.port, "CLUSTER", "SETSLOT", slot, "IMPORTING", name)
        name = ask(to.port, "CLUSTER", "MYID")
        ask(source.port, "CLUSTER", "SETSLOT", slot, "MIGRATING", name)
        while keys := ask(source.port, "CLUSTER", "GETKEYSINSLOT", slot, 1):
            time.sleep(pause_s)
            ask(source.port, "MIGRATE", "127.0.0.1", to.port, "", 0, 5000, "KEYS", *keys)


class Watched:
    """A master, a replica and three Sentinels that watch over them; a context manager."""

    service = "ttm"

    def __init__(self, kind: str, folder: Path, **options: str) -> None:
        self._kind = kind
        self._folder = folder
        options = {"repl_diskless_sync_delay": "0", **options}
        self.servers = [make_server(kind, folder / name, **options) for name in ("one", "two")]
        self.sentinel_ports = [free_port() for _ in range(SENTINELS)]
        self._sentinels: list[BoundProcess] = []

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.sentinel_ports)
        return f"redis+sentinel://{hosts}/{self.service}"

    def __enter__(self) -> Self:
        one, two = self.servers
        one.start()
        two.start()
        ask(two.port, "REPLICAOF", "127.0.0.1", one.port)
        wait_until("the replica follows", lambda: self.role(two)[3] == b"connected")
        for port in self.sentinel_ports:
            self._start_sentinel(port, one.port)
        wait_until("the Sentinels know all", self.is_whole)
        return self

    def __exit__(self, *exc_info: object) -> None:
        for sentinel in self._sentinels:
            sentinel.kill()
        for server in self.servers:
            server.stop()

    def role(self, server: EmbeddedServer) -> Any:
        return ask(server.port, "ROLE")

    def is_whole(self) -> bool:
        for port in self.sentinel_ports:
            flat = ask(port, "SENTINEL", "MASTER", self.service)
            state = dict(zip(flat[::2], flat[1::2], strict=True))
            if (state[b"num-slaves"], state[b"num-other-sentinels"]) != (b"1", b"2"):
                return False
            if state[b"flags"] != b"master":
                return False
        return True

    def master(self) -> EmbeddedServer:
        """The server that is named as the master now."""
        _, port = ask(self.sentinel_ports[0], "SENTINEL", "GET-MASTER-ADDR-BY-NAME", self.service)
        return next(server for server in self.servers if server.port == int(port))

    def failover(self) -> None:
        """Change the roles while both servers live."""
        before = self.master()
        ask(self.sentinel_ports[0], "SENTINEL", "FAILOVER", self.service)
        wait_until("the master is another one", lambda: self.master() is not before)
        wait_until("the one before follows it", lambda: self.role(before)[0] == b"slave")

    def _start_sentinel(self, port: int, master_port: int) -> None:
        folder = self._folder / f"sentinel{port}"
        folder.mkdir(parents=True)
        name = self.service
        (folder / "sentinel.conf").write_text(
            f"port {port}\nbind 127.0.0.1\ndir {folder}\n"
            f"sentinel monitor {name} 127.0.0.1 {master_port} 2\n"
            f"sentinel down-after-milliseconds {name} 700\n"
            f"sentinel failover-timeout {name} 1500\n"
        )
        command = [self._binary(), str(folder / "sentinel.conf"), "--sentinel"]
        self._sentinels.append(
            BoundProcess(command, folder=folder, log_path=folder / "log", keep_fds=())
        )

    def _binary(self) -> str:
        if self._kind == "valkey":
            return str(_valkey_binary())
        found = shutil.which("redis-server")
        if found is None:
            pytest.skip("no redis-server binary on PATH (Debian: apt-get install redis-server)")
        return found
