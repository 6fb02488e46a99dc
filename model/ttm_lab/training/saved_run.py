"""A run on disk: weights, optimiser, random state, progress. Resuming equals not having stopped.

One safetensors file, written aside and renamed, so that a crash leaves the one before. Knows no
trained system that is shipped; those are in `weights_file`.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from ttm_lab.training.plan import Plan
from ttm_lab.training.trainer import Progress, Trainer
from ttm_protocol.errors import StateIncompatible

SCHEMA = "ttmserve.training-run/1"


def save_run(trainer: Trainer, path: Path) -> None:
    """Write everything that the next batch starts from."""
    tensors = {f"network.{k}": v for k, v in trainer.network.state_dict().items()}
    for index, values in trainer.optimiser.state_dict()["state"].items():
        for name, value in values.items():
            tensors[f"optimiser.{index}.{name}"] = value
    tensors["generator"] = trainer.generator.get_state()
    meta = {
        "schema": SCHEMA,
        "plan": json.dumps(asdict(trainer.plan)),
        "progress": json.dumps(asdict(trainer.progress)),
    }
    write_tensors(tensors, meta, path)


def resume_run(path: Path, plan: Plan, device: torch.device | str = "cpu") -> Trainer:
    """The trainer as it was; raises StateIncompatible where the file is of another plan or schema.

    `steps` and `minutes` may differ: a run can be prolonged.
    """
    meta, tensors = read_tensors(path)
    if meta.get("schema") != SCHEMA:
        raise StateIncompatible(
            f"{path}: schema: the file has {meta.get('schema')!r}, this program resumes {SCHEMA!r}"
        )
    for name, value in json.loads(meta["plan"]).items():
        now = asdict(plan).get(name)
        if name not in {"steps", "minutes"} and value != now:
            raise StateIncompatible(f"{path}: {name}: the run has {value!r}, not {now!r}")
    trainer = Trainer(plan, device)
    _load(trainer, tensors, path)
    trainer.progress = Progress(**json.loads(meta["progress"]))
    return trainer


def _load(trainer: Trainer, tensors: dict[str, Tensor], path: Path) -> None:
    weights = {
        name.removeprefix("network."): tensor
        for name, tensor in tensors.items()
        if name.startswith("network.")
    }
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        if name.startswith("optimiser."):
            _, index, field = name.split(".")
            state.setdefault(int(index), {})[field] = tensor
    try:
        trainer.network.load_state_dict(weights)
        groups = trainer.optimiser.state_dict()["param_groups"]
        trainer.optimiser.load_state_dict({"state": state, "param_groups": groups})
        trainer.generator.set_state(tensors["generator"])
    except (RuntimeError, KeyError, ValueError) as error:
        raise StateIncompatible(f"{path}: does not fit the network: {error}") from error


def write_tensors(tensors: dict[str, Tensor], meta: dict[str, str], path: Path) -> None:
    """A safetensors file, complete or not at all."""
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    aside = path.with_name(path.name + ".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    aside.write_bytes(save(plain, metadata=meta))
    os.replace(aside, path)


def read_tensors(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    """Metadata and tensors; raises StateIncompatible where the file cannot be read."""
    try:
        with safe_open(path, framework="pt") as file:
            meta = dict(file.metadata() or {})
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise StateIncompatible(f"{path}: not a readable safetensors file: {error}") from error
    return meta, tensors
