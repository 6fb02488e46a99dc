"""Memories composed of named things in the real label spaces, folded by the real unit.

The encoders are left out: what is shown is its class's own key, so that what memory holds is known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache

import torch

from ttm_model.asking import Asking
from ttm_model.encoders.text import TextEncoder
from ttm_model.engines.spaces import PICTURES, SOUNDS, TextSpace
from ttm_model.kinds.answering import answer
from ttm_model.labels.class_keys import ClassKeys
from ttm_model.labels.picture_keys import load_picture_keys
from ttm_model.labels.sounds import sound_space
from ttm_model.labels.space import load_space
from ttm_model.looks import COLOURS, Looks
from ttm_model.questions.understand import Context, remembered, understand
from ttm_model.reader.laying_out import view
from ttm_model.reader.view import NO_CLASS, PERSON, MemoryView, Slot
from ttm_model.slow import Box, Word
from ttm_model.tagger.classes import TAGGER_CLASSES, kind_groups
from ttm_model.ttm.layout import Modality
from ttm_model.ttm.tokens import InputTokens
from ttm_model.ttm.unit import SlotUnit
from ttm_model.words.entry import Entry
from ttm_protocol.answers import Answer, ModalityName

STEP_S = 0.5
PLACES = 8
CLEAR = 0.95  # the share of its class in what is shown
CLIMB, CLIMBED = 5e-3, 1000


@cache
def encoder() -> TextEncoder:
    """The encoder of phrases."""
    return TextEncoder()


@cache
def spaces() -> dict[ModalityName, TextSpace]:
    """The label spaces of preset `lite`."""
    text = encoder()
    sounds = sound_space(TAGGER_CLASSES, text, kind_groups())
    return {
        "video": TextSpace(load_space("imagenet"), load_picture_keys(), text, PICTURES),
        "audio": TextSpace(sounds, ClassKeys(len(sounds)), text, SOUNDS),
    }


def best_class(modality: ModalityName, phrase: str) -> int:
    """The class that a phrase names in a sense; raises ValueError where it names none."""
    key = spaces()[modality].phrase(phrase)
    if key.knows < 0.5:
        raise ValueError(f"{phrase}: nothing that the {modality} space knows")
    return int(key.weights.argmax())


@cache
def key_of(modality: ModalityName, cls: int) -> torch.Tensor:
    """The key (256,) of a clear sight or sound of a class."""
    keys = spaces()[modality].keys
    if isinstance(keys, ClassKeys):
        return CLEAR * keys.phi[cls]
    key = torch.zeros(keys.decoder.shape[1])
    for _ in range(CLIMBED):  # uphill in the log of the class's share
        posterior = keys.decode(key[None])[0]
        if float(posterior[cls]) >= CLEAR:
            break
        key = key + CLIMB * (keys.decoder[cls] - posterior @ keys.decoder)
    return key


@dataclass
class Film:
    """Things on a timeline."""

    events: list[tuple[ModalityName, int, float, float]] = field(default_factory=list)
    looks: dict[int, Looks] = field(default_factory=dict)  # of events, by place in the list
    persons: list[tuple[float, float, Looks | None]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    def show(
        self,
        phrase: str,
        start_s: float,
        end_s: float,
        box: Box | None = None,
        **colours: float,
    ) -> Film:
        """Something to be seen, in a box and with shares of colours where these are known."""
        if box is not None or colours:
            self.looks[len(self.events)] = looks(box, colours)
        self.events.append(("video", best_class("video", phrase), start_s, end_s))
        return self

    def play(self, phrase: str, start_s: float, end_s: float) -> Film:
        """Something to be heard."""
        self.events.append(("audio", best_class("audio", phrase), start_s, end_s))
        return self

    def person(
        self, start_s: float, end_s: float, box: Box | None = None, **colours: float
    ) -> Film:
        """Somebody to be seen, in clothes of these colours."""
        self.persons.append((start_s, end_s, looks(box, colours) if box or colours else None))
        return self

    def say(self, text: str, start_s: float, end_s: float, language: str = "en") -> Film:
        """Somebody says something, each word as long as the others."""
        said = text.split()
        each_s = (end_s - start_s) / len(said)
        words = tuple(
            Word(word, start_s + at * each_s, start_s + (at + 1) * each_s, 0.9)
            for at, word in enumerate(said)
        )
        key = encoder().encode([text])[0]
        entry = Entry("speech", text, start_s, end_s, 0.9, 1, words, None, language, key)
        self.entries.append(entry)
        return self

    def write(self, text: str, start_s: float, end_s: float, box: Box | None = None) -> Film:
        """Something is to be read."""
        key = encoder().encode([text])[0]
        self.entries.append(Entry("text", text, start_s, end_s, 0.9, 1, (), box, "", key))
        return self

    def memory(self, length_s: float, **told: object) -> MemoryView:
        """What the unit makes of it; persons, words and looks are as they were told.

        `told`: fields of the view that are to be otherwise.
        """
        memory = self._folded(length_s, received=told.pop("received", None))
        events = [self._looking(slot) for slot in memory.events]
        events += [_person(at, *row) for at, row in enumerate(self.persons)]
        plain = {
            "events": tuple(sorted(events, key=lambda slot: slot.start_s)),
            "words": tuple(sorted(self.entries, key=lambda entry: entry.start_s)),
            "words_until_s": length_s,
            "senses": frozenset({"speech", "reading", "people"}) if self._slow else frozenset(),
        }
        return replace(memory, **(plain | told))

    @property
    def _slow(self) -> bool:
        return bool(self.persons or self.entries)

    def _looking(self, slot: Slot) -> Slot:
        """A slot with the looks of the event that it came from."""
        same = [
            self.looks[at]
            for at, (modality, _, start_s, end_s) in enumerate(self.events)
            if at in self.looks
            and modality == slot.modality
            and slot.overlaps(start_s, end_s)
            and slot.best == self.events[at][1]
        ]
        return replace(slot, looks=same[0]) if same else slot

    def _folded(self, length_s: float, **told: object) -> MemoryView:
        """The memory of the unit, half a second at a time."""
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
            tokens.keys[0, place] = key_of(modality, cls)
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
            names = [thing.name for thing in memory.things]
            pictured = limits.get("picture_keys") is not None
            understood = understand(text, context[0], names, pictured)
            asking = Asking(text, understood, **limits)
            answered = answer(asking, memory, spaces(), encoder())
            context[0] = remembered(understood, answered, context[0])
            return answered

        return ask


def looks(box: Box | None, colours: dict[str, float]) -> Looks:
    """A box, or the whole picture, and shares of colours."""
    shares = [colours.get(colour, 0.0) for colour in COLOURS]
    return Looks.of(box or (0.0, 0.0, 1.0, 1.0), shares)


def _person(at: int, start_s: float, end_s: float, look: Looks | None) -> Slot:
    """The slot of a person."""
    return Slot(
        index=200 + at,
        modality="video",
        best=NO_CLASS,
        label=PERSON,
        name=PERSON,
        name_p=0.9,
        second="",
        second_p=0.0,
        start_s=start_s,
        end_s=end_s,
        count=1,
        strength=0.9,
        merges=0,
        posterior=torch.zeros(len(spaces()["video"].names)),
        key=torch.zeros(256),
        looks=look,
        person=True,
    )
