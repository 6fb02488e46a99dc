"""What a finished run leaves to others: a network's weights in half precision, with a schema.

Knows no optimiser and no run.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ttm_lab.training.network import Network
from ttm_lab.training.saved_run import read_tensors, write_tensors
from ttm_model.errors import WeightsError
from ttm_protocol.errors import StateIncompatible

SCHEMA = "ttmserve.trained/1"


def write_weights(network: nn.Module, system: str, about: dict[str, Any], path: Path) -> None:
    """Weights as float16 and `about`, the card's facts: how they came to be."""
    tensors = {name: tensor.half() for name, tensor in network.state_dict().items()}
    meta = {"schema": SCHEMA, "system": system, "about": json.dumps(about, sort_keys=True)}
    write_tensors(tensors, meta, path)


def read_weights(network: nn.Module, system: str, path: Path) -> dict[str, Any]:
    """Fill a network; -> `about`. Raises WeightsError naming what differs."""
    try:
        meta, tensors = read_tensors(path)
    except StateIncompatible as error:
        raise WeightsError(str(error)) from error
    for name, wanted in (("schema", SCHEMA), ("system", system)):
        if meta.get(name) != wanted:
            raise WeightsError(f"{path}: {name} is {meta.get(name)!r}, must be {wanted!r}")
    for name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise WeightsError(f"{path}: {name} holds numbers that are not finite")
    try:
        network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    except RuntimeError as error:
        raise WeightsError(f"{path}: does not fit {system}: {error}") from error
    about: dict[str, Any] = json.loads(meta.get("about", "{}"))
    return about


def read_network(name: str, path: Path) -> Network:
    """A trained system's network, ready to be asked."""
    network = Network(name)
    read_weights(network, name, path)
    return network.eval()
