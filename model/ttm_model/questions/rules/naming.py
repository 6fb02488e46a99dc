"""From a clause to the thing that it names, or to the reason why it names none."""

from __future__ import annotations

from ttm_model.questions.question import Modality, Noun, Order, Question, Refusal
from ttm_model.questions.rules.clause import Clause
from ttm_model.questions.rules.guard import names_a_thing
from ttm_model.questions.rules.lexicon import (
    ADJECTIVES,
    COLOURS,
    DETERMINERS,
    GENERIC,
    JOINTS,
    PEOPLE,
    POINTING,
    PRONOUNS,
    STARTS,
    STOPS,
    UNNAMED,
    WEATHER,
)
from ttm_model.questions.rules.phrases import Thing
from ttm_model.questions.rules.predicates import without_predicates
from ttm_model.questions.rules.soundwords import SOUND_VERBS


def named(clause: Clause, words: list[str]) -> Thing | Refusal:
    """Name the thing of a clause, or refuse where it names none.

    A thing without a phrase is anything at all.
    """
    it = clause.thing()
    subject = words[: len(words) - len(clause.rest)]
    unnamed = UNNAMED & set(subject) and not WEATHER & set(words)
    if unnamed and not clause.perceived and not clause.existential:
        return Refusal("REFERENCE")
    if it.phrase is not None:
        return Refusal("ACTION") if _acts(clause, it, words) else it
    return _unnamed(clause, it, words)


def _acts(clause: Clause, it: Thing, words: list[str]) -> bool:
    """Whether it asks for something that was done: "did the dog bite the man"."""
    if clause.perceived or clause.existential:  # "did you see the dog chase the cat"
        return _acts_on(clause.rest) and not any(
            w[-3:] == "ing" or w in PRONOUNS for w in clause.rest
        )
    owns = {"have", "had"} & set(words) and clause.rest[0] in DETERMINERS  # "did I have a cup"
    return bool(clause.personal and _does(clause, it) and not owns) or _acts_on(clause.rest)


def _unnamed(clause: Clause, it: Thing, words: list[str]) -> Thing | Refusal:
    if words and (words[-1] in POINTING or (POINTING & set(words) and not clause.rest)):
        return Refusal("REFERENCE")
    if any(w in GENERIC for w in clause.rest):
        return it
    if words[-1:] in (["me"], ["myself"], ["us"]) and clause.perceived:
        return Thing("speech" if clause.modality == "audio" else "person", clause.modality)
    if clause.rest and clause.personal and "you" not in words:
        return Thing("person", it.modality)
    return Refusal("REFERENCE" if words else "NOT_A_QUESTION")


def _acts_on(words: tuple[str, ...]) -> bool:
    """Whether something is done to a second thing: "(did) the dog bite the man"."""
    sounding = not words or words[0] in PEOPLE or words[0] in SOUND_VERBS
    if sounding or any(w.startswith("play") for w in words):
        return False
    words = tuple(without_predicates(list(words))[0])
    for i in range(2, len(words)):
        if words[i] in ("the", "a", "an", "my", "your", "his", "her"):
            return words[i - 1] not in JOINTS and i > 1 + (words[0] in DETERMINERS)
    return False


def _does(clause: Clause, it: Thing) -> bool:
    """Whether someone did something other than sounding: "did you eat a pizza"."""
    verb = next((w for w in clause.rest if w not in STARTS | STOPS), "")
    return it.modality != "audio" or not (verb in SOUND_VERBS or verb.startswith("play"))


def noun(it: Thing, modality: Modality | None = None, order: Order | None = None) -> Noun | None:
    """The thing as a slot of a question; None where it is anything at all."""
    if it.phrase is None:
        return None
    return Noun(it.phrase, modality or it.modality, order or it.order, unread=it.unread, did=it.did)


def _alike(one: Noun, other: Noun) -> bool:
    """Whether only qualities tell two things apart."""
    first, second = set(one.phrase.split()), set(other.phrase.split())
    return first != second and first ^ second <= ADJECTIVES - COLOURS


def checked(question: Question) -> Question | Refusal:
    """Refuse a reading that leaves words over inside a name: better none than a wrong one."""
    if question.thing and any(_alike(question.thing, anchor) for anchor in question.anchors):
        return Refusal("ATTRIBUTE")  # "the red car or the blue car"
    for slot in (question.thing, *question.anchors):
        words = slot is not None and slot.modality in ("speech", "text")  # which may be any
        if slot is not None and not words and not names_a_thing(slot.phrase):
            return Refusal("NOT_UNDERSTOOD")
    return question
