"""Named tensors to bytes and back, with a schema: exact, of constant length, never pickle.

Knows nothing of what the tensors mean. The format is safetensors; its metadata holds the schema.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from ttm_protocol.errors import StateIncompatible

Spec = Mapping[str, tuple[tuple[int, ...], torch.dtype]]
MAX_HEADER_BYTES = 64 * 1024


def to_bytes(tensors: Mapping[str, Tensor], schema: str) -> bytes:
    """Every tensor, bit for bit, and the schema they belong to."""
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    return bytes(save(plain, metadata={"schema": schema}))


def from_bytes(data: bytes, schema: str, spec: Spec) -> dict[str, Tensor]:
    """The tensors of `to_bytes`; raises StateIncompatible naming what differs.

    Every name, shape and dtype must be the spec's: a state of another model is refused, not read.
    """
    found = schema_of(data)
    if found != schema:
        raise StateIncompatible(f"schema: the state has {found!r}, this model continues {schema!r}")
    try:
        tensors = load(data)
    except (SafetensorError, ValueError) as error:
        raise StateIncompatible(f"state: not readable: {error}") from None
    if tensors.keys() != spec.keys():
        differing = sorted(tensors.keys() ^ spec.keys())
        raise StateIncompatible(f"state: tensors {differing} are missing or unknown")
    for name, (shape, dtype) in spec.items():
        tensor = tensors[name]
        if tuple(tensor.shape) != shape or tensor.dtype != dtype:
            raise StateIncompatible(
                f"{name}: {tuple(tensor.shape)} {tensor.dtype}, must be {shape} {dtype}"
            )
    return tensors


def schema_of(data: bytes) -> str:
    """The schema that bytes announce; raises StateIncompatible where they are no state."""
    try:
        length = int.from_bytes(data[:8], "little")
        if not 2 <= length <= min(MAX_HEADER_BYTES, len(data) - 8):
            raise StateIncompatible(f"state: a header of {length} bytes in {len(data)}")
        header = json.loads(data[8 : 8 + length])
        return str(header["__metadata__"]["schema"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise StateIncompatible("state: no readable header with a schema") from None
