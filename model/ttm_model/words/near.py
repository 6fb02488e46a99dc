"""Whether one word may be another one misheard or misread. Knows single words, and no meaning.

A recogniser writes "Katherine" for "Catherine" and "metronom" for "metronome", but "cut" is no
misheard "cat" that anyone could tell from a cut. So short words and numbers are never near, and
two words that both are in the dictionary are near only where they also sound the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from rapidfuzz.distance import OSA

LETTERS = 5  # shorter words match exactly or not at all
LIKE = 0.8  # share of letters that two spellings have in common
SOUNDS_LIKE = 0.85  # the same, of two words that the dictionary has

_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_SOUNDS = (
    (re.compile(r"ph"), "f"),
    (re.compile(r"^(?:kn|gn|pn)"), "n"),
    (re.compile(r"^wr"), "r"),
    (re.compile(r"gh(?=t|$)"), ""),
    (re.compile(r"ck|c(?![eiyh])|q"), "k"),
    (re.compile(r"c(?=[eiy])"), "s"),
    (re.compile(r"x"), "ks"),
    (re.compile(r"th"), "t"),
    (re.compile(r"[yj]"), "i"),
    (re.compile(r"z"), "s"),
    (re.compile(r"(?<=.)h"), ""),
    (re.compile(r"(?:ee|ea|ie|ei)"), "i"),
    (re.compile(r"(?:ou|oo|ew)"), "u"),
    (re.compile(r"(?<=[^aeiou])e$"), ""),
    (re.compile(r"(.)\1"), r"\1"),
)


def near(wanted: str, heard: str, knows: Callable[[str], bool]) -> float:
    """0 where they are different words, else how alike they are, above `LIKE`, up to 1."""
    if min(len(wanted), len(heard)) < LETTERS or not (wanted.isalpha() and heard.isalpha()):
        return 0.0
    spelt = OSA.normalized_similarity(wanted, heard, score_cutoff=LIKE / 2)
    sounding = OSA.normalized_similarity(sound(wanted), sound(heard), score_cutoff=LIKE)
    if knows(wanted) and knows(heard):
        return sounding if sounding >= SOUNDS_LIKE and spelt >= LIKE / 2 else 0.0
    alike = max(spelt, sounding)
    return alike if alike >= LIKE else 0.0


@lru_cache(maxsize=8192)
def sound(word: str) -> str:
    """A word by how it may sound in English: "kathryn" is "katrin", and so is "catrin"."""
    word = word.translate(_SPELT_OUT)
    for pattern, by in _SOUNDS:
        word = pattern.sub(by, word)
    return word
