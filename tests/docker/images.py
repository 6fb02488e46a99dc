"""The images of the stack's test: ours, built for real, and what stands in for those of others.

Where a registry is reached BASE, Valkey and Caddy are the real ones; else a base is made of
Debian's packages, and the two servers of PyPI's (`standin/Dockerfile`). This machine's pip settings
go in as build secrets.
"""

from __future__ import annotations

import contextlib
import functools
import http.server
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from docker.engine import MINUTES, CannotRun, CommandFailed, run

ROOT = Path(__file__).parents[2]
BASE = "docker.io/library/python:3.11-slim-bookworm"
TORCH_INDEX = "https://download.pytorch.org/whl/cpu"
OTHERS = {"store": "docker.io/valkey/valkey:9", "caddy": "docker.io/library/caddy:2"}
OURS = ("client", "gateway", "worker-cpu")
STANDIN_BASE = "ttmserve-test/base:bookworm"
SUITE = "bookworm"  # Python 3.11
PACKAGES = "python3,python3-venv,ca-certificates"
PULL_LIMIT_S = 5 * MINUTES
BUILD_LIMIT_S = 30 * MINUTES


@dataclass(frozen=True, slots=True)
class Built:
    """An image: its name, its bytes, and how long it took."""

    name: str
    size_bytes: int
    seconds: float


def have_or_pull(docker: str, image: str) -> bool:
    """Whether an image is here or can be had."""
    if have_here(docker, image):
        return True
    try:
        run([docker, "pull", "--quiet", image], PULL_LIMIT_S)
    except (CommandFailed, subprocess.TimeoutExpired):
        return False
    return True


def base_image(docker: str) -> str:
    """`TTM_TEST_BASE`, Docker's Python image, or a stand-in; raises CannotRun for none of them."""
    for image in filter(None, (os.environ.get("TTM_TEST_BASE"), BASE)):
        if have_or_pull(docker, image):
            return image
    if not have_here(docker, STANDIN_BASE):
        _make_base(docker)
    return STANDIN_BASE


def have_here(docker: str, image: str) -> bool:
    """Whether an image is on this machine."""
    command = [docker, "image", "inspect", image]
    return not subprocess.run(command, capture_output=True, check=False).returncode


def _make_base(docker: str) -> None:
    if shutil.which("debootstrap") is None or os.geteuid() != 0:
        raise CannotRun(
            f"{BASE} cannot be pulled, and a stand-in needs debootstrap and root "
            "(TTM_TEST_BASE may name an image that is here)"
        )
    with tempfile.TemporaryDirectory(prefix="ttm-base-") as folder:
        root = Path(folder, "root")
        command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(root)]
        run(command, BUILD_LIMIT_S)
        for left in (*root.glob("var/cache/apt/archives/*.deb"), *root.glob("var/lib/apt/lists/*")):
            left.unlink() if left.is_file() else shutil.rmtree(left)
        packed = subprocess.Popen(["tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE)
        run([docker, "import", "-", STANDIN_BASE], BUILD_LIMIT_S, stdin=packed.stdout)
        if packed.wait():
            raise CommandFailed("tar: the stand-in base could not be packed")


class Builder:
    """Builds targets with one base, and this machine's way to packages."""

    def __init__(self, docker: str, base: str, folder: Path, torch_index: str) -> None:
        self._docker = docker
        self._arguments = {"BASE": base, "TORCH_INDEX": torch_index}
        self._secrets = _pip_secrets(folder)

    def build(self, target: str, tag: str, dockerfile: Path, context: Path) -> Built:
        """Build one target; raises CommandFailed with the end of what the build said."""
        since_s = time.monotonic()
        command = [self._docker, "build", "--network", "host", "--progress", "plain"]
        for name, path in self._secrets.items():
            command += ["--secret", f"id={name},src={path}"]
        for name, value in self._arguments.items():
            command += ["--build-arg", f"{name}={value}"]
        command += ["--file", str(dockerfile), "--target", target, "--tag", tag, str(context)]
        run(command, BUILD_LIMIT_S, env=os.environ | {"DOCKER_BUILDKIT": "1"})
        size = run([self._docker, "image", "inspect", "--format", "{{.Size}}", tag])
        return Built(tag, int(size), time.monotonic() - since_s)


def pip_settings() -> dict[str, str]:
    """This machine's pip settings, without those of files and folders that a build has not."""
    told = run([_python(), "-m", "pip", "config", "list"])
    settings = dict(re.findall(r"^(?:global|install|:env:)\.([a-z-]+)='(.*)'$", told, re.M))
    return {
        name: value
        for name, value in settings.items()
        if name in ("index-url", "extra-index-url", "trusted-host", "timeout", "cert")
        and not value.startswith("file:")
    }


def _pip_secrets(folder: Path) -> Mapping[str, Path]:
    settings = pip_settings()
    authority = settings.pop("cert", None)
    lines = ["[global]", *(f"{name} = {value}" for name, value in settings.items())]
    configuration = folder / "pip.conf"
    configuration.write_text("\n".join(lines) + "\n")
    return {"pip_conf": configuration} | ({"build_ca": Path(authority)} if authority else {})


def _python() -> str:
    return shutil.which("python3") or "python3"


@contextlib.contextmanager
def torch_index() -> Iterator[str]:
    """PyTorch's index, or one on loopback of the wheel in a folder that pip is told of."""
    told = run([_python(), "-m", "pip", "config", "list"])
    folders = re.findall(r"find-links='([^']*)'", told)
    version = re.search(r"^torch==(\S+)$", (ROOT / "constraints.txt").read_text(), re.M)
    assert version is not None
    wheels = {
        wheel.resolve()
        for folder in " ".join(folders).split()
        if Path(folder).is_dir()
        for wheel in Path(folder).glob(f"torch-{version[1]}*.whl")
    }
    if not wheels:
        yield TORCH_INDEX
        return
    with tempfile.TemporaryDirectory(prefix="ttm-index-") as folder:
        Path(folder, "torch").mkdir()
        for wheel in wheels:
            Path(folder, "torch", wheel.name).symlink_to(wheel)
        handler = functools.partial(_Quiet, directory=folder)
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            try:
                yield f"http://127.0.0.1:{server.server_port}/"
            finally:
                server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing to say of each request."""
