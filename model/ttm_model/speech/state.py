"""What the segmenter carries from chunk to chunk: a few tensors of fixed size. Knows no network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from ttm_model.serial import Spec
from ttm_model.speech.voice import FRAME, NETWORK, PAST
from ttm_protocol.errors import StateIncompatible

FRAMES = 63  # frames remembered: the last two seconds, in which a long utterance is cut
NEVER = -1.0  # a time that is not: nothing heard, nothing open, nothing closed
TIMES = ("since_s", "heard_s", "open_s", "voice_s", "closed_s")
SPEC: Spec = {
    "network": (NETWORK, torch.float32),
    "sound": ((PAST + FRAME,), torch.float32),
    "frames": ((2, FRAMES), torch.float32),
    "times": ((len(TIMES),), torch.float64),
    "counts": ((3,), torch.int32),
}
_LOWEST_DB, _HIGHEST_DB = -100.1, 20.0


@dataclass(frozen=True, slots=True)
class SegmenterState:
    """Sound not yet judged, the voice detector's state, and the utterance that is open."""

    network: Tensor  # (2, 128) float32, the voice detector's hidden and cell
    sound: Tensor  # (PAST + FRAME,) float32, the newest last; PAST + counts[0] samples are real
    frames: Tensor  # (2, FRAMES) float32, voice and level in dB, newest last; counts[1] are real
    times: Tensor  # (5,) float64 in media-clock seconds, in the order of TIMES
    counts: Tensor  # (3,) int32: samples that wait, frames known, frames of voice in the utterance

    @classmethod
    def initial(cls) -> Self:
        """Nothing has been heard."""
        tensors = {name: torch.zeros(shape, dtype=dtype) for name, (shape, dtype) in SPEC.items()}
        tensors["times"] += NEVER
        return cls(**tensors)

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> Self:
        """A stored state of the right shapes; raises StateIncompatible where it cannot be one."""
        state = cls(**tensors)
        for name in ("network", "sound", "frames", "times"):
            if not bool(torch.isfinite(tensors[name]).all()):
                raise StateIncompatible(f"speech.{name}: must be finite")
        for what, count, limit in zip(
            ("waiting samples", "known frames", "frames of voice"),
            state.counts.tolist(),
            (FRAME - 1, FRAMES, 1 << 20),
            strict=True,
        ):
            if not 0 <= count <= limit:
                raise StateIncompatible(f"speech.counts: {count} {what}, must be 0 to {limit}")
        voice, level = state.frames
        if bool((voice < 0).any()) or bool((voice > 1).any()):
            raise StateIncompatible("speech.frames: voice must be 0 to 1")
        if bool((level < _LOWEST_DB).any()) or bool((level > _HIGHEST_DB).any()):
            raise StateIncompatible("speech.frames: a level is no level")
        since_s, heard_s, open_s, voice_s, closed_s = state.times.tolist()
        if min(state.times.tolist()) < NEVER:
            raise StateIncompatible("speech.times: a time is before the beginning")
        if (since_s == NEVER) != (heard_s == NEVER) or heard_s < since_s:
            raise StateIncompatible("speech.times: sound ends before it starts")
        if (open_s == NEVER) != (voice_s == NEVER) or voice_s < open_s:
            raise StateIncompatible("speech.times: an utterance ends before it starts")
        if open_s != NEVER and not since_s <= open_s <= heard_s:
            raise StateIncompatible("speech.times: an utterance is open outside of the sound")
        if open_s != NEVER and open_s < closed_s:
            raise StateIncompatible("speech.times: an utterance starts before the last one's end")
        return state

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor by its field name."""
        return {name: getattr(self, name) for name in SPEC}

    @property
    def is_open(self) -> bool:
        """Whether somebody is speaking, as far as is known."""
        return bool(self.times[TIMES.index("open_s")] != NEVER)
