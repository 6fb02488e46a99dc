"""Trusts a weight file by its published sha256 and by nothing else; knows no network and no tensor.

Third parties package the weights, so a file is opened only after its bytes hashed to the digest
that the weights' authors published. Nothing here downloads: a file that is neither in a package
nor in the folder of pulled weights is an error. `weights` lists every file there is.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ttm_model.errors import WeightsError

FOLDER_VARIABLE = "TTM_WEIGHTS_DIR"
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class PinnedWeights:
    """One weight file: its name, the sha256 that its authors published, how to find it.

    `locate` returns the path, which need not exist, or raises `WeightsError`.
    """

    name: str
    sha256: str
    locate: Callable[[], Path]


def in_package(package: str, *parts: str) -> Callable[[], Path]:
    """Return a function that finds a file inside an installed package without importing it."""

    def locate() -> Path:
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            raise WeightsError(
                f"{'/'.join(parts)}: the Python package {package!r} that holds it is not installed"
            )
        return Path(spec.origin).parent.joinpath(*parts)

    return locate


def pulled_path(name: str) -> Path:
    """Where `ttmserve weights pull` puts a file: in TTM_WEIGHTS_DIR, or else with user data."""
    if folder := os.environ.get(FOLDER_VARIABLE):
        return Path(folder, name)
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data, "ttmserve", "weights", name)


def verified_path(weights: PinnedWeights) -> Path:
    """Return the file's path once its content is known to be the published one.

    Raises `WeightsError` as `verified`.
    """
    return verified(weights.name, weights.sha256, lambda: (weights.locate(),))[0]


def verified(name: str, sha256: str, locate: Callable[[], tuple[Path, ...]]) -> tuple[Path, ...]:
    """The files that, joined, are the published one: a package's copy, or else the pulled one.

    A file is hashed once a process. Raises `WeightsError` with the file, the expected and the found
    digest where they differ, and where no file can be found or read.
    """
    pulled = pulled_path(name)
    try:
        paths = locate()
        _check(name, sha256, paths)
    except WeightsError:
        if not pulled.is_file():
            raise
        paths = (pulled,)
        _check(name, sha256, paths)
    return paths


def _check(name: str, sha256: str, paths: tuple[Path, ...]) -> None:
    try:
        found = _sha256(paths)
    except OSError as error:
        raise WeightsError(f"{name}: cannot read {error.filename}: {error.strerror}") from error
    if found != sha256:
        where = " and ".join(map(str, paths))
        raise WeightsError(
            f"{name}: {where} is not the published file: expected sha256 {sha256}, found {found}"
        )


@lru_cache(maxsize=256)
def _sha256(paths: tuple[Path, ...]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
    return digest.hexdigest()
