"""Stage S1: a learned residual on the aligned reader of the slot memory. Knows no training.

The aligned reader (`systems.entries`) is linear in the entries' keys, so a learned gain
on each key, before it reads, reweighs what it finds; a low-rank map bends text keys; a small head
adds to the log odds of presence. All three start at zero: untrained, it is the aligned reader.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from ttm_lab.systems import entries as aligned
from ttm_lab.systems.calibration import PresenceCalibration
from ttm_lab.systems.entries import Entries
from ttm_model.ttm.layers import Mlp
from ttm_model.ttm.layout import Modality

RANK = 16
HIDDEN = 32
ENTRY_FEATURES = 5
AT_FEATURES = ENTRY_FEATURES + 3
FOUND_FEATURES = 5
MAX_LOG_ODDS = 30.0


class SlotReader(nn.Module):
    """The residual; `dim` is that of the keys."""

    def __init__(self, dim: int = 256, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.text_in = nn.Linear(dim, RANK, bias=False)
            self.text_out = nn.Linear(RANK, dim, bias=False)
            self.gain_at = Mlp(AT_FEATURES, HIDDEN, 1)
            self.gain_beside = Mlp(ENTRY_FEATURES, HIDDEN, 1)
            self.found = Mlp(FOUND_FEATURES, HIDDEN, 1)
        for layer in (self.text_out, self.gain_at.out, self.gain_beside.out, self.found.out):
            nn.init.zeros_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)

    def text(self, keys: Tensor) -> Tensor:
        """Text keys (..., d), bent."""
        bent: Tensor = keys + self.text_out(self.text_in(keys))
        return bent

    def at_time(self, entries: Entries, now_s: float, time_s: float, candidates: Tensor) -> Tensor:
        """Scores (K,) of candidates (K, d) at a time."""
        features = torch.cat([_features(entries, now_s), _placed(entries, time_s)], dim=-1)
        gained = _gained(entries, self.gain_at(features))
        scores: Tensor = aligned.read_at(gained, time_s, self.text(candidates))
        return scores

    def beside(self, entries: Entries, now_s: float, sound: Tensor, candidates: Tensor) -> Tensor:
        """Scores (K,) of candidates (K, d) beside a sound (d,)."""
        gained = _gained(entries, self.gain_beside(_features(entries, now_s)))
        return aligned.read_beside(gained, sound, self.text(candidates))

    def presence(
        self, entries: Entries, now_s: float, sight: Tensor, calibration: PresenceCalibration
    ) -> Tensor:
        """Probability () that a sight (d,) was there; a loss counts as the calibration has it."""
        text = self.text(sight)
        base = torch.tensor(aligned.presence_features(entries, sight))
        log_odds = calibration.bias + (torch.tensor(calibration.weights) * base).sum()
        log_odds = log_odds + self.found(_found(entries, now_s, text))[0]
        held = log_odds.clamp(-MAX_LOG_ODDS, MAX_LOG_ODDS).exp()
        odds = (1.0 - entries.lost) * held + entries.lost
        probability: Tensor = odds / (1.0 + odds)
        return probability


def _gained(entries: Entries, gain: Tensor) -> Entries:
    return replace(entries, keys=entries.keys * gain.exp())


def _features(entries: Entries, now_s: float) -> Tensor:
    """What is known of each entry itself, about 0 to 1: (N, ENTRY_FEATURES)."""
    span_s = (entries.end_s - entries.start_s).float()
    age_s = (now_s - entries.end_s).clamp_min(0.0).float()
    return torch.stack(
        [
            torch.log1p(span_s),
            (span_s <= 0.5).float(),
            torch.log1p(age_s) / 6.0,
            entries.keys.norm(dim=-1),
            (entries.modality == int(Modality.AUDIO)).float(),
        ],
        dim=-1,
    )


def _placed(entries: Entries, time_s: float) -> Tensor:
    """How a time lies to each entry: (N, 3)."""
    before_s = (entries.start_s - time_s).clamp(-4.0, 4.0).float()
    after_s = (time_s - entries.end_s).clamp(-4.0, 4.0).float()
    inside = ((before_s <= 0) & (after_s <= 0)).float()
    return torch.stack([before_s / 4.0, after_s / 4.0, inside], dim=-1)


def _found(entries: Entries, now_s: float, text: Tensor) -> Tensor:
    """What a text key (d,) finds among sights: (FOUND_FEATURES,)."""
    seen = entries.seen
    if seen.keys.shape[0] == 0:
        return torch.zeros(FOUND_FEATURES)
    product = seen.keys @ text
    best = int(product.argmax())
    rest = product.clone()
    rest[best] = -1.0
    features = _features(seen, now_s)[best]
    return torch.stack(
        [
            product[best],
            rest.max() if rest.shape[0] > 1 else rest.new_zeros(()),
            torch.log1p(torch.tensor(float(seen.keys.shape[0]))) / 6.0,
            features[0],
            features[2],
        ]
    )
