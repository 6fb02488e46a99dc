"""Which distributions an extra of ttmserve brings, from installed metadata. Knows no licence."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
OURS = "ttmserve"


def extras() -> dict[str, tuple[Requirement, ...]]:
    """What pyproject.toml asks for: extra -> requirements; the plain install is under ``."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = {"": project["dependencies"], **project["optional-dependencies"]}
    return {name: tuple(map(Requirement, lines)) for name, lines in asked.items()}


def brought_by(extra: str) -> dict[str, str]:
    """Every distribution of an extra and what it needs itself: canonical name -> version.

    Raises PackageNotFoundError where one is not installed.
    """
    found: dict[str, str] = {}
    known = extras()
    waiting = [*known[""], *known[extra]]
    done: set[str] = set()
    while waiting:
        wanted = waiting.pop()
        if str(wanted) in done:
            continue
        done.add(str(wanted))
        name = canonicalize_name(wanted.name)
        if name == OURS:
            waiting += [one for inner in wanted.extras for one in known[inner]]
            continue
        package = metadata.distribution(name)
        found[name] = package.version
        waiting += _needed(package.requires or (), wanted.extras)
    return dict(sorted(found.items()))


def _needed(lines: Iterable[str], asked: Iterable[str]) -> list[Requirement]:
    """The requirements that hold on this platform, with the extras that were asked for."""
    wanted = []
    for line in lines:
        one = Requirement(line)
        if one.marker is None or any(
            one.marker.evaluate({"extra": extra}) for extra in ("", *asked)
        ):
            wanted.append(one)
    return wanted
