"""`python -m docker.run [--report FILE]`: the images built, the stack run, hurt and restored.

Run it in `tests/`. Where there is no Docker it says so in one line and ends with 0; `--require`
makes that a failure. What it leaves are images, for the next run to build on.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import secrets
import shutil
import socket
import sys
import tempfile
import time
from pathlib import Path

from docker import images
from docker.checks import wait_for
from docker.engine import CannotRun, Project, find_compose, find_docker, run
from docker.play import Play

WORKERS = 3
COPIED = ("compose.yaml", "Caddyfile", "valkey.conf", "make-secrets.sh", ".env.example")
STANDIN = images.ROOT / "tests" / "docker" / "standin"
TAG = "test"


class Log:
    """Lines with their time, for the terminal and for a page of the documentation."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._since_s = time.monotonic()

    def __call__(self, line: str) -> None:
        """Tell a line now."""
        self.lines.append(f"{time.monotonic() - self._since_s:6.0f} s  {line}")
        print(self.lines[-1], flush=True)


def built(docker: str, folder: Path, say: Log) -> dict[str, str]:
    """Build and name every image; -> variables for the stack's `.env`."""
    base = images.base_image(docker)
    size = int(run([docker, "image", "inspect", "--format", "{{.Size}}", base]))
    say(f"base: {_shown(base)}, {size / 1e6:.0f} MB")
    variables = {"IMAGES": "ttmserve", "TAG": TAG}
    with images.torch_index() as index:
        builder = images.Builder(docker, base, folder, index)
        for target in images.OURS:
            tag = f"ttmserve/{target}:{TAG}"
            made = builder.build(target, tag, images.ROOT / "docker/Dockerfile", images.ROOT)
            over = (made.size_bytes - size) / 1e6
            told = f"{made.size_bytes / 1e6:.0f} MB, {over:.0f} MB over its base"
            say(f"{tag}: {told}; built in {made.seconds:.0f} s")
        for name, image in images.OTHERS.items():
            chosen = image
            if not images.have_or_pull(docker, image):
                chosen = f"ttmserve-test/{name}:{TAG}"
                builder.build(name, chosen, STANDIN / "Dockerfile", STANDIN)
                say(f"{name}: {image} cannot be pulled here; a stand-in is built of packages")
            variables[f"{name.upper()}_IMAGE"] = chosen
    return variables


def _shown(base: str) -> str:
    if base == images.STANDIN_BASE:
        return f"a stand-in for {images.BASE}, made of Debian's packages"
    return base


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def set_up(folder: Path, variables: dict[str, str]) -> tuple[str, str, str]:
    """A copy of `docker/` with secrets and an `.env`; -> gateway, door, where the authority is."""
    for name in COPIED:
        shutil.copy(images.ROOT / "docker" / name, folder / name)
    run([str(folder / "make-secrets.sh")])
    plain, door, authority = _free_ports(3)
    variables |= {
        "HTTP_PORT": str(plain),
        "HTTPS_PORT": str(door),
        "CA_PORT": str(authority),
        "LAN_ADDRESS": "127.0.0.1",
        "LAN_HOST": "127.0.0.1",
    }
    text = "".join(f"{name}={value}\n" for name, value in variables.items())
    (folder / ".env").write_text(text)
    at = "127.0.0.1"
    return f"http://{at}:{plain}", f"https://{at}:{door}", f"http://{at}:{authority}/ca.crt"


def trust(address: str, folder: Path) -> None:
    """Fetch the stack's own authority, and trust it from here on in this process."""
    from docker.outside import get

    found = ""

    def fetched() -> bool:
        nonlocal found
        status, found = get(address)
        return status == 200

    wait_for(fetched, "the authority's certificate", limit_s=30.0)
    (folder / "ca.crt").write_text(found)
    os.environ["SSL_CERT_FILE"] = str(folder / "ca.crt")


async def played(play: Play, folder: Path, authority: str, store_image: str) -> None:
    """The whole day."""
    from ttm_client import Client

    play.start_waiting()
    play.start()
    trust(authority, folder)
    async with Client(play.door, play.key) as client:
        wanted = await play.undisturbed(client)
        play.scale(WORKERS)
        sessions = await play.disturbed(client, wanted, WORKERS)
        play.stop(folder, store_image)
        await play.restore(client, folder, store_image, sessions)


def report(log: Log, docker: str, compose: list[str]) -> str:
    """The log as a page of the documentation."""
    engine = run([docker, "version", "--format", "{{.Server.Version}}"]).strip()
    compose_version = run([*compose, "version", "--short"]).strip()
    head = (
        "# A run of `make docker-test`\n\n"
        f"Docker {engine}, Compose {compose_version}, {os.cpu_count()} cores, "
        f"{platform.machine()}. Images are built, the stack is started by `docker/compose.yaml` "
        "with the profile `lan`, and the demo clip is streamed from outside the containers through "
        "Caddy and its TLS. Layers of earlier builds are used again where they are at hand. "
        "Written by the run itself.\n\n"
    )
    return head + "```\n" + "\n".join(log.lines) + "\n```\n"


def main() -> int:
    """0 after a run in which everything held, and where none can be made."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--report", type=Path, help="write the log here, as Markdown")
    parser.add_argument("--require", action="store_true", help="no Docker is a failure")
    given = parser.parse_args()
    try:
        docker = find_docker()
        compose = find_compose(docker)
        with tempfile.TemporaryDirectory(prefix="ttm-docker-") as name:
            folder, log = Path(name), Log()
            variables = built(docker, folder, log)
            _run(docker, compose, folder, variables, log)
    except CannotRun as why:
        print(f"docker-test: not run: {why}")
        return 1 if given.require else 0
    log("everything held")
    if given.report:
        given.report.write_text(report(log, docker, compose))
    return 0


def _run(
    docker: str, compose: list[str], folder: Path, variables: dict[str, str], log: Log
) -> None:
    plain, door, authority = set_up(folder, variables)
    project = Project(docker, compose, folder, f"ttmtest{secrets.token_hex(3)}")
    key = (folder / "secrets" / "client_key").read_text().strip()
    play = Play(project, plain, door, key, log)
    try:
        asyncio.run(played(play, folder, authority, variables["STORE_IMAGE"]))
    except BaseException:
        print(project.compose("ps", "--all"), project.compose("logs", "--tail", "60"), sep="\n")
        raise
    finally:
        project.compose("down", "--volumes", "--timeout", "5")


if __name__ == "__main__":
    sys.exit(main())
