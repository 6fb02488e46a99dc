"""Score memory slots by noun phrases. Knows no kinds of question and no wording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt

from torch import Tensor

from ttm_model.questions.question import Modality, Noun
from ttm_model.reader import people, taught
from ttm_model.reader.coloured import ANYTHING, coloured, colours_in
from ttm_model.reader.found import PRESENT_P, Found, Hit, Search, Window
from ttm_model.reader.view import KeySpace, MemoryView, PhraseWeights, Slot
from ttm_protocol.answers import ModalityName

KNOWN = 0.35  # below this the space does not cover the phrase, so silence means nothing
OF_KIND = 0.5  # weight from which a class belongs to what a phrase names
GUESSED = 0.1  # below this even a high score means nothing
SUPERPOSED_NOISE = 0.05  # what one more superposed key may add to an unrelated key's score
VIDEO: ModalityName = "video"


@dataclass(frozen=True, slots=True)
class Scorer:
    """Looks phrases up in a memory view.

    `picture` (M, d): keys of what a question's picture shows.
    """

    memory: MemoryView
    spaces: Mapping[ModalityName, KeySpace]
    picture: Tensor | None = None

    def find(self, noun: Noun, window: Window | None = None) -> Found:
        """Look for what a noun names; words that name nothing are told apart.

        "Blue jay" is a bird and "blue car" a car that looked blue; "car outside" looks for a car
        and leaves "outside" unread; "cat sit on laptop" looks for both.
        """
        within = window or (0.0, self.memory.clock_s)
        special = self._by_likeness(noun, within) or self._persons(noun, within)
        if special is not None:
            return special
        wanted = self.wanted(noun.modality)
        named = {part for name in wanted for part in self.spaces[name].named(noun.phrase)}
        parts = sorted(named, key=lambda part: (noun.phrase.find(part), -len(part)))
        colours, rest = colours_in(noun.phrase)
        if colours and rest == ANYTHING:
            return coloured(self._anything(within), colours, noun.unread)
        whole = self.search(noun.phrase, noun.modality, within)
        if not parts or noun.phrase in parts:
            return Found((whole.at(noun),), noun.unread)
        things = _without_verb(noun.phrase, parts)
        searches = [self.search(part, noun.modality, within) for part in things]
        known = [search for search in searches if search.knows >= KNOWN]
        if not known:
            return Found((whole,), noun.unread)
        read = {word for search in known for word in search.phrase.split()}
        unread = tuple(word for word in noun.phrase.split() if word not in read)
        known[0] = known[0].at(noun)
        colours = [word for word in colours if word in unread]
        unread = (*(word for word in unread if word not in colours), *noun.unread)
        if not colours:
            return Found(tuple(known), unread)
        found = coloured(known[0], colours, unread)
        return replace(found, searches=(found.first, *known[1:]))

    # --- taught, pictured, persons, colours -------------------------------------------------------

    def _by_likeness(self, noun: Noun, window: Window) -> Found | None:
        """What is found by likeness of keys, not by a name: the picture's thing, a taught one."""
        examples: list[tuple[ModalityName, Tensor]]
        if noun.pictured:
            examples = [] if self.picture is None else [(VIDEO, self.picture)]
        else:
            asked = noun.taught or (self.memory.things and not self._knows(noun))
            things = taught.named(self.memory.things, noun.phrase) if asked else []
            if not things:
                return None
            examples = [(thing.modality, thing.examples) for thing in things]
        best = [0.0] * len(self.memory.events)
        for modality, keys in examples:
            if noun.modality in (None, modality):
                likes = taught.like(self.spaces, self.memory.events, modality, keys)
                best = list(map(max, best, likes))
        hits = [
            Hit(slot, p)
            for slot, p in zip(self.memory.events, best, strict=True)
            if slot.overlaps(*window)
        ]
        senses = tuple(dict.fromkeys(modality for modality, _ in examples)) or (VIDEO,)
        search = Search.of(noun.phrase, senses, hits)
        return Found((search.at(noun),), noun.unread)

    def _knows(self, noun: Noun) -> bool:
        wanted = self.wanted(noun.modality)
        return any(self.spaces[name].phrase(noun.phrase).knows >= KNOWN for name in wanted)

    def _persons(self, noun: Noun, window: Window) -> Found | None:
        """Persons, by any word for one; what the word says beyond that is not known."""
        colours, rest = colours_in(noun.phrase)
        if rest not in people.NAMING or noun.modality == "audio" or not people.known(self.memory):
            return None
        slots: Sequence[Slot] = self.memory.persons
        if noun.edge is not None:
            slots = people.edges(self.memory, slots, noun.edge)
        hits = [Hit(slot, slot.name_p) for slot in slots if slot.overlaps(*window)]
        if noun.modality is None and "audio" in self.spaces:
            heard = self.search(rest, "audio", window).hits
            hits = sorted([*hits, *heard], key=lambda hit: hit.slot.start_s)
        search = replace(Search.of(people.PERSON, ("video",), hits), person=True)
        unread = (*((rest,) if rest in people.UNTOLD else ()), *noun.unread)
        if colours:
            return coloured(search, colours, unread)
        return Found((search.at(noun),), unread)

    def _anything(self, window: Window) -> Search:
        """Every sight."""
        slots = [slot for slot in self.memory.events if slot.modality == "video"]
        return Search.of(ANYTHING, ("video",), [Hit(s, 1.0) for s in slots if s.overlaps(*window)])

    # --- classes ----------------------------------------------------------------------------------

    def search(self, phrase: str, modality: Modality | None, window: Window) -> Search:
        """Find a phrase among the events of a modality (None: any) that overlap a window."""
        wanted = self.wanted(modality)
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
        """Whether what names a slot is of a kind ("animal"), in words."""
        if slot.person:
            return kind in people.NAMING
        key = self.spaces[slot.modality].phrase(kind)
        return key.knows >= GUESSED and bool(key.weights[slot.best] >= OF_KIND)

    def found_rate(self, search: Search) -> float:
        """How often what was looked for is found where it is, by the best of the senses."""
        if search.person:
            return people.FOUND_RATE
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

    def wanted(self, modality: Modality | None) -> tuple[ModalityName, ...]:
        """The senses in which to look; words are none that sees or hears."""
        match modality:
            case "video" | "audio":
                return (modality,)
        return tuple(self.spaces)

    def _hits(self, keys: Mapping[ModalityName, PhraseWeights], window: Window) -> list[Hit]:
        return [
            self._hit(slot, keys[slot.modality])
            for slot in self.memory.events
            if slot.modality in keys and not slot.person and slot.overlaps(*window)
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
