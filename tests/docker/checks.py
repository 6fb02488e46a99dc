"""What must hold of running containers whatever happens to them: rights, secrets, ways out."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

from docker.engine import CommandFailed, Project, run

OURS = ("gateway", "worker")
USER = "10001:10001"
METRICS = (
    "import urllib.request as r; print(r.urlopen('http://127.0.0.1:9100/metrics').read().decode())"
)
# The program under a container's init, killed from inside: as a crash, which Docker then replaces.
CRASH = """
import os, signal
for entry in filter(str.isdigit, os.listdir("/proc")):
    try:
        parent = open(f"/proc/{entry}/stat").read().rpartition(")")[2].split()[1]
    except OSError:
        continue
    if parent == "1":
        os.kill(int(entry), signal.SIGKILL)
"""


class Broken(AssertionError):
    """Something that was promised does not hold."""


def require(holds: bool, promise: str) -> None:
    """Raise Broken with the promise where it does not hold."""
    if not holds:
        raise Broken(promise)


def confined(project: Project) -> None:
    """No root, nothing to write but /tmp, no capabilities; only neighbours reach the store."""
    for service in OURS:
        for container in project.containers(service):
            told = project.inspect(container)
            require(told["Config"]["User"] == USER, f"{service} runs as {USER}")
            require(told["HostConfig"]["ReadonlyRootfs"], f"{service}: root file system read-only")
            require(_refused(project, container, "touch", "/here"), f"{service} cannot write to /")
            status = project.execute(container, "cat", "/proc/1/status")
            held = re.search(r"^CapEff:\s*(\w+)", status, re.M)
            require(held is not None and int(held[1], 16) == 0, f"{service} has no capabilities")
    (store,) = project.containers("store")
    ports = project.inspect(store)["NetworkSettings"]["Ports"] or {}
    require(not any(ports.values()), "the store publishes no port")
    for container in [store, *project.containers("worker")]:
        for network in project.inspect(container)["NetworkSettings"]["Networks"]:
            inside = run([project.docker, "network", "inspect", "-f", "{{.Internal}}", network])
            require(inside.strip() == "true", "store and workers are in internal networks alone")
    (gateway,) = project.containers("gateway")
    require(_refused(project, gateway, "python", "-c", "import torch"), "no torch in the gateway")


def _refused(project: Project, container: str, *words: str) -> bool:
    try:
        project.execute(container, *words)
    except CommandFailed:
        return True
    return False


def no_secret_is_told(project: Project) -> int:
    """No password or key stands in a log, or in what Docker shows of a container; -> log lines."""
    logs = project.compose("logs", "--no-color")
    secrets = [
        word
        for file in Path(project.folder, "secrets").iterdir()
        for word in re.findall(r"[0-9a-f]{64}", file.read_text())
    ]
    ids = project.compose("ps", "--all", "--quiet").split()
    shown = run([project.docker, "inspect", *ids])
    require(len(secrets) >= 4, "there are secrets")
    require(not any(secret in logs for secret in secrets), "no secret stands in a log")
    require(not any(secret in shown for secret in secrets), "`docker inspect` shows no secret")
    return len(logs.splitlines())


def busiest_worker(project: Project) -> tuple[str, float]:
    """The worker that owns most sessions, and how many."""
    owned = {}
    for container in project.containers("worker"):
        found = re.search(
            r"^ttm_sessions_active (\S+)",
            project.execute(container, "python", "-c", METRICS),
            re.M,
        )
        owned[container] = float(found[1]) if found else 0.0
    return max(owned.items(), key=lambda item: item[1])


def crash(project: Project, container: str) -> None:
    """End a container's program with SIGKILL."""
    project.execute(container, "python", "-c", CRASH)


def wait_for(condition: Callable[[], bool], what: str, limit_s: float = 180.0) -> float:
    """Wait, and say how long it took; raises Broken at the limit."""
    since_s = time.monotonic()
    while not condition():
        require(time.monotonic() - since_s < limit_s, f"{what} within {limit_s:.0f} s")
        time.sleep(0.5)
    return time.monotonic() - since_s


def healthy(project: Project, container: str) -> bool:
    """Whether Docker says so."""
    health = project.inspect(container)["State"].get("Health", {})
    return bool(health.get("Status") == "healthy")
