"""Memories without a network: the newest events, the last seconds, everything, one mean."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ttm_lab.systems.base import EntrySystem
from ttm_lab.systems.calibration import PresenceCalibration
from ttm_lab.systems.entries import Entries
from ttm_lab.task.interface import Episode
from ttm_model.nibbles import pack_closest, unpack
from ttm_model.ttm.layout import Layout, Modality
from ttm_model.ttm.rule import S0Rule


class StoreSystem(EntrySystem):
    """A system whose memory is its entries."""

    def state_bytes(self, memory: Entries) -> int:
        """Bytes of the table."""
        return memory.size_bytes

    def entries(self, memory: Entries) -> Entries:
        """The memory itself."""
        return memory


@dataclass(slots=True)
class _Event:
    """An event that is being put together from its steps."""

    key: Tensor
    weight: float
    modality: int
    start_s: float
    end_s: float


class FifoSystem(StoreSystem):
    """A ring of the newest events, put together from steps by rule S0's own thresholds."""

    def __init__(
        self, name: str = "fifo", calibration: PresenceCalibration | None = None, *, size: int = 64
    ) -> None:
        super().__init__(name, calibration)
        self.size = size
        self.rule = S0Rule()

    def fold(self, episode: Episode) -> Entries:
        """The newest events of both modalities."""
        ring: list[_Event] = []
        lost = kept = 0
        for key, modality, salience, start_s, end_s in _tokens(episode):
            match = self._going_on(ring, key, modality, start_s)
            if match is not None:
                total = match.weight + salience
                match.key = (match.key * match.weight + key * salience) / total
                match.weight, match.end_s = total, max(match.end_s, end_s)
            elif salience >= self.rule.min_salience:
                ring.append(_Event(key, salience, modality, start_s, end_s))
                kept += modality == int(Modality.VIDEO)
                if len(ring) > self.size:
                    lost += ring.pop(0).modality == int(Modality.VIDEO)
        rows = [(e.key, e.modality, e.start_s, e.end_s) for e in ring]
        return _table(rows, episode.sights.sensor.shape[1], lost / max(kept, 1))

    def _going_on(
        self, ring: list[_Event], key: Tensor, modality: int, start_s: float
    ) -> _Event | None:
        best, best_cos = None, self.rule.match_cos
        for event in ring:
            if event.modality != modality or event.end_s < start_s - self.rule.gap_s[modality]:
                continue
            cos = float(event.key @ key / (event.key.norm() * key.norm()).clamp_min(1e-8))
            if cos >= best_cos:
                best, best_cos = event, cos
        return best


class PackedFifoSystem(FifoSystem):
    """The same ring, its older keys rounded as in the archive: what few bits alone are worth."""

    def __init__(
        self, name: str = "fifo-packed", calibration: PresenceCalibration | None = None
    ) -> None:
        layout = Layout()
        self.exact = layout.events
        super().__init__(name, calibration, size=layout.events + layout.archive)

    def fold(self, episode: Episode) -> Entries:
        """The newest events of both modalities, all but a few of them rounded."""
        held = super().fold(episode)
        keys = held.keys.clone()
        for at in range(max(0, keys.shape[0] - self.exact)):
            packed, scale = pack_closest(keys[at])
            keys[at] = unpack(packed[None], scale[None])[0]
        return replace(held, keys=keys)

    def state_bytes(self, memory: Entries) -> int:
        """Bytes of the table, a rounded key taking half a byte for each value and its scale."""
        count, dim = memory.keys.shape
        saved = memory.keys.element_size() * dim - dim // 2 - memory.keys.element_size()
        return memory.size_bytes - max(0, count - self.exact) * saved


class RecencySystem(StoreSystem):
    """Every token of the last seconds, and nothing before."""

    def __init__(
        self,
        name: str = "recency",
        calibration: PresenceCalibration | None = None,
        *,
        window_s: float = 16.0,
    ) -> None:
        super().__init__(name, calibration)
        self.window_s = window_s

    def fold(self, episode: Episode) -> Entries:
        """The tokens that have not ended before the window."""
        now_s = episode.length_s
        tokens = _tokens(episode)
        rows = [(k, m, a, z) for k, m, _, a, z in tokens if z > now_s - self.window_s]
        lost = 1.0 - len(rows) / max(len(tokens), 1)
        return _table(rows, episode.sights.sensor.shape[1], lost)


class UnlimitedSystem(StoreSystem):
    """Every token of the whole stream: grows without bound and forgets nothing."""

    def fold(self, episode: Episode) -> Entries:
        """All tokens."""
        rows = [(k, m, a, z) for k, m, _, a, z in _tokens(episode)]
        return _table(rows, episode.sights.sensor.shape[1], 0.0)


class MeanPoolSystem(StoreSystem):
    """One salience-weighted mean for each modality, over the whole stream."""

    def fold(self, episode: Episode) -> Entries:
        """Two entries that span everything."""
        dim = episode.sights.sensor.shape[1]
        total, weight = torch.zeros(2, dim), torch.zeros(2)
        for key, modality, salience, _, _ in _tokens(episode):
            total[modality] += key * salience
            weight[modality] += salience
        mean = total / weight.clamp_min(1e-8)[:, None]
        unit = mean / mean.norm(dim=-1, keepdim=True).clamp_min(1e-8)
        rows = [(unit[m], m, 0.0, episode.length_s) for m in range(2)]
        return _table(rows, dim, 0.0)

    def when(self, memory: Entries, sight: Tensor) -> float | None:
        """Never known: a mean has no times."""
        return None


def _tokens(episode: Episode) -> list[tuple[Tensor, int, float, float, float]]:
    """Key, modality, salience, start and end of every token of an episode, in order."""
    found = []
    for inputs, mask in episode.steps:
        for at in torch.nonzero(mask[0])[:, 0].tolist():
            found.append(
                (
                    inputs.keys[0, at],
                    int(inputs.modality[0, at]),
                    float(inputs.salience[0, at]),
                    float(inputs.start_s[0, at]),
                    float(inputs.end_s[0, at]),
                )
            )
    return found


def _table(rows: list[tuple[Tensor, int, float, float]], dim: int, lost: float) -> Entries:
    return Entries(
        torch.stack([row[0] for row in rows]) if rows else torch.zeros(0, dim),
        torch.tensor([row[1] for row in rows], dtype=torch.int8),
        torch.tensor([row[2] for row in rows], dtype=torch.float64),
        torch.tensor([row[3] for row in rows], dtype=torch.float64),
        lost,
    )
