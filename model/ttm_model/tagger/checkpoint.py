"""Loads the tagger's trained weights, trusted by sha256 and schema; knows no sound."""

import json
from dataclasses import fields
from pathlib import Path

import numpy as np
from safetensors import safe_open

from ttm_model.encoders.weights import PinnedWeights, pinned, verified_path
from ttm_model.errors import WeightsError
from ttm_model.tagger.backbone import WHISPER_TINY_EN
from ttm_model.tagger.classes import TAGGER_CLASSES
from ttm_model.tagger.head import Head

SCHEMA = "ttmserve.sound-tagger/1"

SOUND_TAGGER = pinned("sound-tagger/sound_tagger.safetensors")


def load_head(weights: PinnedWeights = SOUND_TAGGER) -> Head:
    """The head. Raises `WeightsError` where the file, its schema, classes or backbone differ."""
    return read_head(verified_path(weights))


def read_head(path: Path) -> Head:
    """A checkpoint of this schema, whatever its sha256. Raises `WeightsError` naming the field."""
    try:
        with safe_open(path, framework="numpy") as file:
            meta = json.loads((file.metadata() or {}).get("ttmserve", "{}"))
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except Exception as error:  # the reader's own errors have no common class
        raise WeightsError(f"{path}: not a readable safetensors file: {error}") from error
    want = {
        "schema": SCHEMA,
        "backbone_sha256": WHISPER_TINY_EN.sha256,
        "classes": [c.name for c in TAGGER_CLASSES],
    }
    for name, value in want.items():
        if meta.get(name) != value:
            raise WeightsError(f"{path}: {name} is {meta.get(name)!r:.80}, must be {value!r:.80}")
    names = {f.name for f in fields(Head)}
    if set(arrays) != names:
        raise WeightsError(f"{path}: tensors {sorted(set(arrays) ^ names)} missing or unknown")
    for name, array in arrays.items():
        if array.dtype != np.float32 or not bool(np.isfinite(array).all()):
            raise WeightsError(f"{path}: {name} must hold finite float32, is {array.dtype}")
    if arrays["out_b"].shape != (len(TAGGER_CLASSES),):
        raise WeightsError(f"{path}: out_b is {arrays['out_b'].shape}")
    return Head(**{name: np.ascontiguousarray(a) for name, a in arrays.items()})
