"""The words of a language that is understood by tables, and how a clause is read with them.

Knows what fixed words tell, nouns, and verbs of sound. Knows no times and no kinds of question.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from ttm_model.questions.data import any_of, load, words
from ttm_model.questions.literal import STANDIN
from ttm_model.questions.question import Modality, Noun, Order
from ttm_model.questions.rules.soundwords import SOUND_VERBS
from ttm_model.questions.rules.tokens import MAX_WORDS, TooLongError
from ttm_model.questions.timetable import UMLAUTS

_TOKEN = re.compile(r"\d+(?::\d\d){1,2}|\d+(?:[.,]\d+)?|[^\W\d_]+|[,;:]")
_SENSES: dict[str, Modality] = {"video": "video", "audio": "audio"}
_ORDERS: dict[str, Order] = {"first": "first", "last": "last"}
_LONGEST_NOUN = 4  # words
_SHORTEST_PART = 3  # letters of a compound's part


@dataclass(frozen=True, slots=True)
class Read:
    """What was read off a clause: its thing, what its words tell, and words that nothing took.

    `than`: an order in which something is compared ("später"). `told`: names of all else that
    fixed words told, and "made" where the thing is a sound by its maker.
    """

    noun: Noun | None = None
    modality: Modality | None = None
    order: Order | None = None
    than: Order | None = None
    told: frozenset[str] = frozenset()
    left: tuple[str, ...] = ()


class WordBook:
    """The words of one language."""

    def __init__(self, language: str) -> None:
        """Read `words`, `nouns` and `verbs_of_sound` of the language's folder."""
        self._data = load(language, "words")
        self._noun_rows = load(language, "nouns")
        self._verb_rows = load(language, "verbs_of_sound")
        lists = {name: says for name, says in self._data.items() if isinstance(says, str)}
        self.lists = {name: words(says.translate(UMLAUTS)) for name, says in lists.items()}
        self._dropped = self.lists["skip"] | self.lists["articles"] | {","}
        self._respelled = {k.translate(UMLAUTS): v for k, v in self._data["respelled"].items()}
        colours = load(language, "worded")["colours"]
        self._colours = {word: name for name, said in colours.items() for word in said.split()}
        self._slips = re.compile(rf"(?<!\S)(?:{any_of(self._respelled)})(?!\S)")

    def spelled(self, text: str) -> list[str]:
        """Words with umlauts written out and slips mended; commas stay. Raises TooLongError."""
        found = _TOKEN.findall(text.translate(UMLAUTS).replace("'", ""))
        if len(found) > MAX_WORDS:
            raise TooLongError
        line = " ".join("," if word in ";:" else word for word in found)
        mended = self._slips.sub(lambda slip: self._respelled[slip[0]], line)
        return mended.translate(UMLAUTS).split()

    # --- clauses ----------------------------------------------------------------------------------

    def fixed(self, said: list[str], i: int) -> tuple[int, dict[str, Any]]:
        """The length of the fixed words at a place, and what they tell."""
        for line, says in self._fixed.get(said[i], ()):
            if said[i : i + len(line)] == line:
                return len(line), says
        return 0, {}

    def clause(self, said: list[str]) -> Read:
        """Read a clause: what its words tell, and the thing that is left."""
        said, rest, i = self.joined(said), [], 0
        tells: list[dict[str, Any]] = []
        while i < len(said):
            size, says = self.fixed(said, i)
            if size:
                tells.append(says)
            elif said[i] not in self._dropped:
                rest += self._parts(said[i])
            i += size or 1
        first = {k: next((s[k] for s in tells if k in s), "") for k in ("sense", "order", "than")}
        read = Read(
            modality=_SENSES.get(first["sense"]),
            order=_ORDERS.get(first["order"]),
            than=_ORDERS.get(first["than"]),
            told=frozenset(name for says in tells for name in says),
        )
        return self._coloured(self._thing(rest, read))

    def _coloured(self, read: Read) -> Read:
        """Where all that is left over are colours, they are the thing's: "eine rote Tasse"."""
        if read.noun is None or not read.left or not self._colours.keys() >= set(read.left):
            return read
        phrase = " ".join([*(self._colours[word] for word in read.left), read.noun.phrase])
        said = " ".join([*read.left, read.noun.said or read.noun.phrase])
        return replace(read, noun=replace(read.noun, phrase=phrase, said=said), left=())

    def order_of(self, word: str) -> Order | None:
        """The order that a single word tells: "zuerst"."""
        size, says = self.fixed([word], 0)
        return _ORDERS.get(says.get("order", "")) if size else None

    def joined(self, said: list[str]) -> list[str]:
        """Verbs with the particle that ends their clause: "ging ... los" is "losging"."""
        ends = [i for i, word in enumerate(said) if word in self.lists["infinitive"]]
        end = ends[0] if ends else len(said)
        for i, word in enumerate(said[: max(0, end - 1)]):
            verb = said[end - 1] + word
            if verb in self._sounds or verb in self._fixed or verb in self._dropped:
                return [*said[:i], verb, *said[i + 1 : end - 1], *said[end:]]
        return said

    def nominative(self, said: list[str]) -> bool:
        """Whether words begin with the subject of a clause: "der Hund", not "der Katze"."""
        first, *rest = said
        return first in self.lists["nominative"] and not (first == "der" and self._feminine(rest))

    def genitive(self, said: list[str]) -> bool:
        """Whether words are a noun that belongs to the one before: "des Hundes", "der Katze"."""
        of, *noun = said or [""]
        feminine = of in self.lists["of_feminine"] and self._feminine(noun)
        return (of in self.lists["of"] or feminine) and noun[-1:] != [] and self.is_noun(noun[-1])

    def _feminine(self, said: list[str]) -> bool:
        return next((self._genders[w] for w in said if w in self._genders), "") == "f"

    # --- things -----------------------------------------------------------------------------------

    def is_noun(self, word: str) -> bool:
        """Whether a word names a thing."""
        return word in self._nouns or STANDIN.fullmatch(word) is not None

    def _thing(self, rest: list[str], read: Read) -> Read:
        """The noun among the words, and the sound that it makes."""
        standin = next((word for word in rest if STANDIN.fullmatch(word)), None)
        if standin is not None:  # what was taught, or is in the picture
            return replace(
                read,
                noun=Noun(standin, read.modality, read.order),
                left=tuple(word for word in rest if word != standin),
            )
        verb = next((word for word in rest if word in self._sounds), "")
        infinitive, sound = self._sounds.get(verb, ("", {}))
        rest = [word for word in rest if word != verb]
        if sound and sum(map(self.is_noun, rest)) > 1:  # "jemand hat an die Tür geklopft"
            rest = [word for word in rest if word not in self._anyone]
        start, end = next(self._nouns_in(rest), (0, 0))
        if not end:
            if not sound or rest:
                return replace(read, left=tuple(rest))
            return _named(sound["alone"], infinitive, read, heard=True)
        english, said = self._nouns[" ".join(rest[start:end])]
        read = replace(read, left=(*rest[:start], *rest[end:]))
        if not sound:
            return _named(english, said, read, heard=english in self.lists["heard"])
        makers = self._data["makers"].get(infinitive)
        if makers and english not in makers:
            return replace(read, left=(*read.left, verb))
        return self._sounding(english, said, infinitive, read)

    def _sounding(self, english: str, said: str, infinitive: str, read: Read) -> Read:
        """The sound that a thing makes by a verb."""
        sound = self._verb_rows[infinitive]
        phrase = self._data["heard_as"].get(f"{english} {infinitive}")
        if phrase is None and english in self.lists["people"]:
            phrase = sound["alone"]
        if phrase is None and sound.get("self"):
            return _named(english, said, read, heard=True)
        read = replace(read, told=read.told | {"made"})
        phrase = phrase or f"{english} {sound['after']}"
        return _named(phrase, f"{said} {infinitive}", read, heard=True)

    def _nouns_in(self, rest: list[str]) -> Iterator[tuple[int, int]]:
        """Where nouns stand, the longest first."""
        for size in range(min(_LONGEST_NOUN, len(rest)), 0, -1):
            for i in range(len(rest) - size + 1):
                if " ".join(rest[i : i + size]) in self._nouns:
                    yield i, i + size

    def _parts(self, word: str) -> list[str]:
        """A compound of a noun and a verb of sound, taken apart: "Handyklingeln"."""
        if word not in self._nouns and word not in self._sounds:
            for i in range(_SHORTEST_PART, len(word) - _SHORTEST_PART):
                if word[:i] in self._nouns and word[i:] in self._sounds:
                    return [word[:i], word[i:]]
        return [word]

    # --- tables -----------------------------------------------------------------------------------

    @cached_property
    def _nouns(self) -> dict[str, tuple[str, str]]:
        """Every form of every noun, to its English name and its word."""
        rows = {name: row for name, row in self._noun_rows.items() if name != "ambiguous"}
        preferred = self._noun_rows.get("ambiguous", {})
        table: dict[str, tuple[str, str]] = {}
        for name, row in rows.items():
            stems = [*(row[f] for f in ("s", "p", "a", "d") if f in row), *row.get("also", ())]
            for stem in stems:
                meant = preferred.get(stem, name)
                meaning = self._data["english"].get(meant, meant), stem
                for end in ("", *self._data["endings"]):
                    form = (stem + end).lower().translate(UMLAUTS)
                    if not end or form not in table:
                        table[form] = meaning
        return table

    @cached_property
    def _genders(self) -> dict[str, str]:
        rows = (row for row in self._noun_rows.values() if "g" in row)
        return {row["s"].lower().translate(UMLAUTS): row["g"] for row in rows}

    @cached_property
    def _anyone(self) -> frozenset[str]:
        """Words for nobody in particular."""
        row = self._noun_rows["someone"]
        return words(*(row[f] for f in ("s", "a", "d") if f in row), *row.get("also", ()))

    @cached_property
    def _sounds(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """Every form of every verb of sound, to its infinitive and what it says."""
        rows = self._verb_rows.items()
        return {f.translate(UMLAUTS): (name, verb) for name, verb in rows for f in verb["forms"]}

    @cached_property
    def finite(self) -> frozenset[str]:
        """Forms of verbs of sound that may begin a question: "bellte der Hund"."""
        forms = {
            form for form, (name, _) in self._sounds.items() if form != name.translate(UMLAUTS)
        }
        return frozenset(form for form in forms if not form.startswith("ge"))

    @cached_property
    def resuming(self) -> frozenset[str]:
        """Words of an order in which something is compared: "danach"."""
        told = [says["words"] for says in self._data["tells"] if "than" in says]
        return words(*(line.translate(UMLAUTS) for lines in told for line in lines))

    @cached_property
    def _fixed(self) -> dict[str, list[tuple[list[str], dict[str, Any]]]]:
        """Fixed words that tell a sense, an order, a negation …, by their first, longest first."""
        table: dict[str, list[tuple[list[str], dict[str, Any]]]] = {}
        told = [(w.translate(UMLAUTS).split(), t) for t in self._data["tells"] for w in t["words"]]
        for line, says in sorted(told, key=lambda item: -len(item[0])):
            table.setdefault(line[0], []).append((line, says))
        return table


def _named(english: str, said: str, read: Read, *, heard: bool) -> Read:
    modality = read.modality or ("audio" if heard else None)
    phrase = "speech" if english == "person" and modality == "audio" else _base(english)
    return replace(read, noun=Noun(phrase, modality, read.order, said=said), modality=modality)


def _base(phrase: str) -> str:
    """The phrase with its sound as English questions name it: "dog barking" -> "dog bark"."""
    *maker, last = phrase.split()
    verb = SOUND_VERBS.get(last) if last.endswith("ing") else None
    return phrase if verb is None else " ".join([*maker, verb.after if maker else verb.alone])
