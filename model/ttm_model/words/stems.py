"""Light stems, English and German: "dogs" meets "dog", "Tassen" meets "Tasse". Knows no meaning.

Two words meet if they share a stem. Endings alone are looked at, with lists of the words that only
look inflected; what the lists leave out is told apart, not thrown together.
"""

from __future__ import annotations

from functools import lru_cache

from ttm_model.words.wordlists import word_list, word_pairs

_VOWELS = set("aeiouyäöü")
_MIN = 3  # letters of a stem

_WHOLE = frozenset(word_list("english", "whole"))  # they only look like a form of another word
_IRREGULAR = word_pairs("english", "irregular")
_GERMAN_ENDINGS = word_list("german", "endings")
_UMLAUTS = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "ss"})


@lru_cache(maxsize=16384)
def stems(word: str, language: str) -> frozenset[str]:
    """A word (lower case) and its stems."""
    if not word.isalpha():
        return frozenset((word,))
    return _german(word) if language == "de" else _english(word)


def _english(word: str) -> frozenset[str]:
    if word in _IRREGULAR:
        return frozenset((word, _IRREGULAR[word]))
    found = {word}
    if word in _WHOLE:
        return frozenset(found)
    if word.endswith("ies") and len(word) > 4:
        found |= {word[:-3] + "y", word[:-1]}
    elif word.endswith(("ses", "xes", "zes", "ches", "shes", "oes")):
        found |= {word[:-2], word[:-1]}
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        found.add(word[:-1])
    for ending in ("ing", "ed"):
        if word.endswith(ending):
            found |= _bared(word[: -len(ending)])
    return frozenset(stem for stem in found if len(stem) >= _MIN or stem == word)


def _bared(base: str) -> set[str]:
    """What a verb without its ending may be: "mov" is move, "runn" is run, "carri" is carry."""
    if len(base) < _MIN or not _VOWELS & set(base):
        return set()
    found = {base, base + "e"}
    if base[-1] == base[-2] and base[-1] not in _VOWELS:
        found.add(base[:-1])
    if base.endswith("i"):
        found.add(base[:-1] + "y")
    return found


def _german(word: str) -> frozenset[str]:
    """Without one ending of case or plural and without umlauts: "Bücher" and "Buch" meet."""
    found = {word}
    plain = word.translate(_UMLAUTS)
    for ending in _GERMAN_ENDINGS:
        if plain.endswith(ending) and len(plain) - len(ending) >= _MIN:
            found.add(plain[: -len(ending)])
    return frozenset(found | {plain})
