"""What stands for itself in a question: words in quotes, names that were taught, and its picture.

Each is taken out of the text before it is parsed, a made-up word in its place, and put back into
what was understood. Knows no grammar and no memory; what points at a picture is a language's data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from ttm_model.questions.data import any_of, languages, load
from ttm_model.questions.question import Noun, Refusal, Understood

PICTURE = "this"  # what the thing in the picture beside a question is called
MOST = 8  # literals in one question; what is more stays as it is
QUOTES = tuple(f"zaqu{vowel}m{other}" for vowel in "ae" for other in "aeio")
_THINGS = tuple(f"zoqu{vowel}m{other}" for vowel in "ae" for other in "aeio")
_QUOTED = re.compile(
    r"""[“„"«»]([^“”„"«»]{1,200})[”“"«»]|(?<![\w'])['‘‚]((?!\s)[^'‘’]{1,200})['’](?!\w)"""
)
_ENDINGS = "(?:s|n|en|e|er|em|es)?"  # with which a name may stand in a sentence
_LONG = 5  # letters of a word from which its own ending may be another one
ANSWERED = "zaquumu"  # for words that an answer told, in a question that leans on it
STANDIN = re.compile("|".join((ANSWERED, *QUOTES, *_THINGS)))


@dataclass(frozen=True, slots=True)
class Literal:
    """One of them: its words, and what they are."""

    words: str
    taught: bool = False
    pictured: bool = False

    def noun(self, noun: Noun) -> Noun:
        """The noun that a stand-in was read as, in its own words."""
        if self.pictured:
            return replace(noun, phrase=PICTURE, pictured=True)
        return replace(noun, phrase=self.words, taught=self.taught)


@dataclass(slots=True)
class Literals:
    """A text with stand-ins, and what each stands for."""

    text: str
    meant: dict[str, Literal] = field(default_factory=dict)

    def take(self, find: re.Pattern[str], most: int, literal: Literal | None) -> None:
        """Put a stand-in for what an expression finds: the literal, or the words of its group."""
        for _ in range(most):
            found = find.search(self.text)
            if found is None or len(self.meant) == MOST:
                return
            standin = (_THINGS if literal else QUOTES)[len(self.meant)]
            said = next(filter(None, found.groups()), found[0]).strip()
            self.meant[standin] = literal or Literal(said)
            self.text = f"{self.text[: found.start()]} {standin} {self.text[found.end() :]}"

    @property
    def picture(self) -> str | None:
        """The stand-in for the picture, where something points at it."""
        return next((word for word, one in self.meant.items() if one.pictured), None)

    def restored(self, understood: Understood) -> Understood:
        """What was understood, with the words in the place of the stand-ins."""
        if isinstance(understood, Refusal):
            mentions = map(self._noun, understood.mentions)
            return replace(understood, mentions=tuple(mentions))
        thing = understood.thing and self._noun(understood.thing)
        modality = understood.modality
        if thing is not None and thing.pictured:
            modality = modality or "video"
        return replace(
            understood,
            thing=thing,
            modality=modality,
            anchors=tuple(map(self._noun, understood.anchors)),
        )

    def _words(self, standin: str) -> str:
        return self.meant[standin].words if standin in self.meant else standin

    def _noun(self, noun: Noun) -> Noun:
        alone = self.meant.get(noun.phrase)
        if alone is not None:
            return alone.noun(noun)
        if STANDIN.search(noun.phrase) is None:
            return noun
        return replace(noun, phrase=STANDIN.sub(lambda at: self._words(at[0]), noun.phrase))


def literals(text: str, names: Iterable[str] = (), pictured: bool = False) -> Literals:
    """Take quotes, the names and, where there is a picture, what points at it out of a text."""
    taken = Literals(text)
    taken.take(_QUOTED, MOST, None)
    for name in sorted(names, key=len, reverse=True):
        thing = Literal(name.casefold(), taught=True)
        taken.take(_named(name.casefold()), 2, thing)
    if pictured:
        for points in _pointing():
            if taken.picture is None:
                taken.take(points, 1, Literal(PICTURE, pictured=True))
    return taken


@cache
def _words() -> Mapping[str, str]:
    """Determiners of all languages, as alternatives: any, and those that tell whose it is."""
    told = [load(language, "language")["literal"] for language in languages()]
    return {name: any_of(w for one in told for w in one[name].split()) for name in ("whose", "the")}


@cache
def _pointing() -> tuple[re.Pattern[str], ...]:
    told = [load(language, "language")["literal"]["pointing"] for language in languages()]
    return tuple(re.compile(rf"(?i)\b(?:{line})\b") for lines in told for line in lines)


def _named(name: str) -> re.Pattern[str]:
    """The expression of a name: my cup is your cup, and the blue folder may be any blue folder."""
    first, *rest = name.split()
    whose, the = _words()["whose"], _words()["the"]
    if rest and re.fullmatch(whose, first):
        lead, name_words = rf"(?:{whose})\s+", rest
    else:
        known = rest and re.fullmatch(the, first)
        lead, name_words = rf"(?:(?:{whose}|{the})\s+)?", rest if known else [first, *rest]
    body = r"\s+".join(map(_inflected, name_words))
    return re.compile(rf"(?i)(?<!\w){lead}{body}(?!\w)")


def _inflected(word: str) -> str:
    stem = re.sub("(?:er|en|em|es|e|s|n)$", "", word) if len(word) >= _LONG else word
    return rf"(?:{re.escape(word)}|{re.escape(stem)}){_ENDINGS}"
