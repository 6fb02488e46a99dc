"""How training of the published unit starts: every slot a running mean of its own. Knows no loss.

Mode `tl-mha` can keep a slot as it is: its query finds the slot's own position. It starts with
that, as the LSTM's gates do, because the gradients of half a minute say little about what to keep
for ten. Each slot's share of the new is one over its time scale, scales spread geometrically from
seconds to the length of a session, and each slot likes other contents and times than its
neighbours. Where to write is learned; values and positions are held, because a copy that gains a
hundredth a step is without bounds within a session.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ttm_lab.published.read_write import TokenLearnerAttention
from ttm_lab.published.unit import PublishedUnit
from ttm_lab.training.time_scales import time_scales
from ttm_model.ttm.processor import TransformerProcessor

PLACES_PER_HEAD = 3  # of each head's dimensions of a value; they hold the position, no content
FEATURES = 8  # of each head's dimensions of a key; they see the content
GAIN = 40.0  # logit of a slot for itself, far above what any other slot's position reaches
SPREAD = 5.0  # standard deviation of a slot's logit for contents
CONTENT_NORM = 1.45  # of an embedded token: key and time of unit length, and a little
SCALES_STEPS = (2.0, 3000.0)
OUTPUT_LOGIT = -2.0  # of the processor's tokens, against that of inputs


@torch.no_grad()
def start_as_running_means(unit: PublishedUnit) -> None:
    """Set the write of a unit in mode `tl-mha` with positions; draws from torch's generator."""
    write, positions, process = unit.write, unit.write_positions, unit.process
    assert isinstance(write, TokenLearnerAttention)
    assert isinstance(process, TransformerProcessor)
    assert positions is not None
    attention, c = write.attention, unit.config
    own = torch.zeros(c.dim, dtype=torch.bool)
    own.view(attention.heads, -1)[:, -PLACES_PER_HEAD:] = True
    codes, wanted = _codes(c.memory_tokens, c.input_tokens, c.process_tokens, int(own.sum()))
    positions.zero_()
    positions[0, :, own] = codes
    likes = torch.randn(c.memory_tokens, c.dim) * ~own
    write.tokens.copy_(nn.functional.normalize(likes, dim=-1))
    write.tokens[0, :, own] = wanted
    attention.query.weight.copy_(_by_place_and_content(own, attention.heads))
    attention.key.weight.copy_(_by_place_and_content(own, attention.heads))
    attention.value.weight.copy_(torch.diag((~own).float()))
    nn.init.eye_(attention.out.weight)
    for part in (attention.query, attention.key, attention.value, attention.out):
        nn.init.zeros_(part.bias)
    process.norm.weight.fill_(CONTENT_NORM / math.sqrt(c.dim))
    for held in (*attention.value.parameters(), *attention.out.parameters(), positions):
        held.requires_grad_(False)


def _codes(slots: int, inputs: int, outputs: int, size: int) -> tuple[Tensor, Tensor]:
    """Positions (m+n+r, size) and the slots' queries (m, size): products times GAIN are logits.

    Inputs and outputs share the last dimension, slots have directions in the others.
    """
    directions = nn.functional.normalize(torch.randn(slots, size - 1), dim=-1)
    codes = torch.zeros(slots + inputs + outputs, size)
    codes[:slots, :-1] = directions
    codes[slots:, -1] = 1.0
    codes[slots + inputs :, -1] += OUTPUT_LOGIT / GAIN
    scales = time_scales(*SCALES_STEPS, slots)
    # About two inputs a step; the mean of exp(logit) over contents is exp(SPREAD**2 / 2).
    others = math.log(2.0) + SPREAD**2 / 2
    likes_new = 1.0 - ((scales - 1.0).log() + others) / GAIN
    return codes, torch.cat([directions, likes_new[:, None]], dim=-1)


def _by_place_and_content(own: Tensor, heads: int) -> Tensor:
    """A query's or key's weight (D, D): each head has the position and random looks at content."""
    dim, each = len(own), len(own) // heads
    place = math.sqrt(GAIN) * each**0.25 * torch.eye(dim)[own]  # (size, D)
    like = math.sqrt(SPREAD / CONTENT_NORM * math.sqrt(each / FEATURES))
    weight = torch.zeros(heads, each, dim)
    weight[:, : len(place)] = place
    weight[:, -FEATURES:] = like * torch.randn(heads, FEATURES, dim) * ~own
    return weight.flatten(0, 1)
