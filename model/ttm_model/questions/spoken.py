"""A grammar small enough to be all data: for languages that are a folder and no rules of their own.

A sentence is read in layers: fillers off its ends, words of time out of it, then what it hangs on
("bevor ..."), its opening ("wie oft ..."), and what is left names a thing by a table of nouns and
verbs of sound. A word that no layer takes makes the sentence one that is not understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from ttm_model.questions.data import kinds, load, words
from ttm_model.questions.earlier import Earlier
from ttm_model.questions.patterns import Patterns
from ttm_model.questions.question import Modality, Noun, Order, Question, Refusal, Understood
from ttm_model.questions.rules.soundwords import SOUND_VERBS
from ttm_model.questions.rules.tokens import MAX_WORDS, TooLongError, folded
from ttm_model.questions.timetable import TimeTable
from ttm_model.questions.window import NOW

_SENTENCE = re.compile(r"[?!\n]+|\.(?!\d)")
_MOST_SENTENCES = 8
_TOKEN = re.compile(r"\d+(?::\d\d){1,2}|\d+(?:[.,]\d+)?|[^\W\d_]+|[,;:]")
_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_SENSES: dict[str, Modality | None] = {"video": "video", "audio": "audio", "any": None}
_ORDERS: dict[str, Order] = {"first": "first", "last": "last"}


def spelled(text: str) -> list[str]:
    """Lower-case words with umlauts written out; commas stay. Raises TooLongError."""
    found = _TOKEN.findall(folded(text).translate(_LETTERS))
    if len(found) > MAX_WORDS:
        raise TooLongError
    return ["," if word in ";:" else word for word in found]


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read off a clause: its thing, its sense, and words that nothing took."""

    noun: Noun | None = None
    modality: Modality | None = None
    order: Order | None = None
    negated: bool = False
    repeated: bool = False
    now: bool = False
    left: tuple[str, ...] = ()


class PatternParser:
    """Understands one language by its tables; see `ttm_model.questions.understand.Parser`."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._words = load(language, "words")
        self._kinds = kinds(language)
        self._shape = {kind: asked["shape"] for kind, asked in self._kinds.items()}
        self._kind = {shape: kind for kind, shape in self._shape.items()}
        self._times = TimeTable(load(language, "times"))
        refusals = load(language, "refusals")
        self._refusals = Patterns({"": {"asked": refusals["patterns"]}})
        self._patterns = Patterns(self._kinds, load(language, "patterns").get("macros"))
        self._english: dict[str, str] = self._words["english"]
        self._dropped = words(
            *(self._words[name].translate(_LETTERS) for name in ("skip", "articles"))
        )

    def parse(self, text: str) -> Understood:
        """Understand one question. Never raises; what it cannot read is a refusal."""
        read: list[Understood] = []
        try:
            for part in _SENTENCE.split(text)[:_MOST_SENTENCES]:
                if said := spelled(part):
                    read.append(self._understood(said))
        except TooLongError:
            read = [Refusal("TOO_LONG")]
        understood = next((one for one in read if isinstance(one, Question)), None)
        refused = read[0] if read else Refusal("NOT_A_QUESTION")
        return replace(understood or refused, language=self._language)

    def follow_up(self, text: str, earlier: Earlier) -> Understood | None:
        """Read "und wann?", "und danach?" about what was asked or answered before."""
        try:
            said = [word for word in self._bare(spelled(text)) if word != ","]
        except TooLongError:
            return None
        referent = earlier.answered or earlier.question.thing
        for kind, asked in self._kinds.items():
            if " ".join(said) not in self._folded(asked.get("follow_ups", {}).get("any", ())):
                continue
            if referent is None:
                return Refusal("REFERENCE", language=self._language)
            modality = earlier.question.modality
            if self._shape[kind] == "anchored":
                return Question(kind, None, modality, (referent,), language=self._language)
            return Question(kind, referent, modality, language=self._language)
        return None

    # --- layers -----------------------------------------------------------------------------------

    def _understood(self, said: list[str]) -> Understood:
        said, window = self._times.extract(self._bare(said))
        said = self._bare(said)
        for matched in self._patterns.matches(word for word in said if word != ","):
            modality = self._clause(matched.around).modality
            return Question(matched.kind, None, modality).within(window)
        reason = next(self._refusals.matches(said), None)
        if reason is not None:
            return Refusal(reason.says["reason"])
        understood = self._compared(said) or self._related(said) or self._main(said)
        return understood.within(window) if isinstance(understood, Question) else understood

    def _bare(self, said: list[str]) -> list[str]:
        """Without fillers and frames at the front, and without tags at the end."""
        for ends, cut in (("front", lambda n: slice(n, None)), ("tail", lambda n: slice(None, -n))):
            lines = sorted(self._folded(self._words[ends]), key=len, reverse=True)
            while size := next((n for line in lines if (n := _at(said, line.split(), ends))), 0):
                said = said[cut(size)]
        return [w for i, w in enumerate(said) if w != "," or 0 < i < len(said) - 1]

    def _folded(self, lines: Iterator[str] | list[str] | tuple[str, ...]) -> list[str]:
        return [line.translate(_LETTERS) for line in lines]

    def _joints(self, said: list[str]) -> Iterator[tuple[int, range, str]]:
        """What a question may hang on: where it begins, where it may end, and the kind.

        After a conjunction it goes on as long as it can, after a preposition it is the next noun.
        """
        for i in range(len(said)):
            if any(said[i : i + len(line)] == line for line, _ in self._phrases):
                continue  # "vor der Kamera" is a place
            for kind, asked in self._kinds.items():
                for name in ("joined_by", "before_noun"):
                    for joint in self._folded(asked.get(name, ())):
                        end = i + len(joint.split())
                        if said[i:end] != joint.split():
                            continue
                        ends = range(end + 1, len(said) + 1)
                        yield i, ends if name == "before_noun" else ends[::-1], kind

    def _compared(self, said: list[str]) -> Understood | None:
        """Read "was kam zuerst, der Hund oder das Auto"."""
        oder = self._words["or"]
        if oder not in said[1:-1]:
            return None
        middle = said.index(oder)
        start = next((i + 1 for i in range(middle - 1, -1, -1) if said[i] == ","), None)
        if start is None:  # "hast du zuerst die Sirene oder die Glocke gehört"
            start = next((i for i in range(middle) if said[i] in self._articles), 0)
        one, other = self._clause(said[start:middle]), self._clause(said[middle + 1 :])
        around = self._clause([*said[:start], *said[middle + 1 :]])
        order = self._clause(said[:start]).order or one.order or other.order
        if one.noun is None or other.noun is None or order is None or one.left or other.left:
            return Refusal("TWO_THINGS")
        modality = around.modality or one.noun.modality
        anchor = replace(other.noun, order=None)
        thing = replace(one.noun, order=None)
        return Question(self._kind["compare"], thing, modality, (anchor,), order=order)

    def _related(self, said: list[str]) -> Understood | None:
        """Read "... bevor der Hund bellte", "was kam nach der Tasse"."""
        for start, stops, kind in self._joints(said):
            first = min(stops, default=1) - 1
            for stop in stops:
                anchor = self._clause(said[first:stop])
                if anchor.noun is None or anchor.left:
                    continue
                main = self._main([w for w in [*said[:start], *said[stop:]] if w != ","] or ["was"])
                if isinstance(main, Refusal):
                    break
                noun = replace(anchor.noun, modality=anchor.modality, order=anchor.order)
                return replace(main, kind=kind, anchors=(noun,), order=None, window=None)
        return None

    def _main(self, said: list[str]) -> Understood:
        said = [word for word in said if word != ","]
        text = " ".join(said) + " "
        openings = [
            (len(opening.split()), kind)
            for kind, asked in self._kinds.items()
            for opening in self._folded(asked.get("openings", ()))
            if text.startswith(opening + " ")
        ]
        size, kind = max(openings, default=(0, ""))
        if not kind:
            return Refusal("NOT_A_QUESTION")
        read = self._clause(said[size:])
        if read.left:
            known = read.noun is not None and len(read.left) == 1
            mentions = (read.noun,) if read.noun else ()
            return Refusal("ATTRIBUTE" if known else "UNKNOWN_THING", mentions)
        return self._asked(kind, read)

    def _asked(self, kind: str, read: _Read) -> Understood:
        """The question of a kind about what was read."""
        shape = self._shape[kind]
        modality = read.modality or (read.noun.modality if read.noun else None)
        open_ = shape == "open" or read.noun is None
        if not open_ and shape == "polar" and read.repeated:
            kind = self._kind["tally"]
        if open_ and shape in ("open", "polar"):
            ranked = next((k for k, a in self._kinds.items() if a.get("order") == read.order), None)
            kind = ranked if read.order and ranked else self._kind["open"]
        elif read.noun is None:
            return Refusal("REFERENCE")
        thing = read.noun and replace(read.noun, modality=modality)
        window = NOW if read.now and self._shape[kind] in ("open", "polar") else None
        order = None if self._shape[kind] in ("tally", "stretch") else read.order
        return Question(kind, thing, modality, (), window, order, negated=read.negated)

    # --- things -----------------------------------------------------------------------------------

    @cached_property
    def _articles(self) -> frozenset[str]:
        return words(self._words["articles"].translate(_LETTERS))

    @cached_property
    def _nouns(self) -> dict[str, str]:
        """Every form of every noun, folded, to its English name."""
        data: dict[str, Any] = dict(load(self._language, "nouns"))
        preferred = {k.translate(_LETTERS).lower(): v for k, v in data.pop("ambiguous", {}).items()}
        table: dict[str, str] = {}
        for english, noun in data.items():
            stems = [*(noun[f] for f in ("s", "p", "a", "d") if f in noun), *noun.get("also", ())]
            for form in (*stems, *(stem + end for stem in stems for end in self._words["endings"])):
                table.setdefault(form.lower().translate(_LETTERS), english)
        return table | preferred

    @cached_property
    def _sounds(self) -> dict[str, dict[str, Any]]:
        """Every form of every verb of sound."""
        verbs = load(self._language, "verbs_of_sound")
        return {
            form.translate(_LETTERS): verb
            for verb in verbs.values()
            for form in (*verb["forms"], *verb.get("split", ()))
        }

    @cached_property
    def _phrases(self) -> list[tuple[list[str], dict[str, Any]]]:
        """Fixed words that tell a sense, an order, a negation …, the longest first."""
        told = []
        for says in self._words["tells"]:
            for line in self._folded(says["words"]):
                told.append((line.split(), says))
        return sorted(told, key=lambda item: -len(item[0]))

    def _clause(self, said: list[str]) -> _Read:
        """Read a clause: what its words tell, and the thing that is left."""
        read, rest, i = _Read(), [], 0
        while i < len(said):
            size, says = next(
                (
                    (len(line), says)
                    for line, says in self._phrases
                    if said[i : i + len(line)] == line
                ),
                (0, {}),
            )
            if size:
                read = replace(
                    read,
                    modality=read.modality or _SENSES[says.get("sense", "any")],
                    order=read.order or _ORDERS.get(says.get("order", "")),
                    negated=read.negated or says.get("negated", False),
                    repeated=read.repeated or says.get("repeated", False),
                    now=read.now or says.get("now", False),
                )
            elif said[i] not in self._dropped and said[i] != ",":
                rest.append(said[i])
            i += size or 1
        return self._thing(rest, read)

    def _thing(self, rest: list[str], read: _Read) -> _Read:
        """The noun among the words, and the sound that it makes."""
        verb = next((word for word in rest if word in self._sounds), None)
        sound = self._sounds[verb] if verb else None
        particle = (sound or {}).get("particle", "").translate(_LETTERS)
        rest = [word for word in rest if word not in (verb, particle or None)]
        found = next(
            (
                (i, j)
                for size in range(min(4, len(rest)), 0, -1)
                for i in range(len(rest) - size + 1)
                for j in [i + size]
                if " ".join(rest[i:j]) in self._nouns
            ),
            None,
        )
        if found is None:
            if sound is None or rest:
                return replace(read, left=tuple(rest))
            return self._named(_base(sound["alone"], alone=True), verb or "", read, "audio")
        said = " ".join(rest[found[0] : found[1]])
        english = self._english.get(self._nouns[said], self._nouns[said])
        left = (*rest[: found[0]], *rest[found[1] :])
        if sound is not None:
            people = english in words(self._words["people"])
            phrase = _base(sound["alone"], alone=True) if people else english
            if not people and not sound.get("self"):
                phrase = _base(f"{english} {sound['after']}")
            return replace(self._named(phrase, said, read, "audio"), left=left)
        heard = english in words(self._words["heard"])
        return replace(self._named(english, said, read, "audio" if heard else None), left=left)

    def _named(self, english: str, said: str, read: _Read, sense: Modality | None) -> _Read:
        modality = read.modality or sense
        if english == "person" and modality == "audio":
            english = "speech"
        return replace(read, noun=Noun(english, modality, read.order, said=said), modality=modality)


def _base(phrase: str, *, alone: bool = False) -> str:
    """The phrase with its sound as English questions name it: "dog barking" -> "dog bark"."""
    *maker, last = phrase.split()
    verb = SOUND_VERBS.get(last)
    if verb is None:
        return phrase
    return " ".join([*maker, verb.after if maker or not alone else verb.alone])


def _at(said: list[str], line: list[str], ends: str) -> int:
    """The length of a line where it stands at the front or at the tail and leaves something."""
    n = len(line)
    here = said[:n] if ends == "front" else said[-n:]
    return n if n < len(said) and here == line else 0
