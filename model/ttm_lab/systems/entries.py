"""A memory as a table of keys with times, and one untrained reader for all such memories.

Knows no question wording and no truth. Every untrained system is read by these same functions, so
that what differs between them is what they kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ttm_lab.task.interface import EpisodeEvent
from ttm_model.ttm.layout import Modality

EXPECTED = 0.8  # what a key and its own text key give, about
SPREAD = 0.15  # and how far that varies
REACH_S = 1.0  # how far from a time an entry still counts
BESIDE = 0.5  # and the most that such an entry counts beside one that covers the time
LONGEST_S = 6.0  # an entry that spans more than this is less certain to be what was there
GAP_S = 2.0  # an occurrence goes on over gaps of this length
SAME = 0.6  # of the best match: an entry of the same occurrence
HEARD = 48  # best matches of a sound that are joined with sights; the others weigh nothing
HELD = 0.4  # an event is held where its own sensor key gives this much


@dataclass(frozen=True)
class Entries:
    """N things that a memory holds, and how much it has lost."""

    keys: Tensor  # (N, d), scaled as written: no longer than a unit key
    modality: Tensor  # (N,) int8
    start_s: Tensor  # (N,) float64
    end_s: Tensor  # (N,) float64
    lost: float = 0.0  # share of the sights that were ever kept that is gone

    @cached_property
    def seen(self) -> Entries:
        """Only the sights."""
        return self._of(Modality.VIDEO)

    @cached_property
    def heard(self) -> Entries:
        """Only the sounds."""
        return self._of(Modality.AUDIO)

    def _of(self, modality: Modality) -> Entries:
        at = self.modality == int(modality)
        return Entries(
            self.keys[at],
            self.modality[at],
            self.start_s[at],
            self.end_s[at],
            self.lost,
        )

    @property
    def size_bytes(self) -> int:
        """Bytes of the table's tensors."""
        tensors = (self.keys, self.modality, self.start_s, self.end_s)
        return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def evidence(entries: Entries, key: Tensor) -> Tensor:
    """Log likelihood ratio (N,) that an entry is what a text key (d,) names."""
    return (EXPECTED * (entries.keys @ key) - EXPECTED**2 / 2) / SPREAD**2


def read_at(entries: Entries, time_s: float, candidates: Tensor) -> Tensor:
    """Scores (K,) of candidates (K, d) for what was seen at a time."""
    seen = entries.seen
    away_s = torch.maximum(seen.start_s - time_s, time_s - seen.end_s).clamp_min(0.0)
    beside = BESIDE * (1.0 - away_s / REACH_S).clamp_min(0.0)
    near = torch.where(away_s > 0.0, beside, 1.0)
    return _weighted(seen, near, candidates)


def read_beside(entries: Entries, sound: Tensor, candidates: Tensor) -> Tensor:
    """Scores (K,) of candidates (K, d) for what was seen while a sound (d,) was heard."""
    heard, seen = entries.heard, entries.seen
    if not heard.keys.shape[0] or not seen.keys.shape[0]:
        return torch.zeros(candidates.shape[0])
    found, at = evidence(heard, sound).topk(min(HEARD, heard.keys.shape[0]))
    share = found.softmax(dim=0)  # (A,)
    start_s, end_s = heard.start_s[at, None], heard.end_s[at, None]
    both = torch.minimum(end_s, seen.end_s) - torch.maximum(start_s, seen.start_s)
    either = torch.maximum(end_s, seen.end_s) - torch.minimum(start_s, seen.start_s)
    joined = (both.clamp_min(0.0) / either.clamp_min(1e-6)).float()  # (A, V)
    return _weighted(seen, share @ joined, candidates)


def _weighted(seen: Entries, weight: Tensor, candidates: Tensor) -> Tensor:
    span_s = (seen.end_s - seen.start_s).clamp_min(LONGEST_S)
    weight = weight.float() * (LONGEST_S / span_s).float()
    return candidates @ (weight @ seen.keys)


def read_when(entries: Entries, sight: Tensor) -> float | None:
    """The second at which the best match for a text key (d,) began; None where nothing is held."""
    seen = entries.seen
    if not seen.keys.shape[0]:
        return None
    product = seen.keys @ sight
    best = int(product.argmax())
    same = product >= SAME * product[best]
    start_s = float(seen.start_s[best])
    ends_s, starts_s = seen.end_s[same].tolist(), seen.start_s[same].tolist()
    for one_end_s, one_start_s in sorted(zip(ends_s, starts_s, strict=True), reverse=True):
        if one_start_s < start_s <= one_end_s + GAP_S:
            start_s = one_start_s
    return start_s


def presence_features(entries: Entries, sight: Tensor) -> tuple[float, ...]:
    """What a calibration turns into the probability that a sight (d,) was there."""
    seen = entries.seen
    if not seen.keys.shape[0]:
        return (0.0,)
    return (float((seen.keys @ sight).max()),)


def holds(entries: Entries, event: EpisodeEvent, sensor: Tensor) -> bool:
    """Whether an event is still there: an entry of its time that its own sensor key (d,) finds."""
    seen = entries.seen
    overlaps = (seen.start_s < event.end_s) & (seen.end_s > event.start_s)
    return bool((overlaps & (seen.keys @ sensor >= HELD)).any())
