"""Which files a recogniser and the voice detector are made of; knows no network and no state.

Read into memory, hashed and used from there: what was checked is what runs, and a model that lies
in two packages is joined without a copy on disk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ttm_model.encoders.weights import (
    PinnedWeights,
    WeightsFile,
    pinned,
    table,
    verified_parts,
    verified_path,
)
from ttm_model.errors import WeightsError

ModelName = Literal["tiny.en", "base"]

# Many frames in one call.
SILERO_SEQUENCE = pinned("silero-vad-16k-sequence/silero_vad_16k_sequence.onnx")


@dataclass(frozen=True, slots=True)
class Recogniser:
    """The files of one Whisper model, by the names under which CTranslate2 asks for them."""

    name: ModelName
    files: Mapping[str, WeightsFile]


def _recogniser(name: ModelName) -> Recogniser:
    model = f"faster-whisper-{name}"
    return Recogniser(name, {row.file: row for row in table() if row.model == model})


RECOGNISERS: Mapping[ModelName, Recogniser] = {
    "tiny.en": _recogniser("tiny.en"),
    "base": _recogniser("base"),
}


def content(weights: PinnedWeights) -> bytes:
    """A file's bytes, once they hash to what is pinned. Raises `WeightsError` naming the file."""
    return _trusted(weights.name, weights.sha256, (verified_path(weights),))


def contents(recogniser: Recogniser) -> dict[str, bytes]:
    """Every file of a recogniser by the name under which CTranslate2 asks for it.

    Raises `WeightsError` where one is missing, or is another one than the pinned.
    """
    return {
        name: _trusted(row.name, row.sha256, verified_parts(row))
        for name, row in recogniser.files.items()
    }


def _trusted(name: str, sha256: str, paths: tuple[Path, ...]) -> bytes:
    """The files joined, hashed again as they were read now."""
    try:
        data = b"".join(path.read_bytes() for path in paths)
    except OSError as error:
        raise WeightsError(f"{name}: cannot read {error.filename}: {error.strerror}") from error
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        where = " and ".join(map(str, paths))
        raise WeightsError(
            f"{name}: {where} is not the published file: expected sha256 {sha256}, found {found}"
        )
    return data
