"""The live page from end to end in a real Firefox, driven by puppeteer."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from browser.node_runs import HERE, run_tests
from browser.serving import served, until_answering

SOUND_SERVER_S = 20

pytestmark = pytest.mark.slow


def firefox() -> str:
    """Where Firefox is; skips where there is none."""
    found = shutil.which("firefox-esr") or shutil.which("firefox")
    if found is None:
        pytest.skip("Firefox is not installed (Debian: apt-get install firefox-esr)")
    return found


@contextlib.contextmanager
def sound_output() -> Iterator[dict[str, str]]:
    """A sound server that plays into nothing, without which Firefox runs no Web Audio.

    -> what a browser's environment needs to find it.
    """
    binary = shutil.which("pulseaudio")
    if binary is None:
        pytest.skip("pulseaudio is not installed (Debian: apt-get install pulseaudio)")
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder) / "native"
        command = [binary, "-n", "--daemonize=no", "--exit-idle-time=-1", "-L", "module-null-sink"]
        command += ["-L", f"module-native-protocol-unix auth-anonymous=1 socket={socket}"]
        own = {"XDG_RUNTIME_DIR": folder, "HOME": folder}
        with (Path(folder) / "log").open("wb") as log:
            process = subprocess.Popen(command, env=os.environ | own, stdout=log, stderr=log)
        try:
            until_s = time.monotonic() + SOUND_SERVER_S
            while not socket.exists():
                said = (Path(folder) / "log").read_text()
                assert process.poll() is None, said
                assert time.monotonic() < until_s, said
                time.sleep(0.1)
            yield {"PULSE_SERVER": f"unix:{socket}"}
        finally:
            process.terminate()
            process.wait(SOUND_SERVER_S)


def test_the_page_remembers_across_a_cut(
    node: str, packages: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with sound_output() as variables, served(tmp_path_factory.mktemp("data")) as base:
        until_answering(base)
        variables |= {"TTM_TEST_BASE_URL": base, "TTM_TEST_FIREFOX": firefox()}
        run_tests(node, HERE / "firefox.test.js", TTM_TEST_SHOTS=str(tmp_path), **variables)
