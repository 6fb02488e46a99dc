"""One run: batches, windows, updates. Knows no file and prints nothing.

A batch of streams is folded window by window; after each, questions about all that was so far are
asked. After every `plan.back` windows the loss goes back through them (the state is carried on, cut
off from its past), and the optimiser moves. A memory that is not recurrent sees the whole stream at
once and is asked at the same moments, with a mask over what it may not know yet; it moves once a
batch.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch
from torch import Tensor

from ttm_lab.task.episodes import STEP_S
from ttm_lab.training.asking import Truths, ask
from ttm_lab.training.losses import forget, score
from ttm_lab.training.network import Network
from ttm_lab.training.plan import WINDOW, Plan
from ttm_lab.training.reader_head import Asked
from ttm_lab.training.stream import Streams, draw

FORGET = 0.05  # share of sessions whose memory is emptied before it is read
CLIP_NORM = 1.0
WEIGHT_DECAY = 0.01
DECAY = 0.98  # of the shown averages


@dataclass(slots=True)
class Progress:
    """Where a run stands. Loss and recall are running means of what was trained on."""

    step: int = 0
    episodes: int = 0
    spent_s: float = 0.0
    loss: float = 0.0
    recall: float = 0.0
    weight: float = 0.0
    horizon: int = WINDOW

    def add(self, loss: float, right: int, asked: int) -> None:
        """One more update."""
        self.weight = DECAY * self.weight + 1 - DECAY
        share = (1 - DECAY) / self.weight
        self.loss += share * (loss - self.loss)
        if asked:
            self.recall += share * (right / asked - self.recall)


class Trainer:
    """A run that can stop and go on at any batch: `batch()` until `done`."""

    def __init__(self, plan: Plan, device: torch.device | str = "cpu") -> None:
        self.plan = plan
        self.device = torch.device(device)
        self.network = Network(plan.system, plan.seed).to(self.device)
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=plan.learning_rate, weight_decay=WEIGHT_DECAY
        )
        self.generator = torch.Generator().manual_seed(plan.seed)
        self.progress = Progress()

    @property
    def fraction(self) -> float:
        """How much of the run is done."""
        return self.plan.progress(self.progress.step, self.progress.spent_s)

    @property
    def done(self) -> bool:
        """Whether the budget is used up."""
        return self.fraction >= 1.0

    def batch(self) -> None:
        """Train on one batch of streams, whose length the curriculum says."""
        started_s = self._clock()
        horizon = self.plan.horizon_at(self.fraction)
        self.progress.horizon = horizon
        dim = self.network.reader.norm.weight.shape[0]
        streams = draw(self.plan.batch, horizon, dim, self.generator)
        if self.network.memory.recurrent:
            self._windows(streams)
        else:
            self._whole(streams)
        self.progress.episodes += self.plan.batch
        self.progress.spent_s += self._clock() - started_s

    def _windows(self, streams: Streams) -> None:
        memory = self.network.memory
        state = memory.initial(self.plan.batch)
        on_device = streams.to(self.device)
        losses: list[Tensor] = []
        for first in range(0, streams.steps, WINDOW):
            window = slice(first, first + WINDOW)
            inputs = self.network.embedding(
                on_device.keys[:, window],
                on_device.modality[:, window],
                on_device.salience[:, window],
                on_device.start_s[window],
            )
            state = memory.fold(state, inputs, on_device.mask[:, window])
            until_s = (first + WINDOW) * STEP_S
            asked, truths = self._ask(streams, until_s)
            tokens, mask = memory.tokens(state)
            truths, mask = forget(asked, truths, mask, FORGET, self.generator)
            reading = self.network.reader(asked, tokens, mask)
            scored = score(reading, asked, truths, on_device.sight_text, until_s)
            self.progress.add(float(scored.loss.detach()), scored.right, scored.asked)
            losses.append(scored.loss)
            if len(losses) == self.plan.back or first + WINDOW == streams.steps:
                self._move(torch.stack(losses).mean(), len(losses))
                losses = []
                state = tuple(part.detach() for part in state)

    def _whole(self, streams: Streams) -> None:
        memory = self.network.memory
        on_device = streams.to(self.device)
        state = memory.fold(
            memory.initial(self.plan.batch), self.network.embed(on_device), on_device.mask
        )
        tokens, valid = memory.tokens(state)
        steps = state[-1]
        ends = range(WINDOW, streams.steps + 1, WINDOW)
        losses, counts = [], []
        laid = self.network.reader.lay_out(tokens)
        for end in ends:
            asked, truths = self._ask(streams, end * STEP_S)
            seen = valid & (steps < end)
            truths, seen = forget(asked, truths, seen, FORGET, self.generator)
            reading = self.network.reader.read(asked, laid, seen)
            scored = score(reading, asked, truths, on_device.sight_text, end * STEP_S)
            losses.append(scored.loss)
            counts.append((scored.right, scored.asked))
        loss = torch.stack(losses).mean()
        self._move(loss, len(losses))
        for right, number in counts:
            self.progress.add(float(loss.detach()), right, number)

    def _ask(self, streams: Streams, until_s: float) -> tuple[Asked, Truths]:
        """Questions on the device: drawn on the CPU, so that a seed means the same everywhere."""
        asked, truths = ask(streams, until_s, self.generator)
        return asked.to(self.device), truths.to(self.device)

    def _move(self, loss: Tensor, steps: int = 1) -> None:
        """One update, worth `steps` windows."""
        rate = self.plan.rate_at(self.progress.step, self.fraction)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), CLIP_NORM)
        self.optimiser.step()
        self.progress.step += steps

    def _clock(self) -> float:
        """Processor seconds on a CPU, seconds elsewhere."""
        return time.process_time() if self.device.type == "cpu" else time.perf_counter()
