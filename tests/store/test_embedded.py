"""The embedded server: keeps its data, ends with its owner, shares its folder with nobody."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from redis import Redis

from both_sides import Store
from servers import KINDS, make_server
from ttm_protocol.errors import ConfigError, StoreUnavailable
from ttm_server.config import Settings
from ttm_server.store import EmbeddedServer

LONG_S = 20.0
OWNER = """
import sys, time
from pathlib import Path
from ttm_server.store import EmbeddedServer
with EmbeddedServer(Path(sys.argv[1])) as server:
    print(server.pid, server.url, flush=True)
    time.sleep(60)
"""


def alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def wait_until_gone(pid: int) -> None:
    until_s = time.monotonic() + LONG_S
    while alive(pid):
        assert time.monotonic() < until_s, f"process {pid} lives on"
        time.sleep(0.01)


@pytest.mark.parametrize("kind", KINDS)
def test_data_outlives_the_server(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "a folder with ünusual 'name'"
    for _ in range(2):
        with make_server(kind, folder) as server, Redis.from_url(server.url) as client:
            assert client.incr("starts") == 1 + (_ > 0)
    server = make_server(kind, folder)
    server.start()
    server.kill()
    with server, Redis.from_url(server.url) as client:
        assert client.incr("starts") == 3
        info = client.config_get("append*")
        assert (info["appendonly"], info["appendfsync"]) == ("yes", "everysec")
        assert client.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
    assert folder.stat().st_mode & 0o077 == 0


def test_only_loopback_can_reach_it(valkey_server: EmbeddedServer) -> None:
    with Redis.from_url(valkey_server.url) as client:
        assert client.config_get("bind")["bind"] == "127.0.0.1"


def test_stop_and_start_are_harmless_twice(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path)
    server.stop()
    server.start()
    pid, url = server.pid, server.url
    server.start()
    assert server.pid == pid
    server.stop()
    server.stop()
    assert server.pid is None
    with server:
        assert server.url == url  # a second start goes back to its port


def test_one_folder_one_server(tmp_path: Path) -> None:
    with EmbeddedServer(tmp_path) as first:
        with pytest.raises(ConfigError, match=rf"in use by process {os.getpid()} .*{first.pid}"):
            EmbeddedServer(tmp_path).start()
        with Redis.from_url(first.url) as client:
            assert client.ping()
    with EmbeddedServer(tmp_path):
        pass


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="data_dir"):
        EmbeddedServer(tmp_path / "file").start()


def test_a_taken_port_is_an_error(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = EmbeddedServer(tmp_path, taken.getsockname()[1])
        with pytest.raises(StoreUnavailable, match="in use"):
            server.start()
    assert server.pid is None
    with EmbeddedServer(tmp_path):  # the folder is free again
        pass


def test_another_server_on_the_port_is_not_taken_for_ours(
    tmp_path: Path, valkey_server: EmbeddedServer
) -> None:
    with pytest.raises(StoreUnavailable, match="in use"):
        EmbeddedServer(tmp_path, valkey_server.port).start()


def test_a_free_port_is_found_when_the_first_choice_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ports = iter([taken.getsockname()[1], taken.getsockname()[1]])
        from ttm_server.store import embedded

        free_port = embedded._free_port
        monkeypatch.setattr(embedded, "_free_port", lambda: next(ports, None) or free_port())
        with EmbeddedServer(tmp_path) as server, Redis.from_url(server.url) as client:
            assert client.ping()


def test_a_broken_binary(tmp_path: Path) -> None:
    for binary in (tmp_path / "missing", Path("/bin/false")):
        with pytest.raises(StoreUnavailable, match="did not start"):
            EmbeddedServer(tmp_path, binary=binary).start()


def test_a_bad_option_shows_the_servers_words(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="no-such-option"):
        EmbeddedServer(tmp_path, options={"no-such-option": "1"}).start()


def test_it_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path)
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join()
    try:
        time.sleep(0.3)  # a parent-death signal of that thread would have come by now
        with Redis.from_url(server.url) as client:
            assert client.ping()
    finally:
        server.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="parent-death signals exist on Linux only")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_it_dies_with_its_owner(tmp_path: Path, how: signal.Signals) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert owner.stdout is not None
        pid, url = owner.stdout.readline().split()
        with Redis.from_url(url) as client:
            client.set("key", "kept")
        with pytest.raises(ConfigError, match=f"in use by process {owner.pid}"):
            EmbeddedServer(tmp_path).start()
    finally:
        owner.send_signal(how)
        owner.communicate()
    # At once, perhaps while the old server still writes: waits for it.
    with EmbeddedServer(tmp_path) as server, Redis.from_url(server.url) as client:
        assert client.get("key") == b"kept"
    wait_until_gone(int(pid))


def test_a_lock_file_of_the_past_is_no_obstacle(tmp_path: Path) -> None:
    for text in ("", "{", json.dumps({"owner": 1, "server": 1}), "[]"):
        (tmp_path / "ttmserve.lock").write_text(text)
        with EmbeddedServer(tmp_path):
            pass


def test_the_log_does_not_grow_for_ever(tmp_path: Path) -> None:
    (tmp_path / "server.log").write_bytes(b"x" * 2_000_000)
    with EmbeddedServer(tmp_path):
        assert 0 < (tmp_path / "server.log").stat().st_size < 1_000_000


async def test_a_store_on_it(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    # `everysec` leaves answered writes in memory while a sync is under way on a slow disk.
    with EmbeddedServer(settings.data_dir, fsync="always") as server:
        async with await Store.connect(server.url, settings) as store:
            sid = (await store.create_session()).session_id
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        async with await Store.connect(server.url, settings) as store:
            assert (await store.session(sid)).session_id == sid
