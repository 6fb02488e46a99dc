"""One clause of a question: who perceives, by which sense, and the words of the thing itself."""

from __future__ import annotations

from dataclasses import dataclass

from ttm_model.questions.data import load, words
from ttm_model.questions.question import Modality
from ttm_model.questions.rules.lexicon import (
    ADVERBS,
    AUX,
    DETERMINERS,
    LANGUAGE,
    NEGATIONS,
    PERCEPTION,
    PRONOUNS,
)
from ttm_model.questions.rules.phrases import Thing, thing

_DATA = load(LANGUAGE, "clause")
_DO = words(_DATA["do"])
_BE = words(_DATA["be"])
_PRESENT = words(_DATA["present"])
_PERSONAL = words(_DATA["personal"])
_PLAIN = words(_DATA["plain"])
_STATIVE = words(_DATA["stative"])
_NEEDS_OBJECT = tuple(_DATA["needs_object"])
_AFTER_VERB = DETERMINERS | PRONOUNS | AUX | {"to", "that", "what", ","}
_LINKING = words(_DATA["linking"])
_SUBJECTS = PRONOUNS | {"that", "which", "who"}


@dataclass(frozen=True, slots=True)
class Clause:
    """What was read off a clause; `rest` are the words of the thing, still raw."""

    rest: tuple[str, ...]
    modality: Modality | None
    perceived: bool
    negated: bool
    existential: bool
    present: bool
    clausal: bool  # subject and verb follow a "did": "the dog bark"
    personal: bool  # "you", "I" … was the subject

    def thing(self) -> Thing:
        """Name the thing of this clause."""
        return thing(list(self.rest), clausal=self.clausal, heard=self.modality)


def _perception(words: list[str], i: int, asked: bool) -> tuple[Modality | None, int] | None:
    """Read a verb of perception at i; `asked`: someone who perceives was named before it."""
    if len(words) == 1:
        return None  # "watch?"
    following = words[i + 1 : i + 2]
    adjective = following and following[0] not in _AFTER_VERB and words[i] not in _PLAIN
    if adjective and not asked and (words[i],) in PERCEPTION and len(words) == i + 2:
        return None  # "spotted salamander?"
    for n in (4, 3, 2, 1):
        key = tuple(words[i : i + n])
        if len(key) == n and key in PERCEPTION:
            return (
                (PERCEPTION[key], i + n) if asked or not key[0].startswith(_NEEDS_OBJECT) else None
            )
    return None


@dataclass(slots=True)
class _Front:
    """Reads auxiliaries, subjects and verbs of perception off the front of a clause."""

    words: list[str]
    i: int = 0
    modality: Modality | None = None
    perceived: bool = False
    negated: bool = False
    existential: bool = False
    present: bool = False
    subject: bool = False
    be: bool = False
    do: bool = False

    def run(self) -> None:
        while self.i < len(self.words) and (self._verb() if self._verb_here() else self._word()):
            pass

    def _verb_here(self) -> bool:
        return _perception(self.words, self.i, self.subject) is not None

    def _verb(self) -> bool:
        """Take the verb of perception; False where it already belongs to the thing."""
        found = _perception(self.words, self.i, self.subject)
        assert found is not None
        modality, end = found
        if self.perceived and self.words[self.i - 1] not in _LINKING:
            follows = self.words[end : end + 1]
            if follows and follows[0] not in _AFTER_VERB:
                return False  # "did you hear spotted owls"
        word, before = self.words[self.i], set(self.words[: self.i])
        timeless = not self.negated and word in _STATIVE and bool(before & _PRESENT)
        self.present = (
            self.present or timeless or (word in ("seeing", "hearing") and "are" in before)
        )
        self.modality = self.modality or modality
        self.perceived = True
        self.i = end
        return True

    def _word(self) -> bool:
        """Take one word that is no part of the thing; False where the thing begins."""
        w, following = self.words[self.i], self.words[self.i + 1 : self.i + 2]
        relative = w in ("that", "which") and not self.perceived and not self.i
        if w in NEGATIONS:
            self.negated = True
        elif w in AUX:
            self.do = self.do or w in _DO
            self.be = self.be or w in _BE
        elif w == "there":
            self.existential = (
                self.existential or self.be or bool(following and following[0] in AUX)
            )
        elif w in _SUBJECTS and not relative:
            self.subject = True
        elif w in ("the", "your") and following in (["camera"], ["microphone"], ["mic"]):
            if _perception(self.words, self.i + 2, True) is None:
                return False
            self.subject = True
            self.modality = "video" if following == ["camera"] else "audio"
            self.i += 1
        elif w not in ADVERBS and w != ",":
            return False
        self.i += 1
        return True


def read_clause(words: list[str]) -> Clause:
    """Strip auxiliaries, pronouns and verbs of perception off the front; the thing remains."""
    front = _Front(words)
    front.run()
    head, rest = set(words[: front.i]), words[front.i :]
    present = front.present or words[:1] in (["is"], ["are"])
    present = (present or (front.existential and bool({"is", "are"} & head))) and "been" not in head
    negated = front.negated or rest[:1] == ["no"]
    if "not" in rest or "never" in rest:
        negated = True
        rest = [w for w in rest if w not in ("not", "never")]
    return Clause(
        rest=tuple(rest),
        modality=front.modality,
        perceived=front.perceived,
        negated=negated,
        existential=front.existential,
        present=present,
        clausal=front.do and not front.perceived and not front.existential,
        personal=bool(_PERSONAL & head),
    )
