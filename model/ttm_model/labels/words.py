"""Brings noun phrases to one form, and names to an article; knows no class and no tensor."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

_DETERMINERS = re.compile(
    r"(an?|the|my|your|his|her|its|our|their|this|that|these|those|some|any|another|one|two|three"
    r"|four|five|six|several|many|few|no)"
)
# A phrase's head stands before these: "a cup of tea", "a man with a hat".
_JOINT = re.compile(r"of|with|in|on|at|from|by|for|near|behind|under|beside|that|which|who")
_AMERICAN = {
    "aeroplane": "airplane",
    "aluminium": "aluminum",
    "armour": "armor",
    "axe": "ax",
    "centre": "center",
    "colour": "color",
    "coloured": "colored",
    "doughnut": "donut",
    "grey": "gray",
    "jewellery": "jewelry",
    "jewelled": "jeweled",
    "moustache": "mustache",
    "mould": "mold",
    "plough": "plow",
    "pyjamas": "pajamas",
    "pyjama": "pajama",
    "sceptre": "scepter",
    "sulphur": "sulfur",
    "theatre": "theater",
    "tyre": "tire",
    "tyres": "tires",
    "yoghurt": "yogurt",
}
# Plurals and substances take no article.
_BARE = re.compile(
    r"(sun)?glasses|binoculars|jeans|pajamas|trousers|pants|shorts|trunks|scissors|pliers|tights"
    r"|armor|carbonara|clogs|consomme|corn|dough|espresso|guacamole|hay|jewelry|lumber|mail|meat"
    r"|paper|parallel bars|sand|soup|spaghetti|swimming trunks|velvet|wine|wool"
)
_VOWEL_SOUNDS = ("hour", "honest", "heir")
_CONSONANT_SOUNDS = ("uni", "use", "usu", "euro", "ewe", "one", "ukulele", "eu")


def normalise(phrase: str) -> tuple[str, ...]:
    """Lower-case words in American spelling, without accents, punctuation and determiners."""
    plain = unicodedata.normalize("NFKD", phrase).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"'s\b|s'(?=\s)", "", plain.replace("'o'", " o "))
    words = [_AMERICAN.get(w, w) for w in re.findall(r"[a-z0-9]+", plain)]
    while words and _DETERMINERS.fullmatch(words[0]):
        words.pop(0)
    return tuple(words)


def singulars(word: str, irregular: Mapping[str, str]) -> Iterator[str]:
    """Yield the word, then what it may be the plural of, the likeliest first."""
    yield word
    if word in irregular:
        yield irregular[word]
    if len(word) > 3 and word.endswith("ies"):
        yield word[:-3] + "y"
    if len(word) > 3 and word.endswith("men"):
        yield word[:-3] + "man"
    if len(word) > 4 and word.endswith("ves"):
        yield word[:-3] + "f"
        yield word[:-3] + "fe"
    if len(word) > 3 and word.endswith(("ses", "xes", "zes", "ches", "shes", "oes")):
        yield word[:-2]
    if len(word) > 2 and word.endswith("s") and not word.endswith("ss"):
        yield word[:-1]


def heads(words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
    """Yield the phrase, then shorter ones that keep its head, each with how many words it lost.

    "big dog with a ball" -> itself, "big dog", "dog".
    """
    yield words, 0
    cut = next((i for i, w in enumerate(words) if i > 0 and _JOINT.fullmatch(w)), len(words))
    for start in range(cut):
        kept = words[start:cut]
        if kept != words:
            yield kept, len(words) - len(kept)


def with_article(name: str) -> str:
    """Return "a tabby cat", "an ostrich", "sunglasses", "guacamole"."""
    low = name.lower()
    if _BARE.fullmatch(low) or _BARE.fullmatch(low.rsplit(" ", 1)[-1]):
        return name
    vowel = low[:1] in "aeiou" and not low.startswith(_CONSONANT_SOUNDS)
    return f"{'an' if vowel or low.startswith(_VOWEL_SOUNDS) else 'a'} {name}"
