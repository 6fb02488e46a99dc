"""A grammar small enough to be all data: for languages that are a folder and no rules of their own.

A sentence is read in layers: frames and fillers off its ends, words of time out of it, then what
it hangs on ("bevor ..."), its opening ("wie oft ..."), and what is left names a thing by a table of
nouns and verbs of sound. A word that no layer takes makes the sentence one that is not understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from ttm_model.questions.data import kinds, load, words
from ttm_model.questions.earlier import Earlier
from ttm_model.questions.patterns import Patterns, compiled
from ttm_model.questions.question import Noun, Question, Refusal, Understood
from ttm_model.questions.rules.tokens import TooLongError, folded
from ttm_model.questions.timetable import UMLAUTS, TimeTable
from ttm_model.questions.wordbook import Read, WordBook
from ttm_model.questions.worded import Worded

_SENTENCE = re.compile(r"((?:[?!\n]|\.(?!\d))+)")
_MOST_SENTENCES = 8
_MOST_JOINTS = 6  # tried in a sentence; each costs the square of its length
_OPENED = ("moment", "tally", "stretch")  # shapes that an opening turns a polar question into
_HANGING = ("open", "polar")  # shapes of written-out sentences that may hang on something
_VAGUE = ("polar", "open")  # shapes of questions that others go before


@dataclass(frozen=True, slots=True)
class _Sentence:
    """Words, whether a question mark ends them, and the shape of question their frame tells."""

    words: list[str]
    asked: bool = False
    shape: str = ""


@dataclass(frozen=True, slots=True)
class _Opening:
    """What opens a question of a kind; whether anywhere in it, and whether it takes a name."""

    kind: str
    rule: re.Pattern[str]
    anywhere: bool
    named: bool


class PatternParser:
    """Understands one language by its tables; see `ttm_model.questions.understand.Parser`."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._book = WordBook(language)
        self._times = TimeTable(load(language, "times"))
        self._kinds = kinds(language)
        self._shape = {kind: asked["shape"] for kind, asked in self._kinds.items()}
        self._kind = {shape: kind for kind, shape in self._shape.items()}
        self._refusals = Patterns({"": {"asked": load(language, "refusals")["patterns"]}})
        self._patterns = Patterns(self._kinds, load(language, "patterns")["macros"])
        self._fillers = words(*(asked.get("fillers", "") for asked in self._kinds.values()))
        said = load(language, "words")
        self._worded = Worded(language, self._noun)
        self._or: str = said["or"]
        self._ends = [
            (_whole(says["lines"], says["at"], said["macros"]), says) for says in said["ends"]
        ]
        self._openings = [
            _Opening(kind, _whole(asked[name], "", {}), name != "leads", name != "unnamed")
            for kind, asked in self._kinds.items()
            for name in ("openings", "leads", "unnamed")
            if name in asked
        ]
        joints = [
            (line.translate(UMLAUTS).split(), kind, follows)
            for follows in ("noun", "oblique", "clause")
            for kind, asked in self._kinds.items()
            for line in asked.get(f"before_{follows}", ())
        ]
        self._joints = sorted(joints, key=lambda joint: -len(joint[0]))

    def parse(self, text: str) -> Understood:
        """Understand one question. Never raises; what it cannot read is a refusal."""
        read: list[Understood] = []
        try:
            parts = [*_SENTENCE.split(folded(text))[: 2 * _MOST_SENTENCES], ""]
            for part, end in zip(parts[::2], parts[1::2], strict=False):
                if said := self._book.spelled(part):
                    read.append(self._understood(_Sentence(said, "?" in end), part))
        except TooLongError:
            read = [Refusal("TOO_LONG")]
        understood = next((one for one in read if isinstance(one, Question)), None)
        refused = read[0] if read else Refusal("NOT_A_QUESTION")
        return replace(understood or refused, language=self._language)

    def follow_up(self, text: str, earlier: Earlier) -> Understood | None:
        """Read "und wann?", "und danach?" about what was asked or answered before."""
        try:
            bare = self._bare(_Sentence(self._book.spelled(folded(text))))
        except TooLongError:
            return None
        said = " ".join(word for word in bare.words if word != ",")
        referent = earlier.answered or earlier.question.thing
        for kind, asked in self._kinds.items():
            if said not in [line.translate(UMLAUTS) for line in asked.get("follow_ups", ())]:
                continue
            if referent is None:
                return Refusal("REFERENCE", language=self._language)
            modality = earlier.question.modality
            if self._shape[kind] == "anchored":
                return Question(kind, None, modality, (referent,), language=self._language)
            return Question(kind, referent, modality, language=self._language)
        return None

    # --- layers -----------------------------------------------------------------------------------

    def _understood(self, sentence: _Sentence, typed: str) -> Understood:
        """A sentence that was `typed` so."""
        sentence = self._bare(sentence)
        timed = self._times.extract(sentence.words)
        if timed.refused:
            return Refusal(timed.refused)
        inner = self._bare(replace(sentence, words=timed.words))
        understood = self._hanging(timed.words) or self._untimed(inner)
        if isinstance(understood, Refusal):
            return understood
        return _as_typed(understood.within(timed.window), typed)

    def _untimed(self, sentence: _Sentence) -> Understood:
        """What is left of a sentence without its words of time."""
        for matched in self._patterns.matches(w for w in sentence.words if w not in self._fillers):
            return Question(matched.kind)
        written = self._hanging(sentence.words)
        if written is not None:
            return written
        compared = self._compared(sentence.words)
        if isinstance(compared, Question):
            return compared
        for reason in self._refusals.matches(sentence.words):
            return Refusal(reason.says["reason"])
        return compared or self._related(sentence) or self._main(sentence)

    # --- sentences that are written out -----------------------------------------------------------

    def _noun(self, said: list[str]) -> Noun | None:
        """The thing that words name, where they say no more."""
        read = self._book.clause(said)
        if read.noun is None or read.left:
            return None
        return replace(read.noun, modality=read.modality, order=read.order)

    def _sentence(self, said: list[str]) -> Question | None:
        """A sentence that hangs on nothing: as it is, behind an opening, or with an order."""
        asked = self._worded.question(said)
        if asked is not None:
            return asked
        kind, rest, _ = self._opened(said)
        order = next((o for w in rest if (o := self._book.order_of(w))), None)
        bare = [word for word in rest if not self._book.order_of(word)]
        polar = self._worded.question(bare) if kind and bare != list(said) else None
        if polar is not None and polar.kind == self._kind["polar"] and self._shape[kind] in _OPENED:
            return replace(polar, kind=kind, order=order)
        ordered = [word for word in said if not self._book.order_of(word) and word != "als"]
        order = next((o for w in said if (o := self._book.order_of(w))), None)
        what = self._worded.question(ordered) if order else None
        if what is None or what.kind != self._kind["open"] or what.thing is not None:
            return None
        orders = {asked.get("order"): name for name, asked in self._kinds.items()}
        return replace(what, kind=orders[order], order=order)

    def _hanging(self, said: list[str]) -> Question | None:
        """A sentence that is written out, and what it hangs on."""
        for start, begin, kind, follows in islice(self._joined(said), _MOST_JOINTS):
            for stop in self._stops(said, begin, follows):
                rest = [*said[:start], *said[stop:]]
                rest = [w for w in rest if w != "," and w not in self._book.resuming]
                main = self._sentence(rest)
                if main is None or self._shape[main.kind] not in _HANGING:
                    continue
                anchor = self._worded.clause(said[begin:stop]) or self._noun(said[begin:stop])
                if anchor is not None:
                    return replace(main, kind=kind, anchors=(anchor,), order=None, window=None)
        asked = self._sentence([word for word in said if word != ","])
        return asked or self._on_words(said)

    def _on_words(self, said: list[str]) -> Question | None:
        """Any other question that hangs on words or on somebody who came."""
        for start, begin, kind, follows in islice(self._joined(said), _MOST_JOINTS):
            for stop in self._stops(said, begin, follows):
                anchor = self._worded.clause(said[begin:stop])
                if anchor is None:
                    continue
                rest = [w for w in [*said[:start], *said[stop:]] if w not in self._book.resuming]
                main = self._main(_Sentence(rest, True))
                if isinstance(main, Question):
                    return replace(main, kind=kind, anchors=(anchor,), order=None, window=None)
        return None

    def _bare(self, sentence: _Sentence) -> _Sentence:
        """Without frames and fillers; the innermost frame tells the shape."""
        text, shape, found = _line(sentence.words), sentence.shape, True
        while found:
            found = False
            for rule, says in self._ends:
                if (end := rule.search(text)) and len(end[0]) < len(text.strip(" ,")):
                    text = f"{text[: end.start()]}{text[end.end() :]}"
                    shape, found = says.get("shape", shape), True
        return replace(sentence, words=text.strip(" ,").split(), shape=shape)

    def _compared(self, said: list[str]) -> Understood | None:
        """Read "was kam zuerst, der Hund oder das Auto"."""
        if self._or not in said[1:-1]:
            return None
        middle = said.index(self._or)
        before, articles = said[:middle], self._book.lists["articles"]
        starts = [i + 1 for i in range(middle - 1, -1, -1) if said[i] == ","]
        starts += [i for i, word in enumerate(before) if word in articles]
        starts += [i for i, word in enumerate(before) if self._book.is_noun(word)]
        start = starts[0] if starts else 0
        lead_in = self._opened(said[:start])[1]
        verbs = [
            word for word in lead_in if word in self._book.finite
        ]  # "klingelte zuerst das ..."
        lead = self._book.clause([word for word in lead_in if word not in verbs])
        one = self._book.clause([*verbs, *said[start:middle]])
        other = self._book.clause(said[middle + 1 :])
        order = next((r.order or r.than for r in (lead, one, other) if r.order or r.than), None)
        left = (*lead.left, *one.left, *other.left)
        if one.noun is None or other.noun is None or order is None or left:
            return Refusal("TWO_THINGS")
        modality = lead.modality or other.modality or one.noun.modality
        anchor, thing = replace(other.noun, order=None), replace(one.noun, order=None)
        return Question(self._kind["compare"], thing, modality, (anchor,), order=order)

    def _related(self, sentence: _Sentence) -> Understood | None:
        """Read "... bevor der Hund bellte", "was kam nach der Tasse"."""
        said = sentence.words
        for start, begin, kind, follows in islice(self._joined(said), _MOST_JOINTS):
            for stop in self._stops(said, begin, follows):
                anchor = self._book.clause(said[begin:stop])
                ended = "ended" in anchor.told
                if (
                    anchor.noun is None
                    or anchor.left
                    or (ended and "ended" not in self._kinds[kind])
                ):
                    continue
                rest = [w for w in [*said[:start], *said[stop:]] if w not in self._book.resuming]
                main = self._main(replace(sentence, words=rest))
                if isinstance(main, Refusal):
                    continue
                asked = self._kinds[kind]["ended"] if ended else kind
                noun = replace(anchor.noun, modality=anchor.modality, order=anchor.order)
                return replace(main, kind=asked, anchors=(noun,), order=None, window=None)
        return None

    def _joined(self, said: list[str]) -> Iterator[tuple[int, int, str, str]]:
        """What a question may hang on: from, to, the kind, and what follows."""
        for i in range(len(said)):
            fixed = self._book.fixed(said, i)[0]  # "vor der Kamera" is a place
            for joint, kind, follows in self._joints:
                end = i + len(joint)
                if fixed < len(joint) and said[i:end] == joint and end < len(said):
                    yield i, end, kind, follows

    def _stops(self, said: list[str], begin: int, follows: str) -> Iterator[int]:
        """Where that on which a question hangs may end, the likeliest first.

        A clause goes to its comma or as far as it can; a noun goes on where a genitive follows.
        """
        if follows == "clause":
            comma = next((i for i in range(begin, len(said)) if said[i] == ","), None)
            yield from [comma] if comma else range(len(said), begin, -1)
        elif follows == "noun" or not self._book.nominative(said[begin:]):
            for stop in range(begin + 1, len(said) + 1):
                yield from (e for e in (stop + 3, stop + 2) if self._book.genitive(said[stop:e]))
                yield stop

    def _opened(self, said: list[str]) -> tuple[str, list[str], bool]:
        """The kind that an opening tells, the words without it, and whether it takes a name.

        One that asks when, how often or how long goes before others, then one at the front.
        """
        text = _line(said)
        best: tuple[tuple[bool, bool, int, int], _Opening, re.Match[str]] | None = None
        for opening in self._openings:
            for found in opening.rule.finditer(text):
                first = found.start() == 0 or text[: found.start()].endswith(", ")
                if not first and not opening.anywhere:
                    continue
                shape = self._shape[opening.kind]
                telling = _VAGUE.index(shape) if shape in _VAGUE else len(_VAGUE)
                rank = (shape not in _VAGUE, first, telling, found.end() - found.start())
                if best is None or rank > best[0]:
                    best = rank, opening, found
        if best is None:
            return "", said, True
        _, opening, found = best
        rest = f"{text[: found.start()]} {text[found.end() :]}".split()
        return opening.kind, rest, opening.named

    def _main(self, sentence: _Sentence) -> Understood:
        """A question that hangs on nothing."""
        kind, said, named = self._opened(sentence.words)
        joined = self._book.joined(sentence.words)
        if joined[:1] != sentence.words[:1]:  # "kam ein Bus vorbei"
            said = joined
        read = self._book.clause(said)
        kind = kind or self._framed(sentence, read)
        if not kind:
            return Refusal("NOT_A_QUESTION")
        mentions = (read.noun,) if read.noun else ()
        if read.left:
            known = read.noun is not None and len(read.left) == 1
            return Refusal("ATTRIBUTE" if known else "UNKNOWN_THING", mentions)
        if read.noun is not None and not named and not read.order:
            return Refusal("OTHER", mentions)
        return Refusal("REFERENCE") if read.than else self._asked(kind, read)

    def _framed(self, sentence: _Sentence, read: Read) -> str:
        """The kind of a question without an opening: by its frame, verb or question mark."""
        told = bool(read.told or read.modality or read.order)
        verb = sentence.words[:1] and sentence.words[0] in self._book.finite
        if sentence.shape == "polar" or (
            not sentence.shape and (verb or (sentence.asked and told))
        ):
            return self._kind["polar"]
        return self._kind["open"] if sentence.shape and told else ""

    def _asked(self, kind: str, read: Read) -> Understood:
        """The question of a kind about what was read."""
        shape = self._shape[kind]
        if shape == "open" and "made" in read.told:
            return Refusal("IDENTITY")
        if shape == "open" or (shape == "polar" and read.noun is None):
            orders = {asked.get("order"): name for name, asked in self._kinds.items()}
            kind = orders[read.order] if read.order else self._kind["open"]
        elif read.noun is None:
            return Refusal("REFERENCE")
        elif shape == "polar" and "repeated" in read.told:
            kind = self._kind["tally"]
        thing = read.noun and replace(read.noun, modality=read.modality)
        order = read.order if self._shape[kind] in ("moment", "ranked") else None
        negated = "negated" in read.told
        return Question(kind, thing, read.modality, order=order, negated=negated)


def _as_typed(understood: Question, text: str) -> Question:
    """Words that are quoted as they were typed, with their umlauts."""
    typed = {word.translate(UMLAUTS): word for word in re.findall(r"\w+", text)}

    def noun(noun: Noun) -> Noun:
        if noun.modality not in ("speech", "text"):
            return noun
        return replace(noun, phrase=" ".join(typed.get(w, w) for w in noun.phrase.split()))

    thing = understood.thing and noun(understood.thing)
    return replace(understood, thing=thing, anchors=tuple(map(noun, understood.anchors)))


def _line(said: Iterable[str]) -> str:
    """Words as patterns read them, each with a blank after it."""
    return "".join(f"{word} " for word in said)


def _whole(lines: list[str], at: str, macros: dict[str, Any]) -> re.Pattern[str]:
    """One expression for several patterns at the front, the tail or anywhere; longest first."""
    ordered = sorted((line.translate(UMLAUTS) for line in lines), key=len, reverse=True)
    rules = "|".join(compiled(line, macros).pattern for line in ordered)
    front, tail = "^(?:, )*" if at == "front" else r"(?<!\S)", "$" if at == "tail" else ""
    return re.compile(f"{front}(?:{rules}){tail}")
