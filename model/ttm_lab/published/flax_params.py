"""Load a published unit from reference vectors (`.npz`, Flax parameter names). Runs nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast, get_args

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ttm_lab.published.processors import MixerBlock, MixerProcessor, MlpProcessor
from ttm_lab.published.read_write import AddEraseWrite, TokenLearnerAttention
from ttm_lab.published.unit import MemoryMode, ProcessorKind, PublishedConfig, PublishedUnit
from ttm_model.ttm.layers import Attention, Mlp, TokenLearner
from ttm_model.ttm.processor import TransformerBlock, TransformerProcessor

Arrays = Mapping[str, npt.NDArray[np.float32]]
PREFIX = "params/unit_function/"
SIZES = {  # the file's name of each: PublishedConfig's
    "dim": "dim",
    "tokens": "input_tokens",
    "memory_size": "memory_tokens",
    "process_size": "process_tokens",
    "num_layers": "layers",
    "num_heads": "heads",
    "mlp_dim": "mlp_hidden",
    "mha_read_write_heads": "read_write_heads",
    "adderase_tokens": "adderase_tokens",
    "bottleneck": "bottleneck",
    "mixer_sequence_mlp_dim": "mixer_sequence_hidden",
}
CHOICES = {
    "memory_mode": ("mode", get_args(MemoryMode)),
    "processing_unit": ("processor", get_args(ProcessorKind)),
}
NEEDED = ("dim", "tokens")  # of the rest the published code says what they are when not given


def load_arrays(path: Path) -> dict[str, npt.NDArray[np.float32]]:
    """Every array of a reference file; raises ValueError if it is not one."""
    with np.load(path, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    if "config_json" not in arrays:
        raise ValueError(f"{path}: no config_json; this is not a file of reference vectors")
    return arrays


def config_of(arrays: Arrays) -> PublishedConfig:
    """The unit's sizes, from `config_json`; raises ValueError naming what is missing or impossible.

    What the file does not name is as in the published code.
    """
    raw = json.loads(bytes(arrays["config_json"].astype(np.uint8)).decode())
    missing = [name for name in NEEDED if name not in raw]
    if missing:
        raise ValueError(f"config_json: {', '.join(missing)} missing")
    given: dict[str, Any] = {
        field: _size(name, raw[name]) for name, field in SIZES.items() if name in raw
    }
    for name, (field, known) in CHOICES.items():
        if name in raw:
            given[field] = str(raw[name]).lower()
            if given[field] not in known:
                raise ValueError(f"config_json: {name} is {raw[name]!r}, not one of {known}")
    if "use_positional_embedding" in raw:
        given["positions"] = bool(raw["use_positional_embedding"])
    return PublishedConfig(**given)


def _size(name: str, value: object) -> int:
    if type(value) is not int or value < 1:
        raise ValueError(f"config_json: {name} is {value!r}, must be a whole number of at least 1")
    return value


def load_unit(arrays: Arrays) -> PublishedUnit:
    """A unit with the file's weights; raises ValueError for a missing or left-over parameter."""
    unit = PublishedUnit(config_of(arrays)).eval()
    reader = _Reader(arrays)
    with torch.no_grad():
        _read_unit(reader, unit)
    reader.finish()
    return unit


class _Reader:
    """Copies Flax leaves into modules and remembers which were used."""

    def __init__(self, arrays: Arrays) -> None:
        self._arrays = arrays
        self._left = {name for name in arrays if name.startswith(PREFIX)}

    def leaf(self, name: str, target: torch.Tensor) -> None:
        full = PREFIX + name
        if full not in self._arrays:
            raise ValueError(f"{full}: missing from the file")
        self._left.discard(full)
        value = torch.from_numpy(np.array(self._arrays[full]))
        if value.numel() != target.numel():
            raise ValueError(f"{full}: {tuple(value.shape)} does not fit {tuple(target.shape)}")
        target.copy_(value.reshape(target.shape))

    def finish(self) -> None:
        if self._left:
            raise ValueError(f"parameters that no module takes: {sorted(self._left)}")

    def norm(self, name: str, module: nn.LayerNorm) -> None:
        self.leaf(f"{name}/scale", module.weight)
        self.leaf(f"{name}/bias", module.bias)

    def dense(self, name: str, module: nn.Linear) -> None:
        """A Dense layer, or an attention projection whose kernel has more axes."""
        kernel = torch.empty(module.in_features, module.out_features)
        self.leaf(f"{name}/kernel", kernel)
        module.weight.copy_(kernel.T)
        self.leaf(f"{name}/bias", module.bias)

    def mlp(self, name: str, module: Mlp) -> None:
        self.dense(f"{name}/Dense_0", module.hidden)
        self.dense(f"{name}/Dense_1", module.out)

    def attention(self, name: str, module: Attention) -> None:
        query = f"{PREFIX}{name}/query/kernel"
        shape = self._arrays[query].shape if query in self._arrays else ()
        # Any number of heads would fit the numbers, and all but one would mix them up.
        if len(shape) == 3 and shape[1] != module.heads:
            raise ValueError(f"{query}: {shape[1]} heads, the unit has {module.heads}")
        for part in ("query", "key", "value", "out"):
            self.dense(f"{name}/{part}", getattr(module, part))


def _read_unit(reader: _Reader, unit: PublishedUnit) -> None:
    _read_token_learner(reader, unit.read, 0)
    _read_processor(reader, unit.process)
    if isinstance(unit.write, AddEraseWrite):
        _read_add_erase(reader, unit.write)
    else:
        _read_token_learner(reader, unit.write, 1)
    for name, positions in (
        ("read_pos_embed", unit.read_positions),
        ("write_pos_embed", unit.write_positions),
    ):
        if positions is not None:
            try:
                reader.leaf(f"{name}/pos_embedding", positions)
            except ValueError:
                if name == "write_pos_embed" and isinstance(unit.write, AddEraseWrite):
                    continue  # add-erase never writes through tokens, so some files leave it out
                raise


def _read_token_learner(reader: _Reader, module: nn.Module, index: int) -> None:
    if isinstance(module, TokenLearnerAttention):
        reader.leaf(f"TokenLearnerMHA_{index}/tokens", module.tokens)
        reader.attention(f"TokenLearnerMHA_{index}/attn", module.attention)
    elif isinstance(module, TokenLearner):
        reader.norm(f"TokenLearnerModuleV11_{index}/LayerNorm_0", module.norm)
        reader.mlp(f"TokenLearnerModuleV11_{index}/token_masking", module.weights)


def _read_processor(reader: _Reader, module: nn.Module) -> None:
    if isinstance(module, TransformerProcessor):
        reader.leaf("Encoder_0/posembed_input/pos_embedding", module.positions)
        for index, block in enumerate(cast(list[TransformerBlock], module.blocks)):
            name = f"Encoder_0/encoderblock_{index}"
            reader.norm(f"{name}/LayerNorm_0", block.norm_attention)
            reader.attention(f"{name}/MultiHeadDotProductAttention_0", block.attention)
            reader.norm(f"{name}/LayerNorm_1", block.norm_mlp)
            reader.mlp(f"{name}/MlpBlock_0", block.mlp)
        reader.norm("Encoder_0/encoder_norm", module.norm)
    elif isinstance(module, MixerProcessor):
        for index, mixer in enumerate(cast(list[MixerBlock], module.blocks)):
            name = f"MixerBlock_{index}"
            reader.norm(f"{name}/LayerNorm_0", mixer.norm_tokens)
            reader.mlp(f"{name}/token_mixing", mixer.token_mixing)
            reader.norm(f"{name}/LayerNorm_1", mixer.norm_channels)
            reader.mlp(f"{name}/channel_mixing", mixer.channel_mixing)
        reader.norm("LayerNorm_0", module.norm)
    elif isinstance(module, MlpProcessor):
        norms, mlps = cast(list[nn.LayerNorm], module.norms), cast(list[Mlp], module.mlps)
        for index, (norm, mlp) in enumerate(zip(norms, mlps, strict=True)):
            reader.norm(f"LayerNorm_{index}", norm)
            reader.mlp(f"MlpBlock_{index}", mlp)
        reader.norm(f"LayerNorm_{len(module.norms)}", module.norm)


def _read_add_erase(reader: _Reader, module: AddEraseWrite) -> None:
    name = "TokenAddEraseWrite_0"
    for index, norm in enumerate((module.norm_address, module.norm_erase, module.norm_add)):
        reader.norm(f"{name}/LayerNorm_{index}", norm)
    for index, mlp in enumerate(
        (
            module.address,
            module.erase_tokens,
            module.erase_channels,
            module.add_tokens,
            module.add_channels,
        )
    ):
        reader.mlp(f"{name}/MlpBlock_{index}", mlp)
