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
# Substances and activities take no article, nor do plurals without a singular.
_BARE_WORDS = (
    "applause armor birdsong bread broth butter carbonara cereal cheese chatter chocolate "
    "clothing clutter coffee consomme corn cream cutlery debris dough equipment espresso "
    "flour food foliage footage fruit furniture glassware gold grass gravel guacamole hail "
    "hay heat homework honey ice ink jam jewelry juice laughter lightning luggage lumber "
    "machinery mail meat milk mist money mud music oil paper pasta percussion pork rain rice "
    "rubbish salt sand scenery shouting silence silverware smoke snow soap soup spaghetti "
    "speech static steam stuff sugar sunlight sunshine tea thunder traffic trash underwear "
    "velvet vinegar water weather wind wine wood wool writing binoculars clogs glasses "
    "goggles headphones jeans pajamas pants people pliers scissors shorts sunglasses tights "
    "tongs trousers trunks men women children mice geese feet teeth chess tennis golf news "
)
_BARE = frozenset(_BARE_WORDS.split())
_UNNAMED = re.compile(r"(?:some|any|every|no)(?:one|body|thing)")  # "something red"
_TAKEN = re.compile(
    rf"(?:{_DETERMINERS.pattern}|a lot|lots|each|every|\d+|seven|eight|nine|ten|twelve|both|all)"
    r"(?=\s+[^\s])(?! ball)"
)
# Ends of a word that only look like a plural's or an activity's.
_ONE_THING_S = re.compile(
    r".*(?:ss|us|is|[^aeiou]{2}as)|lens|gas|bus|atlas|canvas|pancreas|cosmos|rhinoceros|triceratops"
    r"|christmas|albatross|series|species|bras|thermos|mantis|asparagus|biceps|yes"
)
_ONE_THING_WORDS = (
    "awning bearing being building bullring ceiling clearing crossing darling drawing "
    "duckling dumpling dwelling earring evening fling gosling herring king landing lining "
    "meeting morning offspring opening painting ping pudding railing ring sapling sibling "
    "sling spring starling sting string swing thing viking wedding wing ding brambling "
    "bunting lacewing stocking "
)
_ONE_THING_ING = frozenset(_ONE_THING_WORDS.split())
_AN_SOUND = re.compile(
    r"(?:8|11|18)(?!\d)|hour|honest|hono[u]?r|heir"
    r"|[fhlmnrsx](?:[^a-z]|$)"  # "x-ray", "f 16": letters that are said with a vowel first
    r"|(?:fm|mp3|mri|lp|led|lcd|rv|sos|suv|xray|nba|mp|rpg|sms|html)(?:[^a-z]|$)"
    r"|(?!uni(?![nm]|d(?!i))|us[aeiu]|ut[aei][^r]|u(?:[^a-z]|$)|uv|ur[aeiou]|uk|eu|ewe|one|once|ouija)"
    r"[aeiou]"
)


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


def head_of(words: tuple[str, ...]) -> str:
    """Return the noun that the others describe: "cup" of "red cup of coffee"; "" of nothing."""
    cut = next((i for i, w in enumerate(words) if i > 0 and _JOINT.fullmatch(w)), len(words))
    return words[cut - 1] if words else ""


def _takes_none(head: str) -> bool:
    """Whether a noun is a plural, a substance or an activity."""
    if head in _BARE:
        return True
    if head.endswith("ing"):
        return len(head) > 4 and head not in _ONE_THING_ING
    return len(head) > 3 and head.endswith("s") and not _ONE_THING_S.fullmatch(head)


def with_article(name: str) -> str:
    """Return "a tabby cat", "an ostrich", "a cup of coffee", "sunglasses", "guacamole".

    Names that have a determiner, plurals and what cannot be counted stay as they are.
    """
    low = name.strip().lower()
    words = tuple(re.findall(r"[^\s]+", low))
    if not words or _TAKEN.match(low) or _UNNAMED.fullmatch(words[0]):
        return name
    if _takes_none(head_of(words)):
        return name
    return f"{'an' if _AN_SOUND.match(low) else 'a'} {name}"
