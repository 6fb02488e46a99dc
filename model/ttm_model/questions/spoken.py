"""A grammar small enough to be all data: for languages that are a folder and no rules of their own.

A sentence is read in layers: frames and fillers off its ends, words of time out of it, then what
it hangs on ("bevor ..."), its opening ("wie oft ..."), and what is left names a thing by a table of
nouns and verbs of sound. A word that no layer takes makes the sentence one that is not understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from ttm_model.questions.data import any_of, kinds, load, words
from ttm_model.questions.earlier import Earlier
from ttm_model.questions.patterns import Patterns, compiled
from ttm_model.questions.question import Modality, Noun, Order, Question, Refusal, Understood
from ttm_model.questions.rules.soundwords import SOUND_VERBS
from ttm_model.questions.rules.tokens import MAX_WORDS, TooLongError, folded
from ttm_model.questions.timetable import UMLAUTS, TimeTable
from ttm_model.questions.window import NOW

_SENTENCE = re.compile(r"((?:[?!\n]|\.(?!\d))+)")
_MOST_SENTENCES = 8
_TOKEN = re.compile(r"\d+(?::\d\d){1,2}|\d+(?:[.,]\d+)?|[^\W\d_]+|[,;:]")
_SENSES: dict[str, Modality] = {"video": "video", "audio": "audio"}
_ORDERS: dict[str, Order] = {"first": "first", "last": "last"}
# Of several openings in a sentence the more telling one asks.
_TELLING = {"polar": 0, "open": 1}
_LONGEST_NOUN = 4  # words
_SHORTEST_PART = 3  # letters


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read off a clause: its thing, what its words tell, and words that nothing took."""

    noun: Noun | None = None
    modality: Modality | None = None
    order: Order | None = None
    than: Order | None = None  # an order that something else must be compared with
    told: frozenset[str] = frozenset()  # names of what else was told
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Sentence:
    """Words, and as what their frame asks them: "polar", "open", or "" where it does not."""

    words: list[str]
    shape: str = ""


class PatternParser:
    """Understands one language by its tables; see `ttm_model.questions.understand.Parser`."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._words = load(language, "words")
        self._kinds = kinds(language)
        self._shape = {kind: asked["shape"] for kind, asked in self._kinds.items()}
        self._kind = {shape: kind for kind, shape in self._shape.items()}
        self._times = TimeTable(load(language, "times"))
        self._refusals = Patterns({"": {"asked": load(language, "refusals")["patterns"]}})
        self._patterns = Patterns(self._kinds, load(language, "patterns")["macros"])
        self._fillers = words(*(asked.get("fillers", "") for asked in self._kinds.values()))
        self._dropped = self._set("skip") | self._set("articles")
        self._respelled = {k.translate(UMLAUTS): v for k, v in self._words["respelled"].items()}
        self._slips = re.compile(rf"(?<!\S)(?:{any_of(self._respelled)})(?!\S)")

    def parse(self, text: str) -> Understood:
        """Understand one question. Never raises; what it cannot read is a refusal."""
        read: list[Understood] = []
        try:
            parts = [*_SENTENCE.split(folded(text))[: 2 * _MOST_SENTENCES], ""]
            for part, end in zip(parts[::2], parts[1::2], strict=False):
                if said := self._spelled(part):
                    read.append(self._understood(said, asked="?" in end))
        except TooLongError:
            read = [Refusal("TOO_LONG")]
        understood = next((one for one in read if isinstance(one, Question)), None)
        refused = read[0] if read else Refusal("NOT_A_QUESTION")
        return replace(understood or refused, language=self._language)

    def follow_up(self, text: str, earlier: Earlier) -> Understood | None:
        """Read "und wann?", "und danach?" about what was asked or answered before."""
        try:
            said = " ".join(_plain(self._bare(_Sentence(self._spelled(folded(text)))).words))
        except TooLongError:
            return None
        referent = earlier.answered or earlier.question.thing
        for kind, asked in self._kinds.items():
            if said not in (line.translate(UMLAUTS) for line in asked["follow_ups"]["any"]):
                continue
            if referent is None:
                return Refusal("REFERENCE", language=self._language)
            modality = earlier.question.modality
            if self._shape[kind] == "anchored":
                return Question(kind, None, modality, (referent,), language=self._language)
            return Question(kind, referent, modality, language=self._language)
        return None

    # --- layers -----------------------------------------------------------------------------------

    def _spelled(self, text: str) -> list[str]:
        """Words with umlauts written out and slips mended; commas stay. Raises TooLongError."""
        found = _TOKEN.findall(text.translate(UMLAUTS).replace("'", ""))
        if len(found) > MAX_WORDS:
            raise TooLongError
        line = " ".join("," if word in ";:" else word for word in found)
        return self._slips.sub(lambda slip: self._respelled[slip[0]], line).split()

    def _understood(self, said: list[str], asked: bool) -> Understood:
        sentence = self._bare(_Sentence(said))
        said, window = self._times.extract(sentence.words)
        sentence = self._bare(replace(sentence, words=said))
        said = sentence.words
        told = [word for word in said if word not in self._fillers]
        for matched in self._patterns.matches(told):
            return Question(matched.kind).within(window)
        compared = self._compared(said)
        if isinstance(compared, Question):
            return compared.within(window)
        for reason in self._refusals.matches(said):
            return Refusal(reason.says["reason"])
        understood = compared or self._related(sentence, asked) or self._main(sentence, asked)
        return understood.within(window) if isinstance(understood, Question) else understood

    def _bare(self, sentence: _Sentence) -> _Sentence:
        """Without frames and fillers; the innermost frame tells what is asked."""
        text, shape, found = _line(sentence.words), sentence.shape, True
        while found:
            found = False
            for rule, says in self._ends:
                if (end := rule.search(text)) and len(end[0]) < len(text.strip(" ,")):
                    text = f"{text[: end.start()]}{text[end.end() :]}"
                    shape, found = says.get("shape", shape), True
        said = text.split()
        while said[:1] == [","]:
            said = said[1:]
        while said[-1:] == [","]:
            said = said[:-1]
        return _Sentence(said, shape)

    def _joints(self, said: list[str]) -> Iterator[tuple[int, int, str, str]]:
        """What a question may hang on: from, to, the kind, and what follows."""
        for i in range(len(said)):
            fixed = self._phrase(said, i)[0]  # "vor der Kamera" is a place
            for joint, kind, follows in self._joiners:
                end = i + len(joint)
                if fixed < len(joint) and said[i:end] == joint and end < len(said):
                    yield i, end, kind, follows

    def _compared(self, said: list[str]) -> Understood | None:
        """Read "was kam zuerst, der Hund oder das Auto"."""
        oder = self._words["or"]
        if oder not in said[1:-1]:
            return None
        middle = said.index(oder)
        start = next((i + 1 for i in range(middle - 1, -1, -1) if said[i] == ","), None)
        if start is None:  # "hast du zuerst die Sirene oder die Glocke gehört"
            start = next((i for i in range(middle) if said[i] in self._set("articles")), None)
        if start is None:  # "was war eher da sirene oder glocke"
            start = next((i for i in range(middle) if said[i] in self._nouns), 0)
        lead_in = self._opened(said[:start])[1]
        verbs = [word for word in lead_in if word in self._finite]  # "klingelte zuerst das Telefon"
        lead = self._clause([word for word in lead_in if word not in verbs])
        one = self._clause([*verbs, *said[start:middle]])
        other = self._clause(said[middle + 1 :])
        order = next((r.order or r.than for r in (lead, one, other) if r.order or r.than), None)
        left = (*lead.left, *one.left, *other.left)
        if one.noun is None or other.noun is None or order is None or left:
            return Refusal("TWO_THINGS")
        modality = lead.modality or other.modality or one.noun.modality
        anchor, thing = replace(other.noun, order=None), replace(one.noun, order=None)
        return Question(self._kind["compare"], thing, modality, (anchor,), order=order)

    def _related(self, sentence: _Sentence, asked: bool) -> Understood | None:
        """Read "... bevor der Hund bellte", "was kam nach der Tasse"."""
        said = sentence.words
        for start, begin, kind, follows in self._joints(said):
            for stop in self._stops(said, begin, follows):
                anchor = self._clause(said[begin:stop])
                if anchor.noun is None or anchor.left:
                    continue
                ended = "ended" in anchor.told
                resumed = [w for w in [*said[:start], *said[stop:]] if w not in self._than]
                main = self._main(replace(sentence, words=resumed), asked)
                if isinstance(main, Refusal) or (ended and "ended" not in self._kinds[kind]):
                    continue
                kind = self._kinds[kind]["ended"] if ended else kind
                noun = replace(anchor.noun, modality=anchor.modality, order=anchor.order)
                return replace(main, kind=kind, anchors=(noun,), order=None, window=None)
        return None

    def _stops(self, said: list[str], begin: int, follows: str) -> Iterator[int]:
        """Where that on which a question hangs may end, the likeliest first.

        A clause goes to its comma or as far as it can; a noun goes on where a genitive follows.
        """
        if follows == "clause":
            comma = next((i for i in range(begin, len(said)) if said[i] == ","), None)
            yield from [comma] if comma else range(len(said), begin, -1)
            return
        if follows == "oblique" and self._nominative(said[begin:]):
            return
        for stop in range(begin + 1, len(said) + 1):
            for end in (stop + 3, stop + 2):
                of, *noun = said[stop:end] or [""]
                feminine = of in self._set("of_feminine") and self._feminine(noun)
                if (of in self._set("of") or feminine) and noun[-1:] and noun[-1] in self._nouns:
                    yield end
            yield stop

    def _opened(self, said: list[str]) -> tuple[str, list[str], bool]:
        """The kind that a question's opening tells, the words without it, and whether it takes
        a name; an opening that asks for more than yes or no goes before one that does not."""
        text = _line(said)
        best: tuple[tuple[int, int, int, int], str, re.Match[str], bool] | None = None
        for kind, rule, anywhere, named in self._openings:
            for found in rule.finditer(text):
                first = found.start() == 0 or text[: found.start()].endswith(", ")
                if not first and not anywhere:
                    continue
                telling = _TELLING.get(self._shape[kind], 2)
                rank = (telling == 2, first, telling, found.end() - found.start())  # noqa: PLR2004
                if best is None or rank > best[0]:
                    best = rank, kind, found, named
        if best is None:
            return "", said, True
        _, kind, found, named = best
        return kind, f"{text[: found.start()]} {text[found.end() :]}".split(), named

    def _main(self, sentence: _Sentence, asked: bool) -> Understood:
        kind, said, named = self._opened(sentence.words)
        joined = self._joined(sentence.words)
        if joined[:1] != sentence.words[:1]:  # "kam ein Bus vorbei"
            said = joined
        read = self._clause(said)
        told = read.told or read.modality or read.order
        if not kind and sentence.shape:
            kind = self._kind[sentence.shape] if sentence.shape == "polar" or told else ""
        if not kind and (said[:1] and said[0] in self._finite or (asked and told)):
            kind = self._kind["polar"]
        if not kind or not sentence.words:
            return Refusal("NOT_A_QUESTION")
        if read.left:
            known = read.noun is not None and len(read.left) == 1
            mentions = (read.noun,) if read.noun else ()
            return Refusal("ATTRIBUTE" if known else "UNKNOWN_THING", mentions)
        if not named and read.noun is not None and not read.order:
            return Refusal("OTHER", (read.noun,))
        return Refusal("REFERENCE") if read.than else self._asked(kind, read)

    def _asked(self, kind: str, read: _Read) -> Understood:
        """The question of a kind about what was read."""
        shape = self._shape[kind]
        modality = read.modality or (read.noun.modality if read.noun else None)
        open_ = shape == "open" or read.noun is None
        if open_ and "made" in read.told and shape == "open":
            return Refusal("IDENTITY")
        if not open_ and shape == "polar" and "repeated" in read.told:
            kind = self._kind["tally"]
        if open_ and shape in ("open", "polar"):
            ranked = next((k for k, a in self._kinds.items() if a.get("order") == read.order), None)
            kind = ranked if read.order and ranked else self._kind["open"]
        elif read.noun is None:
            return Refusal("REFERENCE")
        thing = read.noun and replace(read.noun, modality=modality)
        order = read.order if self._shape[kind] in ("moment", "ranked") else None
        return Question(kind, thing, modality, order=order, negated="negated" in read.told)

    # --- tables -----------------------------------------------------------------------------------

    def _set(self, name: str) -> frozenset[str]:
        """The words of one list; empty for none of that name."""
        return self._sets.get(name, frozenset())

    @cached_property
    def _sets(self) -> dict[str, frozenset[str]]:
        lists = {name: says for name, says in self._words.items() if isinstance(says, str)}
        return {name: words(says.translate(UMLAUTS)) for name, says in lists.items()}

    @cached_property
    def _ends(self) -> list[tuple[re.Pattern[str], dict[str, Any]]]:
        """What may be cut off either end of a sentence."""
        macros = self._words["macros"]
        return [
            (
                _whole(
                    says["lines"], macros, "^(?:, )*{}" if says["at"] == "front" else "(?<!\\S){}$"
                ),
                says,
            )
            for says in self._words["ends"]
        ]

    @cached_property
    def _openings(self) -> list[tuple[str, re.Pattern[str], bool, bool]]:
        """By kind what opens a question; whether anywhere in it, and whether a name may follow."""
        return [
            (kind, _whole(asked[field], {}, "(?<!\\S){}"), field != "leads", field != "unnamed")
            for kind, asked in self._kinds.items()
            for field in ("openings", "leads", "unnamed")
            if field in asked
        ]

    @cached_property
    def _joiners(self) -> list[tuple[list[str], str, str]]:
        """What joins a noun (in any case, or not in the first) or a clause, the longest first."""
        found = [
            (line.translate(UMLAUTS).split(), kind, follows)
            for follows in ("noun", "oblique", "clause")
            for kind, asked in self._kinds.items()
            for line in asked.get(f"before_{follows}", ())
        ]
        return sorted(found, key=lambda joiner: -len(joiner[0]))

    @cached_property
    def _genders(self) -> dict[str, str]:
        """Every singular noun's gender."""
        data = load(self._language, "nouns")
        return {n["s"].lower().translate(UMLAUTS): n["g"] for n in data.values() if "g" in n}

    @cached_property
    def _nouns(self) -> dict[str, str]:
        """Every form of every noun, folded, to its English name."""
        data: dict[str, Any] = dict(load(self._language, "nouns"))
        preferred = {k.translate(UMLAUTS).lower(): v for k, v in data.pop("ambiguous").items()}
        table: dict[str, str] = {}
        for english, noun in data.items():
            stems = [*(noun[f] for f in ("s", "p", "a", "d") if f in noun), *noun.get("also", ())]
            for form in (*stems, *(stem + end for stem in stems for end in self._words["endings"])):
                table.setdefault(form.lower().translate(UMLAUTS), english)
        return table | preferred

    @cached_property
    def _sounds(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """Every form of every verb of sound, to its infinitive and what it says."""
        verbs = load(self._language, "verbs_of_sound").items()
        return {f.translate(UMLAUTS): (name, verb) for name, verb in verbs for f in verb["forms"]}

    @cached_property
    def _finite(self) -> frozenset[str]:
        """Forms of verbs of sound that may begin a question: "bellte der Hund"."""
        forms = {
            form for form, (name, _) in self._sounds.items() if form != name.translate(UMLAUTS)
        }
        return frozenset(form for form in forms if not form.startswith("ge"))

    @cached_property
    def _than(self) -> frozenset[str]:
        return words(
            *(w.translate(UMLAUTS) for t in self._words["tells"] if "than" in t for w in t["words"])
        )

    @cached_property
    def _phrases(self) -> dict[str, list[tuple[list[str], dict[str, Any]]]]:
        """Fixed words that tell a sense, an order, a negation …, by their first, longest first."""
        table: dict[str, list[tuple[list[str], dict[str, Any]]]] = {}
        told = [(w.translate(UMLAUTS).split(), t) for t in self._words["tells"] for w in t["words"]]
        for line, says in sorted(told, key=lambda item: -len(item[0])):
            table.setdefault(line[0], []).append((line, says))
        return table

    # --- things -----------------------------------------------------------------------------------

    def _phrase(self, said: list[str], i: int) -> tuple[int, dict[str, Any]]:
        """The length of the fixed words at a place, and what they tell."""
        for line, says in self._phrases.get(said[i], ()):
            if said[i : i + len(line)] == line:
                return len(line), says
        return 0, {}

    def _clause(self, said: list[str]) -> _Read:
        """Read a clause: what its words tell, and the thing that is left."""
        said, rest, i = self._joined(said), [], 0
        tells: list[dict[str, Any]] = []
        while i < len(said):
            size, says = self._phrase(said, i)
            if size:
                tells.append(says)
            elif said[i] not in self._dropped and said[i] != ",":
                rest.append(said[i])
            i += size or 1
        first = {k: next((s[k] for s in tells if k in s), "") for k in ("sense", "order", "than")}
        return self._thing(
            rest,
            _Read(
                modality=_SENSES.get(first["sense"]),
                order=_ORDERS.get(first["order"]),
                than=_ORDERS.get(first["than"]),
                told=frozenset(name for says in tells for name in says),
            ),
        )

    def _joined(self, said: list[str]) -> list[str]:
        """Verbs with the particle that stands at the end: "ging ... los" is "losging"."""
        last = next((w for w in reversed(said) if w != ","), "")
        for i, word in enumerate(said[:-1]):
            verb = last + word
            if verb in self._sounds or verb in self._phrases or verb in self._dropped:
                return [*said[:i], verb, *said[i + 1 : -1]]
        return said

    def _thing(self, rest: list[str], read: _Read) -> _Read:
        """The noun among the words, and the sound that it makes."""
        rest = [part for word in rest for part in self._parts(word)]
        verb = next((word for word in rest if word in self._sounds), "")
        infinitive, sound = self._sounds.get(verb, ("", {}))
        rest = [word for word in rest if word != verb]
        if sound and sum(word in self._nouns for word in rest) > 1:  # "jemand hat an die Tür ..."
            rest = [word for word in rest if self._nouns.get(word) not in self._set("someone")]
        start, end = next(self._nouns_in(rest), (0, 0))
        if not end:
            if not sound or rest:
                return replace(read, left=tuple(rest))
            return self._named(sound["alone"], verb, read, heard=True)
        said = " ".join(rest[start:end])
        english = self._words["english"].get(self._nouns[said], self._nouns[said])
        read = replace(read, left=(*rest[:start], *rest[end:]))
        heard_as = self._words["heard_as"].get(f"{english} {infinitive}")
        if heard_as:
            return self._named(heard_as, said, read, heard=True)
        makers = self._words["makers"].get(infinitive)
        if makers and english not in makers.split():
            return replace(read, left=(*read.left, verb))
        if not sound or sound.get("self"):
            heard = bool(sound) or english in self._set("heard")
            return self._named(english, said, read, heard=heard)
        read = replace(read, told=read.told | {"made"})
        people = english in self._set("people")
        phrase = sound["alone"] if people else f"{english} {sound['after']}"
        return self._named(phrase, said, read, heard=True)

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

    def _named(self, english: str, said: str, read: _Read, *, heard: bool) -> _Read:
        modality = read.modality or ("audio" if heard else None)
        phrase = "speech" if english == "person" and modality == "audio" else _base(english)
        return replace(read, noun=Noun(phrase, modality, read.order, said=said), modality=modality)

    def _nominative(self, said: list[str]) -> bool:
        """Whether words begin with the subject of a clause: "der Hund", not "der Katze"."""
        first, *rest = said
        return first in self._set("nominative") and not (first == "der" and self._feminine(rest))

    def _feminine(self, said: list[str]) -> bool:
        """Whether the first noun is feminine, so that "der" before it is no nominative."""
        return next((self._genders[w] for w in said if w in self._genders), "") == "f"


def _base(phrase: str) -> str:
    """The phrase with its sound as English questions name it: "dog barking" -> "dog bark"."""
    *maker, last = phrase.split()
    verb = SOUND_VERBS.get(last) if last.endswith("ing") else None
    return phrase if verb is None else " ".join([*maker, verb.after if maker else verb.alone])


def _plain(said: Iterable[str]) -> list[str]:
    """Without commas."""
    return [word for word in said if word != ","]


def _line(said: Iterable[str]) -> str:
    """Words as patterns read them, each with a blank after it."""
    return "".join(f"{word} " for word in said)


def _whole(lines: list[str], macros: dict[str, str], around: str) -> re.Pattern[str]:
    """One expression for several patterns, the longest first."""
    ordered = sorted((line.translate(UMLAUTS) for line in lines), key=len, reverse=True)
    rules = "|".join(compiled(line, macros).pattern for line in ordered)
    return re.compile(around.format(f"(?:{rules})"))
