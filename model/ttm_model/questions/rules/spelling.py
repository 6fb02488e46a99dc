"""Repairs typing slips in function words, verbs and words of sound. It knows no other things.

A thing asked about may have any name, so that no rule touches it, and no rule touches a word that
the text model's vocabulary knows; only two shapes that are no English word, of words for sounds,
are read as what they nearly are: "barkd", "brak", "bel".
"""

from __future__ import annotations

from rapidfuzz.distance import OSA

from ttm_model.questions.data import load, words
from ttm_model.questions.rules.lexicon import (
    ADVERBS,
    AUX,
    CONNECTIVES,
    DETERMINERS,
    LANGUAGE,
    PERCEIVE_WORDS,
    PRONOUNS,
    REPAIRABLE,
    UNITS,
    WH,
)
from ttm_model.questions.rules.soundwords import (
    INSTRUMENTS,
    SELF_SOUNDING,
    SOUND_NOUNS,
    SOUND_VERBS,
)
from ttm_model.questions.vocabulary import real_words

_DATA = load(LANGUAGE, "spelling")
_SLIPS: dict[str, str] = _DATA["slips"]
_NOT_SOUNDS = words(_DATA["not_sounds"])
_VOCABULARY = tuple(sorted(REPAIRABLE))
_LONG_CONNECTIVES = tuple(w for w in CONNECTIVES if len(w) >= 5)
_UNITS = tuple(u for u in UNITS if len(u) > 3)
_AMOUNTS = words(_DATA["before_units"])
_FRAME = AUX | PRONOUNS | WH | CONNECTIVES.keys() | DETERMINERS | words(_DATA["framing"])
_ENDS_NAME = AUX | PRONOUNS | CONNECTIVES.keys() | ADVERBS | {","}
_BARE_WORDS = 4


def _sound_slips() -> dict[str, str]:
    """Swapped neighbours, a lost twin at the end and a lost "e" of the words for sounds."""
    known = SOUND_VERBS.keys() | SELF_SOUNDING | SOUND_NOUNS | INSTRUMENTS
    slips: dict[str, str] = dict(_DATA["sound_slips"])
    for word in sorted(w for w in known if len(w) >= 4):
        shapes = {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(1, len(word) - 1)}
        if word[-1] == word[-2]:
            shapes.add(word[:-1])
        if word.endswith("ed") and word[-3] not in "aeiou":
            shapes.add(word[:-2] + "d")
        for shape in shapes - known - _NOT_SOUNDS - real_words() - REPAIRABLE:
            slips.setdefault(shape, word)
    return slips


_SOUND_SLIPS = _sound_slips()


def _nearest(word: str, vocabulary: tuple[str, ...]) -> str | None:
    """The word of the vocabulary that is nearest, within one or (from 8 letters on) two slips."""
    if len(word) < 4 or word in real_words():
        return None
    limit = 2 if len(word) >= 8 else 1
    best, found = limit + 1, None
    for known in vocabulary:
        same_start = known[0] == word[0] or (known[0] == word[1] and known[1:2] == word[0])
        if len(known) < 3 or not same_start:
            continue
        distance = OSA.distance(word, known, score_cutoff=limit)
        if distance < best:
            best, found = distance, known
    return found


def respell(words: list[str]) -> list[str]:
    """Correct slips in the frame of a question, word by word.

    A word counts as part of the thing asked about, and is left alone, after a determiner or
    directly after a verb of seeing and hearing; there only a connective before a determiner
    ("a cat befor the dog") and a unit after a number are corrected.
    """
    if len(words) <= _BARE_WORDS and not _FRAME & set(words) and not _SLIPS.keys() & set(words):
        return list(words)  # a bare name: "sewing machine?"
    out: list[str] = []
    in_name = False
    for i, word in enumerate(words):
        following = words[i + 1] if i + 1 < len(words) else ""
        fixed = word
        if word not in REPAIRABLE and not word[0].isdigit() and len(words) > 1:
            fixed = _fixed(word, out[-1] if out else "", following, in_name)
        out.append(fixed)
        pointed = fixed == "that" and i > 0 and words[i - 1] in AUX
        if pointed or fixed in DETERMINERS or fixed in PERCEIVE_WORDS:
            in_name = True
        elif fixed in _ENDS_NAME:
            in_name = False
    return out


def _fixed(word: str, previous: str, following: str, in_name: bool) -> str:
    if word in _SOUND_SLIPS:
        return _SOUND_SLIPS[word]
    if previous and (previous[0].isdigit() or previous in _AMOUNTS):
        return _nearest(word, _UNITS) or word
    if in_name:
        joins = previous not in DETERMINERS and following in DETERMINERS | PRONOUNS
        return (_nearest(word, _LONG_CONNECTIVES) if joins else None) or word
    if word in _SLIPS:
        return _of_short(word, previous, following)
    return _nearest(word, _VOCABULARY) or word


def _of_short(word: str, previous: str, following: str) -> str:
    """A short slip; one that is a word of its own only where a question's frame shows it."""
    if word == "c":
        return _SLIPS[word] if previous == "you" else word
    if word == "hwo":
        return "how" if following[:2] in {"ma", "mn", "of", "lo", "lng"} else "who"
    opens = not previous and (following in AUX or following not in real_words())
    framed = word not in real_words() or opens or previous in PRONOUNS or previous in WH
    return _SLIPS[word] if framed and following else word
