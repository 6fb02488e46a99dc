"""Raw words to the thing asked about: a short noun phrase and what its words say of modality."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from ttm_model.questions.data import load, phrases, words
from ttm_model.questions.question import Modality, Order
from ttm_model.questions.rules.lexicon import (
    ADJECTIVES,
    DETERMINERS,
    GENERIC,
    JOINTS,
    LANGUAGE,
    PEOPLE,
    PERCEPTION,
    PRONOUNS,
    STARTS,
    STOPS,
)
from ttm_model.questions.rules.nouns import singular
from ttm_model.questions.rules.predicates import without_predicates
from ttm_model.questions.rules.soundwords import (
    BASE_FORMS,
    DONE_TO,
    INSTRUMENTS,
    SELF_SOUNDING,
    SOUND_VERBS,
    is_sound_noun,
)

_DATA = load(LANGUAGE, "phrases")
_LEADING = DETERMINERS | words(_DATA["leading"])
_LEADING_PAIRS = phrases(_DATA["leading_pairs"])
_SOUND_OF = words(_DATA["sound_of"])
_PICTURE_OF = words(_DATA["picture_of"])
_COPULAS = words(_DATA["copulas"])
_DROPPED = words(_DATA["dropped"])
_WEATHER: dict[str, str] = _DATA["weather"]
_AFTER_SOUND = words(_DATA["after_sound"])
_EMPTY = words(_DATA["empty"])
_PLAY = words(_DATA["play"])
_MOTION = words(_DATA["motion"])
_NEUTRAL = words(_DATA["neutral"])
_DEFINITE = words(_DATA["definite"])
_SOMEONE = words(_DATA["someone"])
_REPEATED = re.compile(_DATA["repeated"])
_VERB_ENDINGS = ("ed", "ing")


@dataclass(frozen=True, slots=True)
class Thing:
    """A noun phrase (None where the words name nothing) and what its words tell."""

    phrase: str | None
    modality: Modality | None = None
    order: Order | None = None
    repeated: bool = False
    unread: tuple[str, ...] = ()  # what follows a sound and says how, where or why
    did: bool = False  # words said that it moved, not only that it was there


@dataclass(frozen=True, slots=True)
class _Read:
    """The words of a thing without what follows it, and what was told on the way."""

    words: list[str]
    modality: Modality | None
    clausal: bool


def _trim_start(words: list[str]) -> list[str]:
    while words:
        paired = words[0] in ("a", "an", "any", "the", "some") and len(words) > 2
        if paired and (words[1], words[2]) in _LEADING_PAIRS:
            words = words[3:]
        elif tuple(words[:2]) in _LEADING_PAIRS and len(words) > 2:
            words = words[2:]
        elif words[0] in _LEADING or words[0] == ",":
            words = words[1:]
        else:
            break
    return words


def _cut_relative(words: list[str]) -> tuple[list[str], Modality | None]:
    """Drop "that you saw", "(which) I showed you", with the modality its verb tells."""
    for i in range(1, len(words)):
        subject = words[i] in PRONOUNS and words[i] not in ("it", "there", "me", "him", "us")
        if not subject:
            continue
        rest = [w for w in words[i + 1 :] if w not in ("have", "had", "just", "were", "was", "did")]
        verb = next((tuple(rest[:n]) for n in (2, 1) if tuple(rest[:n]) in PERCEPTION), None)
        if verb:
            end = i - (words[i - 1] in ("that", "which", "who") and i > 1)
            return words[:end], PERCEPTION[verb]
    return words, None


def _clean(words: list[str]) -> str | None:
    kept = [w for w in _trim_start(words) if w not in _DROPPED]
    if not kept:
        return None
    kept[-1] = _WEATHER.get(kept[-1]) or singular(kept[-1])
    return " ".join(kept)


def _maker(words: list[str]) -> list[str]:
    """Subject of a sound verb without determiners and copulas; people in general are dropped."""
    kept = [w for w in _trim_start(words) if w not in _COPULAS | _DROPPED | DETERMINERS]
    if not kept or all(w in PEOPLE or w in GENERIC for w in kept):
        return []
    return [] if kept[0] in _SOMEONE else kept


def _verb_at(read: _Read) -> int | None:
    """Index of the sound verb in the words, if one acts as a verb there."""
    for i in range(len(read.words) - 1, -1, -1):
        if read.words[i] in SOUND_VERBS and _acts(read, i):
            return i
    return None


def _acts(read: _Read, i: int) -> bool:
    """Whether the sound verb at i is a verb there, not a part of a name."""
    words, w = read.words, read.words[i]
    verb, inflected = SOUND_VERBS[w], w not in BASE_FORMS
    named_on = words[i + 1 : i + 2] and words[i + 1] not in _AFTER_SOUND
    if i == 0:
        if not inflected and named_on:  # "a crash helmet", but "(did I) clap my hands"
            return read.clausal and words[1] in _DEFINITE
        return inflected or not verb.noun_like or read.clausal
    if words[i - 1] in DETERMINERS or (not inflected and not read.clausal and named_on):
        return False  # "a bicycle bell stand"
    plain = (inflected and not w.endswith("s")) or not (verb.noun_like or read.modality == "video")
    return read.clausal or read.modality == "audio" or plain


def _moved(words: list[str], i: int) -> list[str]:
    """What is made to sound by the verb at i: "(someone) rang *the doorbell*"."""
    if words[i + 1 : i + 2] and words[i + 1] in _DEFINITE:
        return [w for w in words[i + 2 :] if w not in DETERMINERS]
    return []


def _made_by(words: list[str], i: int) -> list[str]:
    """What makes the sound of the verb at i, where the words after it tell."""
    alone = SOUND_VERBS[words[i]].alone
    moved = _moved(words, i)
    if moved and alone in DONE_TO and len(moved) <= 2:
        return moved  # "(someone) slammed the door"
    after = [w for w in words[i + 1 :] if w not in DETERMINERS and w not in ("of", "by", "from")]
    if alone == "knock" and after and after[0] in ("at", "on") and "door" in after:
        return ["door"]
    of = words[i + 1 : i + 2] in (["of"], ["by"], ["from"])
    return _maker(words[i + 2 :]) if of else []


def _sound(words: list[str], i: int, heard: Modality | None) -> Thing:
    """Name a sound from its verb at i and its maker before (or after "of") it."""
    verb = SOUND_VERBS[words[i]]
    maker = _maker(words[:i])
    moved = _moved(words, i)
    if not maker and moved and singular(moved[-1]) in SELF_SOUNDING | INSTRUMENTS:
        return Thing(_clean(moved), "audio")  # "(someone) rang the doorbell"
    made_by = [] if maker else _made_by(words, i)
    unread = () if made_by else _beyond(words[i + 1 :])
    maker = [] if maker == [verb.alone] else maker or made_by  # "how long did (the speech) speak"
    order: Order | None = None
    if any(w in STOPS for w in words[:i]):
        order = "last"
    elif any(w in STARTS for w in words[:i]):
        order = "first"
    if heard == "video" and maker:
        return Thing(_clean(maker), "video", order, unread=unread)
    if not maker:
        return Thing(verb.alone, heard or "audio", order, unread=unread)
    named = [*maker[:-1], singular(maker[-1])]
    if named[-1] not in SELF_SOUNDING:
        named.append(verb.after)
    return Thing(" ".join(named), "audio", order, unread=unread)


def _beyond(words: list[str]) -> tuple[str, ...]:
    """What stands behind a sound and is more than memory keeps: "angrily", "in the garden"."""
    told = [w for w in words if w not in DETERMINERS | PRONOUNS | _NEUTRAL]
    return tuple(told) if set(told) - JOINTS else ()


def _cut_number(words: list[str]) -> tuple[list[str], bool]:
    """Drop "twice", "more than three times" from the end, and say whether it stood there."""
    text = " ".join(words)
    found = _REPEATED.search(text)
    return (text[: found.start()].split(), True) if found else (words, False)


def thing(words: list[str], *, clausal: bool = False, heard: Modality | None = None) -> Thing:
    """Read the thing asked about.

    `clausal`: the words are subject and verb ("the dog bark"), not a noun phrase ("a gold ring").
    `heard`: the modality the question's own verb told.
    """
    words, told = _cut_relative(list(words))
    words, repeated = _cut_number(words)
    whole, (words, ended, order) = words, without_predicates(words)
    did = bool(_MOTION & set(whole[len(words) :]))
    modality = heard or told or ended
    words = _trim_start(words)
    if not words:
        return Thing(None, modality, order, repeated)
    read = _Read(words, modality, clausal)
    found = next((f for f in (rule(read) for rule in _RULES) if f is not None), None)
    if found is None:
        found = _plain(read, order)
    return replace(found, order=order or found.order, repeated=repeated, did=did)


def _one_person(read: _Read) -> Thing | None:
    if len(read.words) == 1 and read.words[0] in PEOPLE - {"i", "you", "we", "me"}:
        return _person(read)
    return None


def _person(read: _Read) -> Thing:
    return Thing("speech" if read.modality == "audio" else "person", read.modality)


def _sound_or_picture_of(read: _Read) -> Thing | None:
    """Read "the sound of a dog", "a photo of a fox"."""
    of = read.words.index("of") if "of" in read.words[1:-1] else None
    if of is None or of > 2 or read.words[of - 1] not in _SOUND_OF | _PICTURE_OF:
        return None
    sense: Modality = "audio" if read.words[of - 1] in _SOUND_OF else "video"
    inner = thing(read.words[of + 1 :], heard=sense)
    return Thing(inner.phrase, inner.modality)


def _played(read: _Read) -> Thing | None:
    """Read "someone playing the guitar", "music was playing"."""
    at = next((i for i, w in enumerate(read.words) if w in _PLAY), None)
    if at is None:
        return None
    after = [w for w in read.words[at + 1 :] if w not in _LEADING]
    before = _maker(read.words[:at])
    played = None
    if after and (before == [] or after[-1].rstrip("s") in INSTRUMENTS | SELF_SOUNDING):
        played = after
    elif before:
        head = singular(before[-1])
        played = before if head in INSTRUMENTS | SELF_SOUNDING or is_sound_noun(head) else None
    if played is None:
        return None
    sense: Modality = "video" if read.modality == "video" else "audio"
    return Thing(_clean(played), sense, unread=() if played is after else _beyond(after))


def _sounding_end(read: _Read) -> Thing | None:
    """Whatever a siren did, it sounded: "the siren wailed"."""
    words = read.words
    if len(words) < 2 or read.modality == "video" or singular(words[-2]) not in SELF_SOUNDING:
        return None
    unknown = words[-1].endswith(_VERB_ENDINGS) and words[-1] not in SOUND_VERBS
    return Thing(_clean(words[:-1]), "audio") if unknown else None


def _sounding(read: _Read) -> Thing | None:
    at = _verb_at(read)
    return None if at is None else _sound(read.words, at, read.modality)


def _noise_of_maker(read: _Read) -> Thing | None:
    """Read "a dog sound", but not "a loud noise"."""
    words = read.words
    described = all(w in ADJECTIVES or w in _EMPTY for w in words[:-1])
    if words[-1] not in _SOUND_OF or len(words) < 2 or described or not _maker(words[:-1]):
        return None
    return Thing(thing(words[:-1], heard="audio").phrase, "audio")


def _anything(read: _Read) -> Thing | None:
    """Words for anything at all name nothing, but may tell the sense."""
    words = read.words
    if not all(w in GENERIC or w in _EMPTY for w in words) or not set(words) & GENERIC.keys():
        return None
    hint = next((GENERIC[w] for w in words if GENERIC.get(w)), None)
    return Thing(None, read.modality or hint or ("audio" if set(words) & _PLAY else None))


def _people(read: _Read) -> Thing | None:
    return _person(read) if all(w in PEOPLE or w in ("else", "other") for w in read.words) else None


_RULES: tuple[Callable[[_Read], Thing | None], ...] = (
    _one_person,
    _sound_or_picture_of,
    _played,
    _sounding_end,
    _sounding,
    _noise_of_maker,
    _anything,
    _people,
)


def _plain(read: _Read, order: Order | None) -> Thing:
    words = read.words
    if order is None and (STARTS | STOPS) & set(words[:-1]):
        order = "last" if STOPS & set(words[:-1]) else "first"  # "(it) stopped raining"
    words = [w for w in words if w not in _COPULAS] or words
    if words[0] in PEOPLE:
        words = ["person", *words[1:]]
    phrase = _clean(words)
    modality = read.modality
    if phrase and modality is None and is_sound_noun(phrase):
        modality = "audio"
    return Thing(phrase, modality, order)
