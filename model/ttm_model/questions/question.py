"""What a question was understood as: typed values. They know no words and no memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from ttm_model.questions.window import Window

Modality = Literal["video", "audio", "speech", "text"]
Order = Literal["first", "last"]
Edge = Literal["came", "left"]
Side = Literal["left", "right", "top", "bottom", "middle"]


@dataclass(frozen=True, slots=True)
class Noun:
    """Something named: `phrase` without articles, head noun in the singular.

    `modality`: the sense that the words tell. `order`: which occurrence is meant. `at`: media
    seconds of the occurrence meant, where a conversation has already found it. `said`: the words
    as they were said, where the question is in another language than the phrase. `unread`: words
    that say more of it than memory keeps ("angrily"). `did`: it was asked whether it moved.
    `taught`: the phrase is a name that was taught; `pictured`: it is what the question's picture
    shows. `edge`: not that it was there is meant, but that it came or left.
    """

    phrase: str
    modality: Modality | None = None
    order: Order | None = None
    at: tuple[float, float] | None = None
    said: str | None = None
    unread: tuple[str, ...] = ()
    did: bool = False
    taught: bool = False
    pictured: bool = False
    edge: Edge | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One understood question: a kind and its slots, which each kind declares.

    `thing`: what is asked about, or the category to which answers are restricted; None: anything.
    `modality`: the sense of what is asked for; of `speech` and `text` the thing is words.
    `anchors`: other events that the question hangs on
    ("before the *cup*", "between *this* and *that*"), and what it sets beside or leaves out.
    `window`: restriction in time. `order`: first or last. `number`: which in order, from 1, or
    from -1 at the end. `offset_s`: seconds from the anchor, negative before it. `side`: the part of
    the picture, or of the anchor, that was asked about. `negated`: asked in the negative.
    `language`: the folder whose words it was asked in.
    """

    kind: str
    thing: Noun | None = None
    modality: Modality | None = None
    anchors: tuple[Noun, ...] = ()
    window: Window | None = None
    order: Order | None = None
    number: int | None = None
    offset_s: float | None = None
    side: Side | None = None
    negated: bool = False
    language: str = "english"

    @property
    def phrase(self) -> str | None:
        """The words of the thing, or None."""
        return None if self.thing is None else self.thing.phrase

    def within(self, window: Window | None) -> Question:
        """The same question in another window; None changes nothing."""
        return self if window is None else replace(self, window=window)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A text that no kind answers: the name of the reason, and the things that it mentions.

    The reason's sentence is the language's, under `[reasons]` of its `refusals.toml`.
    """

    reason: str
    mentions: tuple[Noun, ...] = ()
    language: str = "english"


Understood = Question | Refusal
