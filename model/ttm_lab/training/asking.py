"""Questions with truths about batched streams, asked in the middle of them. Knows no memory.

Ages are log-uniform: a target age is drawn between a second and all there was, and the event that
ended nearest to it is asked about. So every window rehearses the old and the new.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from ttm_lab.task.questions import EXCLUSIVE_S
from ttm_lab.training.reader_head import KINDS, Asked
from ttm_lab.training.stream import Streams

EACH = 4  # questions of each kind


@dataclass(frozen=True, slots=True)
class Truths:
    """What is right for Q questions of B sessions; `counts` is False where none could be asked."""

    sight: Tensor  # (B, Q) int64, for `at_time` and `beside`
    start_s: Tensor  # (B, Q) float64, for `when`
    present: Tensor  # (B, Q) float32, for `presence`
    counts: Tensor  # (B, Q) bool

    def to(self, device: torch.device | str) -> Truths:
        """The same truths on another device."""
        return Truths(*(getattr(self, field.name).to(device) for field in fields(self)))


def ask(streams: Streams, now_s: float, generator: torch.Generator) -> tuple[Asked, Truths]:
    """`EACH` questions of every kind about what ended before `now_s`, kind after kind."""
    rows = torch.arange(streams.sight.shape[0])[:, None]
    ended = streams.event_end_s <= now_s
    known = ended & streams.kept
    picked = {
        "at_time": _aged(streams, known, now_s, generator),
        "beside": _aged(streams, known & (streams.sound >= 0), now_s, generator),
        "when": _aged(streams, known, now_s, generator),
    }
    event = torch.cat([picked[kind][0] for kind in KINDS[:3]], dim=1)  # (B, 3 * EACH)
    counts = torch.cat([picked[kind][1] for kind in KINDS[:3]], dim=1)
    presence, present, asked_of = _presence(streams, known, ended, now_s, generator)
    start_s, end_s = streams.event_start_s[rows, event], streams.event_end_s[rows, event]
    share = torch.rand(event.shape, generator=generator, dtype=torch.float64)
    sight = streams.sight[rows, event]
    sound = streams.sound_text[streams.sound[rows, event].clamp_min(0)]
    key = torch.cat(
        [
            torch.zeros_like(sound[:, :EACH]),
            sound[:, EACH : 2 * EACH],
            streams.sight_text[sight[:, 2 * EACH :]],
            streams.sight_text[presence],
        ],
        dim=1,
    )
    zeros = torch.zeros(presence.shape)
    asked = Asked(
        kind=torch.arange(len(KINDS)).repeat_interleave(EACH).expand(key.shape[0], -1),
        key=key,
        time_s=torch.cat([_alone_s(start_s, end_s, share), zeros.double()], dim=1),
    )
    truths = Truths(
        sight=torch.cat([sight, presence], dim=1),
        start_s=torch.cat([start_s, zeros.double()], dim=1),
        present=torch.cat([torch.zeros(event.shape), present], dim=1),
        counts=torch.cat([counts, asked_of], dim=1),
    )
    return asked, truths


def _alone_s(start_s: Tensor, end_s: Tensor, share: Tensor) -> Tensor:
    """A time within each event at which it overlaps no neighbour."""
    return start_s + EXCLUSIVE_S + share * (end_s - start_s - 2 * EXCLUSIVE_S)


def _aged(
    streams: Streams, among: Tensor, now_s: float, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Events (B, EACH) with log-uniform ages out of those in `among`, and whether there are any."""
    share = torch.rand(among.shape[0], EACH, generator=generator, dtype=torch.float64)
    age_s = max(now_s, 1.0) ** share
    age_of = (now_s - streams.event_end_s).masked_fill(~among, float("inf"))
    off = (age_of[:, None, :] - age_s[..., None]).abs()  # (B, EACH, E)
    return off.argmin(-1), among.any(1, keepdim=True).expand(-1, EACH)


def _presence(
    streams: Streams, known: Tensor, ended: Tensor, now_s: float, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Sights (B, EACH), whether each was there, and whether the question can be asked.

    Half were there; then siblings of what was there, what the memory never got, and any other.
    """
    rows = torch.arange(known.shape[0])[:, None]
    was, was_any = _aged(streams, known, now_s, generator)
    sight = streams.sight[rows, was]
    any_sight = torch.randint(len(streams.sibling), sight.shape, generator=generator)
    lost, lost_any = _aged(streams, ended & ~streams.kept, now_s, generator)
    sibling = torch.where(was_any, streams.sibling[sight], any_sight)
    never = torch.where(lost_any, streams.sight[rows, lost], any_sight)
    column = torch.arange(EACH) % 4
    asked = torch.where(column < 2, sight, torch.where(column == 2, sibling, any_sight))
    asked = torch.where((column == 3) & (torch.rand(1, generator=generator) < 0.3), never, asked)
    begun = streams.event_start_s < now_s
    same = asked[..., None] == streams.sight[:, None, :]  # (B, EACH, E)
    present = (same & known[:, None]).any(-1)
    going_on = (same & (begun & ~ended & streams.kept)[:, None]).any(-1) & ~present
    counts = ~going_on & ((column >= 2) | was_any)
    return asked, present.float(), counts
