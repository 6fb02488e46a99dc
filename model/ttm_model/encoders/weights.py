"""The table of every weight file in use (`data/weights.toml`): whose, for what, and its digest.

Everyone asks for weights here; `pinning` finds and checks them. Knows no network and no tensor.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from ttm_model.encoders.pinning import PinnedWeights, in_package, verified, verified_path

__all__ = [
    "ALL",
    "EFFICIENTNET_LITE0",
    "MINILM_L6_V2",
    "PinnedWeights",
    "WeightsFile",
    "in_package",
    "listed",
    "pinned",
    "table",
    "verified_parts",
    "verified_path",
]
OURS = "ttmserve"  # as a package: the file comes with this program and is nowhere else


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """One file. `places` are in packages, from a package's own name on; several are to be joined.

    `address` is the publisher's copy, empty for our own; with `member` it is a zip archive of
    `download_bytes`, else the file itself.
    """

    model: str
    file: str
    purpose: str
    licence: str
    address: str
    revision: str
    package: str
    places: tuple[str, ...]
    sha256: str
    size_bytes: int
    member: str
    download_bytes: int

    @property
    def name(self) -> str:
        """The model and the file, as in the folder of pulled weights."""
        return f"{self.model}/{self.file}"

    @property
    def pinned(self) -> PinnedWeights:
        """For `verified_path`; the first part only of a file that is in parts."""
        package, *parts = self.places[0].split("/")
        return PinnedWeights(self.name, self.sha256, in_package(package, *parts))


@lru_cache(maxsize=1)
def table() -> tuple[WeightsFile, ...]:
    """Every file, in the table's order."""
    text = files(__package__).joinpath("data", "weights.toml").read_text(encoding="utf-8")
    return tuple(
        _row(model, entry) for model in tomllib.loads(text)["model"] for entry in model["files"]
    )


def listed(name: str) -> WeightsFile:
    """The file of that name ("model/file"); KeyError for one that is not in the table."""
    return {row.name: row for row in table()}[name]


def pinned(name: str) -> PinnedWeights:
    """What `verified_path` takes, for a file of the table."""
    return listed(name).pinned


def verified_parts(row: WeightsFile) -> tuple[Path, ...]:
    """The files that make it, in order, once their bytes are known to be the published ones.

    One path, or several where packages hold it in parts. Raises `WeightsError` as `verified`.
    """

    def locate() -> tuple[Path, ...]:
        split = (place.split("/") for place in row.places)
        return tuple(in_package(package, *parts)() for package, *parts in split)

    return verified(row.name, row.sha256, locate)


def _row(model: Mapping[str, Any], entry: Mapping[str, Any]) -> WeightsFile:
    file = entry["file"]
    revision = model.get("revision", "")
    names = {"revision": revision, "file": file, "kind": entry.get("kind", "")}
    return WeightsFile(
        model=model["name"],
        file=file,
        purpose=model["purpose"],
        licence=model["licence"],
        address=model.get("address", "").format(**names),
        revision=revision,
        package=model["package"],
        places=tuple(entry.get("parts", (f"{model['folder']}/{file}",))),
        sha256=entry["sha256"],
        size_bytes=entry["bytes"],
        member=model.get("member", "").format(**names),
        download_bytes=model.get("archive_bytes", entry["bytes"]),
    )


EFFICIENTNET_LITE0 = pinned("efficientnet-lite0/efficientnet-lite0-57934424.pth")
MINILM_L6_V2 = pinned("all-MiniLM-L6-v2/model.safetensors")
ALL: tuple[PinnedWeights, ...] = (EFFICIENTNET_LITE0, MINILM_L6_V2)  # what keys are made of
