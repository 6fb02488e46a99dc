"""Runs of Node on the tests that are written in JavaScript, and what those need from npm."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
OLDEST_NODE = 20
TIMEOUT_S = 300


class NotThereError(Exception):
    """Node, npm or a package of it; says what to install."""


def node_binary() -> str:
    """Where Node is; raises NotThereError."""
    binary = shutil.which("node")
    if binary is None:
        raise NotThereError("no node on PATH (Debian: apt-get install nodejs npm)")
    version = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True)
    if int(version.stdout.lstrip("v").split(".")[0]) < OLDEST_NODE:
        raise NotThereError(f"node {version.stdout.strip()} is older than {OLDEST_NODE}")
    return binary


def node_packages() -> Path:
    """The folder of what the tests need from npm, as the lock file says; raises NotThereError."""
    installed, lock = HERE / "node_modules" / ".package-lock.json", HERE / "package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return installed.parent
    npm = shutil.which("npm")
    if npm is None:
        raise NotThereError("no npm on PATH (Debian: apt-get install npm)")
    command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(
        command, cwd=HERE, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    if done.returncode:
        said = done.stderr.strip()[-500:]
        raise NotThereError(f"npm ci failed, is there a network? {said}")
    installed.touch()
    return installed.parent


def run(*command: object, **variables: str) -> str:
    """Run it in this folder; its standard output, or a failure that shows all it said."""
    try:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=HERE,
            env=os.environ | variables,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        said = (error.stdout or b"") + (error.stderr or b"")
        raise AssertionError(f"not done in {TIMEOUT_S} s:\n{said.decode()[-8000:]}") from error
    assert done.returncode == 0, f"{done.stdout[-8000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def run_tests(node: str, path: Path, **variables: str) -> None:
    """Run a file of tests; none of them may fail or be skipped."""
    out = run(node, "--test", "--test-reporter=tap", path, **variables)
    counts = dict(
        line[2:].split()
        for line in out.splitlines()
        if line.startswith("# ") and len(line.split()) == 3
    )
    assert int(counts["pass"]) > 0, out
    assert (counts["fail"], counts["cancelled"], counts["skipped"]) == ("0", "0", "0"), out
