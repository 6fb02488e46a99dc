"""Docker's and Compose's command lines, as far as the stack's test needs them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

MINUTES = 60.0
LAST_WITHOUT_BUILDX = 22  # later clients build with BuildKit through a plugin only


class CannotRun(Exception):
    """Why there is no test on this machine, in one line."""


class CommandFailed(Exception):
    """A command ended with another status than 0; its text is the command and what it said."""


def run(command: Sequence[str], limit_s: float = 5 * MINUTES, **options: Any) -> str:
    """What a command printed; raises CommandFailed."""
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=limit_s, check=False, **options
    )
    if done.returncode:
        said = (done.stdout + done.stderr)[-3000:]
        raise CommandFailed(f"{' '.join(command)}: status {done.returncode}\n{said}")
    return done.stdout


def _on_path(name: str) -> list[str]:
    """Every program of that name, in the order of PATH, and beside this Python."""
    folders = [*os.environ.get("PATH", "").split(os.pathsep), str(Path(sys.executable).parent)]
    found = [shutil.which(name, path=folder) for folder in dict.fromkeys(folders) if folder]
    return [path for path in found if path]


def _builds(docker: str) -> bool:
    version = re.search(r"version (\d+)", run([docker, "--version"]))
    if version and int(version[1]) <= LAST_WITHOUT_BUILDX:
        return True
    return not subprocess.run(
        [docker, "buildx", "version"], capture_output=True, check=False
    ).returncode


def find_docker() -> str:
    """A client that can build, with a daemon that answers; raises CannotRun."""
    clients = _on_path("docker")
    if not clients:
        raise CannotRun("no `docker` is installed")
    builders = [client for client in clients if _builds(client)]
    if not builders:
        raise CannotRun(f"{clients[0]} cannot build: its buildx plugin is missing")
    try:
        run([builders[0], "version", "--format", "{{.Server.Version}}"], limit_s=20)
    except (CommandFailed, subprocess.TimeoutExpired):
        raise CannotRun("no Docker daemon answers") from None
    return builders[0]


def find_compose(docker: str) -> list[str]:
    """Compose 2 or newer, as a plugin or by itself; raises CannotRun."""
    for command in ([docker, "compose"], *([path] for path in _on_path("docker-compose"))):
        try:
            version = run([*command, "version", "--short"], limit_s=20).strip().removeprefix("v")
        except CommandFailed:
            continue
        if int(version.split(".")[0]) >= 2:
            return command
    raise CannotRun("no Docker Compose 2 or newer is installed")


class Project:
    """One Compose project in a folder of its own, whose `.env` says its ports and images."""

    def __init__(self, docker: str, compose: list[str], folder: Path, name: str) -> None:
        self.docker = docker
        self.folder = folder
        self.name = name
        self._compose = compose

    def compose(self, *words: str, limit_s: float = 5 * MINUTES) -> str:
        """A command of Compose, with the profile `lan`."""
        command = [*self._compose, "-p", self.name, "--profile", "lan", *words]
        return run(command, limit_s, cwd=self.folder, env=_without_ttm(os.environ))

    def containers(self, service: str) -> list[str]:
        """Ids of a service's containers, also of those that have ended."""
        return self.compose("ps", "--all", "--quiet", service).split()

    def inspect(self, container: str) -> dict[str, Any]:
        """What Docker knows of a container."""
        told: dict[str, Any] = json.loads(run([self.docker, "inspect", container]))[0]
        return told

    def execute(self, container: str, *words: str) -> str:
        """Run a program inside a container."""
        return run([self.docker, "exec", container, *words])


def _without_ttm(environment: Mapping[str, str]) -> dict[str, str]:
    """The stack is set up by its `.env` alone."""
    return {key: value for key, value in environment.items() if not key.startswith("TTM")}
