"""Tells what names are about from what only describes them. Knows words, not meanings.

"fire truck" and "fire" share a word, but one is a truck: likeness of their texts is likeness of a
modifier, which must not answer for the thing itself. Nor must "ambulance" for an ambulance driver.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from ttm_model.labels.words import head_of, normalise, singulars

_SHORTEST = 4  # letters of a word from which others are made


class Heads:
    """The head nouns and the other words of every class's names."""

    def __init__(self, names: Sequence[Sequence[str]]) -> None:
        """`names`: for each class its name and synonyms."""
        self._by_word: dict[str, set[int]] = defaultdict(set)  # classes by a word that describes
        self._by_head: dict[str, set[int]] = defaultdict(set)  # classes by what they are
        self._bare: dict[str, set[int]] = defaultdict(set)  # by what they are simply called
        for at, texts in enumerate(names):
            for words in map(normalise, texts):
                head = _stem(head_of(words))
                self._by_head[head].add(at)
                if len(words) == 1:
                    self._bare[head].add(at)
                for word in words:
                    if _stem(word) != head:
                        self._by_word[_stem(word)].add(at)

    def misled(self, phrase: str) -> list[int]:
        """The classes that share a word with the phrase without it being what both are about."""
        words = normalise(phrase)
        head = _stem(head_of(words))
        found = set(self._by_word.get(head, ()))
        for word in words:
            if _stem(word) != head:
                found |= self._by_head.get(_stem(word), set())
        for other, classes in self._by_head.items():
            if _derived(head, other):
                found |= classes
        return sorted(found - self._bare.get(head, set()))


def _derived(word: str, other: str) -> bool:
    """Whether one word is made from the other: toast is no toaster, a violinist no violin."""
    short, long = sorted((word, other), key=len)
    return len(short) >= _SHORTEST and short != long and long.startswith(short)


def _stem(word: str) -> str:
    """The word's likeliest singular, for comparing only."""
    return min(singulars(word, {}), key=len) if word else ""
