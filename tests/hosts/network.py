"""Hosts as network namespaces on one bridge, which can be cut off without a word and joined again.

The bridge lies in a namespace of its own, so that no packet filter of this machine has a say and
nothing of this machine's network is touched. Needs root and iproute2. Knows no process.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

NAMED = Path("/run/netns")
PREFIX = "ttmhosts"
NET = "10.203.0"  # seen by nothing but these namespaces
CLONE_NEWNET = 0x40000000
BRIDGE = "lan"


def why_not() -> str | None:
    """Why there can be no hosts here, in a line; None where there can."""
    if sys.platform != "linux":
        return "network namespaces exist on Linux only"
    if os.geteuid() != 0:
        return "network namespaces need root"
    if shutil.which("ip") is None:
        return "no `ip` on PATH (Debian: apt-get install iproute2)"
    probe = f"{PREFIX}-{os.getpid()}-probe"
    try:
        _ip("netns", "add", probe)
        _ip("-n", probe, "link", "add", BRIDGE, "type", "bridge")
    except subprocess.CalledProcessError as error:
        return f"network namespaces cannot be made here: {error.stderr.strip()}"
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            _ip("netns", "del", probe)
    return None


class Network:
    """Hosts by name, each with an address and a port of the bridge."""

    def __init__(self, names: Sequence[str]) -> None:
        self._own = f"{PREFIX}-{os.getpid()}"
        self._addresses = {name: f"{NET}.{number}" for number, name in enumerate(names, 1)}

    def address(self, name: str) -> str:
        """Where a host is reached by the others."""
        return self._addresses[name]

    def at(self, name: str) -> list[str]:
        """What makes a command run on a host, before it."""
        ip = shutil.which("ip")
        assert ip is not None
        return [ip, "netns", "exec", self._host(name)]

    def enter(self, name: str) -> None:
        """This thread, and what it starts from now on, runs on a host."""
        with (NAMED / self._host(name)).open("rb") as file:
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.setns(file.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), f"setns: {os.strerror(ctypes.get_errno())}")

    def cut(self, name: str) -> None:
        """Take a host off the network: its own link stays up, what it sends goes nowhere."""
        _ip("-n", self._host("switch"), "link", "set", f"to-{name}", "nomaster")

    def join(self, name: str) -> None:
        """Put a host back on the network."""
        _ip("-n", self._host("switch"), "link", "set", f"to-{name}", "master", BRIDGE)

    def _host(self, name: str) -> str:
        return f"{self._own}-{name}"

    def _make(self) -> None:
        switch = self._host("switch")
        _ip("netns", "add", switch)
        _ip("-n", switch, "link", "add", BRIDGE, "type", "bridge", "stp_state", "0")
        _ip("-n", switch, "link", "set", BRIDGE, "up")
        for name, address in self._addresses.items():
            host, port = self._host(name), f"to-{name}"
            _ip("netns", "add", host)
            _ip("-n", switch, "link", "add", port, "type", "veth", "peer", "eth0", "netns", host)
            self.join(name)
            _ip("-n", switch, "link", "set", port, "up")
            _ip("-n", host, "address", "add", f"{address}/24", "dev", "eth0")
            _ip("-n", host, "link", "set", "eth0", "up")
            _ip("-n", host, "link", "set", "lo", "up")

    def _remove(self) -> None:
        for name in ("switch", *self._addresses):
            if (NAMED / self._host(name)).exists():
                _ip("netns", "del", self._host(name))


@contextlib.contextmanager
def network(names: Sequence[str]) -> Iterator[Network]:
    """A network while inside; what killed runs have left is removed as well."""
    _remove_orphans()
    made = Network(names)
    try:
        made._make()
        yield made
    finally:
        made._remove()


def _remove_orphans() -> None:
    for path in NAMED.glob(f"{PREFIX}-*"):
        owner = re.match(rf"{PREFIX}-(\d+)-", path.name)
        if owner is not None and not Path(f"/proc/{owner[1]}").exists():
            _ip("netns", "del", path.name)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)
