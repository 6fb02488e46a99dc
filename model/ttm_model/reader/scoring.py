"""Score memory slots by noun phrases. Knows no kinds of question and no wording."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt

from ttm_model.questions.question import Noun
from ttm_model.reader.view import NO_CLASS, KeySpace, MemoryView, PhraseWeights, Slot
from ttm_protocol.answers import ModalityName

PRESENT_P = 0.5
KNOWN = 0.35  # below this the space does not cover the phrase, so silence means nothing
OF_KIND = 0.5  # weight from which a class belongs to what a phrase names
GUESSED = 0.1  # below this even a high score means nothing
SUPERPOSED_NOISE = 0.05  # what one more superposed key may add to an unrelated key's score
SAME_S = 0.5  # edges of one occurrence, told twice, differ by no more

Window = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Hit:
    """A slot with the calibrated probability that a phrase names what it holds."""

    slot: Slot
    p: float

    @property
    def sure(self) -> float:
        """The probability, lowered for slots that were merged: they hold more than one thing."""
        return self.p * 0.97 ** min(self.slot.merges, 10)


@dataclass(frozen=True, slots=True)
class Search:
    """What looking for one phrase brought.

    `hits` by time, `best_p` of the best miss or hit, how well the best space `knows` the phrase,
    the senses that do not know it and so are `blind` to it, the consolidated slots in which it may
    be `forgotten`, and by which senses it was looked for.
    """

    phrase: str
    modalities: tuple[ModalityName, ...]
    hits: tuple[Hit, ...]
    best_p: float
    knows: float
    blind: tuple[ModalityName, ...]
    forgotten: tuple[Slot, ...]

    @property
    def confidence(self) -> float:
        """Probability that at least the best hit is right."""
        return max((hit.sure for hit in self.hits), default=0.0)

    @property
    def best(self) -> Hit:
        """The surest hit, the latest among equals."""
        most = max(hit.p for hit in self.hits)
        return [hit for hit in self.hits if hit.p >= most - 0.1][-1]

    def meant(self, noun: Noun) -> Hit:
        """The occurrence that is meant: as told, else the surest, the latest among equals."""
        if noun.at is not None:
            return max(self.hits, key=lambda hit: _shared_s(hit.slot, noun.at or (0.0, 0.0)))
        if noun.order is not None:
            return self.hits[0 if noun.order == "first" else -1]
        return self.best


@dataclass(frozen=True, slots=True)
class Found:
    """Searches for the things that a noun names, the one asked about first.

    `unread`: its other words, about which memory knows nothing.
    """

    searches: tuple[Search, ...]
    unread: tuple[str, ...] = ()

    @property
    def first(self) -> Search:
        """The search for the thing itself."""
        return self.searches[0]


@dataclass(frozen=True, slots=True)
class Scorer:
    """Looks phrases up in a memory view."""

    memory: MemoryView
    spaces: Mapping[ModalityName, KeySpace]

    def find(self, noun: Noun, window: Window | None = None) -> Found:
        """Look for what a noun names; words that name nothing are told apart.

        "Red car" looks for a car and leaves "red" unread; "cat sit on laptop" looks for both.
        """
        within = window or (0.0, self.memory.clock_s)
        wanted = self._wanted(noun.modality)
        named = {part for name in wanted for part in self.spaces[name].named(noun.phrase)}
        parts = sorted(named, key=lambda part: (noun.phrase.find(part), -len(part)))
        whole = self.search(noun.phrase, noun.modality, within)
        if not parts or noun.phrase in parts:
            return Found((_at(whole, noun),), noun.unread)
        things = _without_verb(noun.phrase, parts)
        searches = [self.search(part, noun.modality, within) for part in things]
        known = [search for search in searches if search.knows >= KNOWN]
        if not known:
            return Found((whole,), noun.unread)
        read = {word for search in known for word in search.phrase.split()}
        unread = tuple(word for word in noun.phrase.split() if word not in read)
        known[0] = _at(known[0], noun)
        return Found(tuple(known), (*unread, *noun.unread))

    def search(self, phrase: str, modality: ModalityName | None, window: Window) -> Search:
        """Find a phrase among the events of a modality (None: any) that overlap a window."""
        wanted = self._wanted(modality)
        keys = {name: self.spaces[name].phrase(phrase) for name in wanted}
        knows = max(key.knows for key in keys.values())
        blind = tuple(name for name, key in keys.items() if key.knows < KNOWN)
        keys = {name: key for name, key in keys.items() if key.knows >= GUESSED}
        found = self._hits(keys, window)
        return Search(
            phrase=phrase,
            modalities=wanted,
            hits=tuple(hit for hit in found if hit.p >= PRESENT_P),
            best_p=max((hit.p for hit in found), default=0.0),
            knows=knows,
            blind=blind,
            forgotten=self._forgotten(keys, window),
        )

    def is_kind(self, slot: Slot, kind: str) -> bool:
        """Whether what names a slot is of a kind ("animal"), in words; a person is of none."""
        if slot.best == NO_CLASS:
            return False
        key = self.spaces[slot.modality].phrase(kind)
        return key.knows >= GUESSED and bool(key.weights[slot.best] >= OF_KIND)

    def found_rate(self, search: Search) -> float:
        """How often what was looked for is found where it is, by the best of the senses."""
        return max(self.spaces[name].found_rate(search.phrase) for name in search.modalities)

    def nearest(self, search: Search, window: Window) -> tuple[Hit, float] | None:
        """What is in memory that a phrase may have been taken for, and how like the two are."""
        near = [
            (near.likeness, near.name, name, PhraseWeights(near.weights, 1.0, near.breadth))
            for name in search.modalities
            for near in self.spaces[name].near(search.phrase)
        ]
        for likeness, _, name, key in sorted(near, key=lambda item: (-item[0], item[1])):
            hits = [hit for hit in self._hits({name: key}, window) if hit.p >= PRESENT_P]
            if hits:
                return max(hits, key=lambda hit: hit.p), likeness
        return None

    def _wanted(self, modality: ModalityName | None) -> tuple[ModalityName, ...]:
        return (modality,) if modality is not None else tuple(self.spaces)

    def _hits(self, keys: Mapping[ModalityName, PhraseWeights], window: Window) -> list[Hit]:
        return [
            self._hit(slot, keys[slot.modality])
            for slot in self.memory.events
            if slot.modality in keys and slot.overlaps(*window)
        ]

    def _hit(self, slot: Slot, key: PhraseWeights) -> Hit:
        score = float((slot.posterior * key.weights).sum())
        p = self.spaces[slot.modality].presence(score, key.breadth)
        return Hit(slot, p * trust(key.knows))

    def _forgotten(
        self, keys: Mapping[ModalityName, PhraseWeights], window: Window
    ) -> tuple[Slot, ...]:
        """Consolidated slots in which the phrase may be one of the superposed keys."""
        matching = []
        for slot in self.memory.consolidated:
            if slot.modality not in keys or not slot.overlaps(*window):
                continue
            noise = SUPERPOSED_NOISE * sqrt(slot.merges)
            score = float((slot.posterior * keys[slot.modality].weights).sum()) - noise
            breadth = keys[slot.modality].breadth
            if self.spaces[slot.modality].presence(score, breadth) >= PRESENT_P:
                matching.append(slot)
        return tuple(matching)


def _without_verb(phrase: str, parts: Sequence[str]) -> list[str]:
    """The parts but the one right behind the first: what the bird of "bird fly window" does."""
    following = phrase.partition(parts[0])[2].split()
    return [p for p in parts if p is parts[0] or following[: len(p.split())] != p.split()]


def trust(knows: float) -> float:
    """How far a score counts: less for a phrase that is only near a class."""
    return min(1.0, 0.7 + knows)


def in_window(slots: Iterable[Slot], window: Window) -> list[Slot]:
    """The slots that overlap a window, by start."""
    return [slot for slot in slots if slot.overlaps(*window)]


def _shared_s(slot: Slot, at: Window) -> float:
    return min(slot.end_s, at[1]) - max(slot.start_s, at[0])


def _at(search: Search, noun: Noun) -> Search:
    """Only the occurrence that a conversation speaks of, where it is still there."""
    if noun.at is None:
        return search
    hits: Sequence[Hit] = [h for h in search.hits if _shared_s(h.slot, noun.at) >= -SAME_S]
    return replace(search, hits=tuple(hits)) if hits else search
