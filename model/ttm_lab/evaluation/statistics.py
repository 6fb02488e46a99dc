"""The measures: ranks, calibration error, AUROC, bootstrap. Knows no system and no episode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its 95 % interval and the number of questions behind it; nan where none."""

    value: float
    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class Bin:
    """One bin of a reliability diagram."""

    confidence: float  # mean
    share: float  # that was true
    count: int


def rank_of(scores: Tensor, truth: int) -> int:
    """Rank (1 is best) of `scores[truth]`; of equal scores those at an earlier place come first."""
    better = int((scores > scores[truth]).sum())
    return 1 + better + int((scores[:truth] == scores[truth]).sum())


def reliability(p: Sequence[float], truths: Sequence[bool], bins: int = 10) -> list[Bin]:
    """Bins of equal width over [0, 1] that hold anything."""
    members: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for value, truth in zip(p, truths, strict=True):
        members[min(int(value * bins), bins - 1)].append((value, truth))
    return [
        Bin(
            sum(value for value, _ in held) / len(held),
            sum(truth for _, truth in held) / len(held),
            len(held),
        )
        for held in members
        if held
    ]


def calibration_error(p: Sequence[float], truths: Sequence[bool], bins: int = 10) -> float:
    """Expected calibration error over bins of equal width; nan of nothing."""
    if not p:
        return float("nan")
    gaps = (held.count * abs(held.confidence - held.share) for held in reliability(p, truths, bins))
    return sum(gaps) / len(p)


def coverage(p: Sequence[float], truths: Sequence[bool], risk: float) -> float:
    """The largest share of questions that can be answered, the surest first, at most `risk` wrong.

    An answer is "there" where p is above one half, else "not there". nan of nothing.
    """
    if not p:
        return float("nan")
    order = sorted(range(len(p)), key=lambda at: -abs(p[at] - 0.5))
    wrong, covered = 0, 0
    for answered, at in enumerate(order, start=1):
        wrong += (p[at] > 0.5) != truths[at]
        if wrong <= risk * answered:
            covered = answered
    return covered / len(p)


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """Probability that a positive scores above a negative, ties counting half; nan without both."""
    if not positive or not negative:
        return float("nan")
    above = torch.tensor(positive, dtype=torch.float64)[:, None]
    below = torch.tensor(negative, dtype=torch.float64)[None, :]
    return float(((above > below).double() + 0.5 * (above == below).double()).mean())


def quantile(values: Sequence[float], q: float) -> float:
    """The smallest value that at least a share `q` of the values do not exceed; nan of nothing."""
    if not values:
        return float("nan")
    return sorted(values)[max(0, ceil(q * len(values)) - 1)]


def share(groups: Sequence[Sequence[bool]], seed: int = 0, draws: int = 1000) -> Estimate:
    """The share of True over all questions, with an interval over episodes (the groups).

    A percentile bootstrap that redraws whole episodes: questions of one episode hang together.
    """
    groups = [group for group in groups if len(group)]
    return _ratio([sum(group) for group in groups], [len(group) for group in groups], seed, draws)


def relative(
    groups: Sequence[Sequence[bool]],
    reference: Sequence[Sequence[bool]],
    seed: int = 0,
    draws: int = 1000,
) -> Estimate:
    """How many questions were right for each that the reference got right, episode by episode.

    Both must be of the same episodes in the same order; nan where the reference got none.
    """
    right = [sum(group) for group in groups]
    return _ratio(right, [sum(group) for group in reference], seed, draws)


def _ratio(upper: Sequence[int], lower: Sequence[int], seed: int, draws: int) -> Estimate:
    """sum(upper) / sum(lower) with its percentile bootstrap interval over places."""
    if len(upper) != len(lower):
        raise ValueError(f"groups: {len(upper)} episodes against {len(lower)}")
    above = torch.tensor(upper, dtype=torch.float64)
    below = torch.tensor(lower, dtype=torch.float64)
    count = int(below.sum())
    if not count:
        return Estimate(float("nan"), float("nan"), float("nan"), 0)
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randint(len(upper), (draws, len(upper)), generator=generator)
    ratios = above[drawn].sum(dim=1) / below[drawn].sum(dim=1)
    known = ratios[ratios.isfinite()].tolist()
    value = float(above.sum() / below.sum())
    return Estimate(value, quantile(known, 0.025), quantile(known, 0.975), count)
