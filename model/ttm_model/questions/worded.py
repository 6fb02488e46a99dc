"""Questions whose sentences are written out: about words, people, colours and places.

The sentences are data, `worded` in the files of a language's kinds, with what they share in its
`worded.toml`. Reads no times and no clause of another event; knows no memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ttm_model.questions.data import any_of, kinds, load, words
from ttm_model.questions.literal import QUOTES
from ttm_model.questions.patterns import Matched, Patterns
from ttm_model.questions.question import Noun, Question, Side
from ttm_model.questions.window import NOW

_Reads = Callable[[list[str]], Noun | None]
SIDES: tuple[Side, ...] = ("left", "right", "top", "bottom", "middle")


class Worded:
    """The sentences of one language."""

    def __init__(self, language: str, noun: _Reads) -> None:
        """`noun` reads the words of a thing; it gives None where they name none."""
        data = load(language, "worded")
        self._noun = noun
        self._leads = _longest_first(data["leads"])
        self._tails = _longest_first(data["tails"])
        self._present = words(data["present"])
        self._never = words(data["never"])
        self._sides = {word: side for side in SIDES for word in data["sides"][side].split()}
        self._colours = {w: name for name, ws in data["colours"].items() for w in ws.split()}
        closed = {
            "side": any_of(self._sides),
            "colour": any_of(self._colours),
            "quoted": any_of(QUOTES),
            "number": r"\d+",
        }
        self._asked = Patterns(kinds(language), data["macros"], "worded", closed)
        self._clauses = Patterns({"": data}, data["macros"], "clauses", closed)

    def question(self, said: Sequence[str]) -> Question | None:
        """The question that a sentence is, without times and what it hangs on."""
        for matched in self._asked.matches(self._bare(said)):
            question = self._filled(matched)
            if question is not None:
                return question
        return None

    def clause(self, said: Sequence[str]) -> Noun | None:
        """What a clause like "someone said hello" speaks of."""
        for matched in self._clauses.matches(self._bare(said)):
            noun = self._thing(matched)
            if noun is not None:
                return noun
        return None

    def _bare(self, said: Sequence[str]) -> list[str]:
        left = list(said)
        while tail := next((t for t in self._tails if left[-len(t) :] == t != left), None):
            left = left[: -len(tail)]
        return left

    def _filled(self, matched: Matched) -> Question | None:
        slots, says = matched.slots, matched.says
        thing = self._thing(matched)
        side = self._sides[slots["side"][0]] if "side" in slots else None
        other = self._noun(slots["other"]) if "other" in slots else None
        named = slots.keys() & {"words", "quoted", "number", "thing", "colour"}
        missing = (named and thing is None) or ("other" in slots and other is None)
        if missing:
            return None
        return Question(
            matched.kind,
            thing,
            says["sense"],
            () if other is None else (other,),
            NOW if says.get("now") and self._present & set(matched.around) else None,
            side=side,
            negated=says.get("negated", False),
            order=says.get("order"),
        )

    def _thing(self, matched: Matched) -> Noun | None:
        """What a sentence is about; None where it names nothing, or what it cannot be about."""
        slots, says = matched.slots, matched.says
        sense, about = says["sense"], says.get("about")
        if "words" in slots:
            literal = self._literal(slots["words"])
            return Noun(literal, sense) if literal else None
        if "quoted" in slots or "number" in slots:
            return Noun(" ".join(slots.get("quoted") or slots["number"]), sense)
        unread = tuple(says.get("unread", "").split())
        noun = Noun(about, sense, edge=says.get("edge"), unread=unread) if about else None
        if "thing" in slots:
            noun = self._noun(slots["thing"])
            if noun is None or noun.modality not in (None, sense):
                return None
            noun = replace(noun, modality=sense)
        if "colour" not in slots:
            return noun
        thing = noun or Noun("thing", sense)
        if matched.kind != "presence":  # "blue or green": that is what is asked
            return thing
        return replace(thing, phrase=f"{self._colours[slots['colour'][0]]} {thing.phrase}")

    def _literal(self, said: list[str]) -> str:
        """What was said or written, without what only leads to it."""
        while lead := next((x for x in self._leads if said[: len(x)] == x != said), None):
            said = said[len(lead) :]
        return "" if set(said) <= self._never else " ".join(w for w in said if w != ",")


def _longest_first(lines: Sequence[str]) -> list[list[str]]:
    return sorted((line.split() for line in lines), key=len, reverse=True)
