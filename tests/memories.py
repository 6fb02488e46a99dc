"""Memories composed of named things in the real label spaces, folded by the real unit.

The encoders are left out: what is shown is its class's own key, so that what memory holds is known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

import torch

from ttm_model.asking import Asking
from ttm_model.encoders.text import TextEncoder
from ttm_model.engines.spaces import PICTURES, SOUNDS, TextSpace
from ttm_model.kinds.answering import answer
from ttm_model.labels.sounds import sound_space
from ttm_model.labels.space import load_space
from ttm_model.questions.understand import Context, remembered, understand
from ttm_model.reader.laying_out import view
from ttm_model.reader.view import MemoryView
from ttm_model.tagger.classes import TAGGER_CLASSES, kind_groups
from ttm_model.ttm.layout import Modality
from ttm_model.ttm.tokens import InputTokens
from ttm_model.ttm.unit import SlotUnit
from ttm_protocol.answers import Answer, ModalityName

STEP_S = 0.5
PLACES = 8
CLEAR = 0.95  # the share of its class in what is shown


@cache
def spaces() -> dict[ModalityName, TextSpace]:
    """The label spaces of preset `lite`."""
    text = TextEncoder()
    sounds = sound_space(TAGGER_CLASSES, text, kind_groups())
    return {
        "video": TextSpace(load_space("imagenet"), text, PICTURES),
        "audio": TextSpace(sounds, text, SOUNDS),
    }


def best_class(modality: ModalityName, phrase: str) -> int:
    """The class that a phrase names in a sense; raises ValueError where it names none."""
    key = spaces()[modality].phrase(phrase)
    if key.knows < 0.5:
        raise ValueError(f"{phrase}: nothing that the {modality} space knows")
    return int(key.weights.argmax())


@dataclass
class Film:
    """Things on a timeline."""

    events: list[tuple[ModalityName, int, float, float]] = field(default_factory=list)

    def show(self, phrase: str, start_s: float, end_s: float) -> Film:
        """Something to be seen."""
        self.events.append(("video", best_class("video", phrase), start_s, end_s))
        return self

    def play(self, phrase: str, start_s: float, end_s: float) -> Film:
        """Something to be heard."""
        self.events.append(("audio", best_class("audio", phrase), start_s, end_s))
        return self

    def memory(self, length_s: float, **told: object) -> MemoryView:
        """What the unit makes of it, half a second at a time."""
        unit = SlotUnit().eval()
        state = unit.initial(1)
        with torch.inference_mode():
            for step in range(round(length_s / STEP_S)):
                tokens, mask = self._tokens(step * STEP_S, unit.config.layout.dim)
                state, _ = unit.step(state, tokens, mask)
            return view(state, unit.config.layout, spaces(), **told)

    def _tokens(self, start_s: float, dim: int) -> tuple[InputTokens, torch.Tensor]:
        tokens = InputTokens.empty(1, PLACES, dim)
        mask = torch.zeros(1, PLACES, dtype=torch.bool)
        now = [event for event in self.events if event[2] <= start_s < event[3]]
        for place, (modality, cls, _, _) in enumerate(now[:PLACES]):
            space = spaces()[modality].space
            posterior = torch.full((len(space),), (1 - CLEAR) / (len(space) - 1))
            posterior[cls] = CLEAR
            if modality == "audio":  # sounds overlap: each is a thing of its own
                posterior = torch.zeros(len(space))
                posterior[cls] = CLEAR
            tokens.keys[0, place] = space.key(posterior)
            tokens.modality[0, place] = int(
                Modality.VIDEO if modality == "video" else Modality.AUDIO
            )
            tokens.salience[0, place] = CLEAR
            tokens.start_s[0, place] = start_s
            tokens.end_s[0, place] = start_s + STEP_S
            mask[0, place] = True
        tokens.clock_s[0] = start_s + STEP_S
        return tokens, mask

    def asker(self, length_s: float, **told: object) -> Callable[..., Answer]:
        """A conversation with it: every question may lean on the one before."""
        memory = self.memory(length_s, **told)
        context: list[Context | None] = [None]

        def ask(text: str, **limits: object) -> Answer:
            understood = understand(text, context[0])
            answered = answer(Asking(text, understood, **limits), memory, spaces())
            context[0] = remembered(understood, answered, context[0])
            return answered

        return ask
