"""The network of hosts, and what is read from journals. `make hosts-test` is the experiment."""

from __future__ import annotations

import subprocess
import sys

import pytest

from crash.journal import Entry
from hosts.network import NAMED, PREFIX, Network, network, why_not
from hosts.standstill import owned_by, stood_still, told

CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], 9), timeout=1).close()"
LISTEN = """
import socket, sys
server = socket.create_server((sys.argv[1], 9))
print("up", flush=True)
while True:
    server.accept()[0].close()
"""


@pytest.fixture
def hosts() -> Network:
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    with network(("one", "two")) as made:
        yield made  # type: ignore[misc]


def reaches(hosts: Network) -> bool:
    command = [*hosts.at("two"), sys.executable, "-c", CONNECT, hosts.address("one")]
    return subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode == 0


def test_a_host_that_is_cut_off_is_not_reached_until_it_is_back(hosts: Network) -> None:
    server = subprocess.Popen(
        [*hosts.at("one"), sys.executable, "-c", LISTEN, hosts.address("one")],
        stdout=subprocess.PIPE,
    )
    try:
        assert server.stdout is not None
        assert server.stdout.readline() == b"up\n"
        assert reaches(hosts)
        hosts.cut("one")
        assert not reaches(hosts)
        hosts.join("one")
        assert reaches(hosts)
    finally:
        server.kill()
        server.communicate()


def test_nothing_is_left_of_a_network() -> None:
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    with network(("one", "two")):
        assert len(list(NAMED.glob(f"{PREFIX}-*"))) >= 3
    with pytest.raises(RuntimeError, match="on purpose"), network(("one", "two")):
        raise RuntimeError("on purpose")
    assert not [path for path in NAMED.glob(f"{PREFIX}-*") if "-one" in path.name]


def test_standing_still_is_measured_to_the_next_commit_of_another() -> None:
    entries = [
        Entry(1.0, "a", "acquired", "s"),
        Entry(1.0, "a", "acquired", "t"),
        Entry(2.0, "a", "released", "t"),
        Entry(3.0, "a", "committed", "s"),
        Entry(5.5, "a", "committed", "s"),
        Entry(8.0, "b", "acquired", "s"),
        Entry(9.0, "b", "committed", "s"),
    ]
    assert owned_by(entries, "a", 4.0) == {"s"}
    assert owned_by(entries, "a", 8.0) == set()
    assert stood_still(entries, ["s", "t"], 4.0, but="a") == [5.0]
    assert stood_still(entries, ["s"], 4.0) == [1.5]
    assert told([5.0, 10.0], lease_s=5.0)["most_leases"] == 2.0
    assert told([], lease_s=5.0)["median_s"] is None
