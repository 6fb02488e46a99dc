"""Trained systems as MemorySystem: fold an episode, answer from what was folded. Knows no truth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ttm_lab.task.interface import Episode, Verdict
from ttm_lab.training import time_code
from ttm_lab.training.memories import State
from ttm_lab.training.network import Network
from ttm_lab.training.pins import SHA256
from ttm_lab.training.reader_head import KINDS, Asked, Laid, Reading
from ttm_lab.training.weights_file import read_network
from ttm_model.encoders.weights import PinnedWeights, verified_path
from ttm_model.errors import WeightsError

NAMES = tuple(SHA256)
CHECKPOINTS = Path(__file__).resolve().parents[1] / "checkpoints"
IN_REPOSITORY = "model/ttm_lab/checkpoints"
PRESENT_P = 0.5
CHUNK_STEPS = 64  # folded at once, which changes only the speed


@dataclass(frozen=True, slots=True)
class Folded:
    """A memory and when it ends."""

    state: State
    laid: Laid  # its M tokens, as the reader takes them
    mask: Tensor  # (1, M)
    clock_s: float


class TrainedSystem:
    """A network behind the interface of `evaluation`."""

    def __init__(self, name: str, network: Network) -> None:
        self.name = name
        self.network = network.eval()

    @torch.inference_mode()
    def fold(self, episode: Episode) -> Folded:
        """The memory after the episode's steps."""
        memory = self.network.memory
        state = memory.initial(1)
        for keys, modality, salience, start_s, mask in _chunks(episode):
            inputs = self.network.embedding(keys, modality, salience, start_s)
            state = memory.fold(state, inputs, mask)
        tokens, seen = memory.tokens(state)
        return Folded(state, self.network.reader.lay_out(tokens), seen, episode.length_s)

    def state_bytes(self, memory: Folded) -> int:
        """Bytes of the state's tensors."""
        return sum(part.numel() * part.element_size() for part in memory.state)

    def at_time(self, memory: Folded, time_s: float, candidates: Tensor) -> Tensor:
        """Scores (K,) of candidates (K, d) at a time."""
        key = torch.zeros_like(candidates[0])
        return self._read(memory, "at_time", key, time_s).candidate_logits(candidates)[0, 0]

    def beside(self, memory: Folded, sound: Tensor, candidates: Tensor) -> Tensor:
        """Scores (K,) of candidates (K, d) beside a sound (d,)."""
        return self._read(memory, "beside", sound).candidate_logits(candidates)[0, 0]

    def when(self, memory: Folded, sight: Tensor) -> float | None:
        """The likeliest step, where the sight is more likely present than not."""
        if self.presence(memory, sight)[1] != "present":
            return None
        grid_s = time_code.grid_s(memory.clock_s)
        logits = time_code.time_code(grid_s) @ self._read(memory, "when", sight).time[0, 0]
        return float(grid_s[int(logits.argmax())])

    def presence(self, memory: Folded, sight: Tensor) -> tuple[float, Verdict]:
        """The head's probability. A trained memory does not know what it has lost."""
        p = float(self._read(memory, "presence", sight).present[0, 0].sigmoid())
        return p, "present" if p > PRESENT_P else "not_seen"

    @torch.inference_mode()
    def _read(self, memory: Folded, kind: str, key: Tensor, time_s: float = 0.0) -> Reading:
        asked = Asked(
            kind=torch.tensor([[KINDS.index(kind)]]),
            key=key.reshape(1, 1, -1),
            time_s=torch.tensor([[time_s]], dtype=torch.float64),
        )
        return self.network.reader.read(asked, memory.laid, memory.mask)


def _chunks(episode: Episode) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor, Tensor]]:
    """Keys (1, K, n, d), modality, salience (1, K, n), start_s (K,), mask (1, K, n)."""
    for first in range(0, len(episode.steps), CHUNK_STEPS):
        steps = episode.steps[first : first + CHUNK_STEPS]
        yield (
            torch.stack([inputs.keys for inputs, _ in steps], dim=1),
            torch.stack([inputs.modality for inputs, _ in steps], dim=1),
            torch.stack([inputs.salience for inputs, _ in steps], dim=1),
            torch.cat([inputs.start_s[0, :1] for inputs, _ in steps]),
            torch.stack([mask for _, mask in steps], dim=1),
        )


class NoCheckpoint(WeightsError):
    """The files of trained systems are not there: an installed package leaves them out."""


def pinned(name: str) -> PinnedWeights:
    """Where a trained system's weights lie and what they must be."""
    if name not in SHA256:
        raise KeyError(f"systems: {name!r} is not one of {', '.join(NAMES)}")
    path = CHECKPOINTS / f"{name.replace('-', '_')}.safetensors"
    return PinnedWeights(name, SHA256[name], lambda: path)


def check_files(names: Iterable[str]) -> None:
    """Refuse trained systems among these before anything is measured, others are no matter.

    Raises NoCheckpoint naming all that have no file, and WeightsError for a file that is another.
    """
    trained = {name: pinned(name) for name in names if name in NAMES}
    missing = [name for name, weights in trained.items() if not weights.locate().exists()]
    if missing:
        raise NoCheckpoint(
            f"no checkpoint of {', '.join(missing)} in {CHECKPOINTS}: packages leave them out, "
            f"the source repository has them in {IN_REPOSITORY}"
        )
    for weights in trained.values():
        verified_path(weights)


def load(name: str) -> TrainedSystem:
    """A shipped system by name; raises KeyError, and as `check_files` does."""
    weights = pinned(name)
    check_files([name])
    return TrainedSystem(name, read_network(name, weights.locate()))
