"""Tells whether a phrase can name a thing, or still holds words that no rule has read."""
# ruff: noqa: PLR0911  (ordered rules read best as one list of early returns)

from itertools import pairwise

from ttm_model.questions.lexicon import UNITS
from ttm_model.questions.nouns import singular
from ttm_model.questions.wordlist import listed

# Function words and verbs that are no part of a name. "can", "may", "will" and "saw" are missing:
# they are also nouns.
_STRAY = frozenset(
    listed(
        "what which when who whom whose why how where whether "
        "did do does done had having has have was were is are am be been being "
        "would could should might shall "
        "i you we they he she it him us myself yourself there everything "
        "see seen seeing hear heard hearing notice noticed noticing shown showed showing "
        "happen happened happening occur occurred appear appeared perceive perceived "
        "tell told telling remember recall know knew known reckon wonder think thought guess "
        "mention mentioned summarise summarize contain contains contained include includes "
        "included mean meant seem seemed belong want wanted need needed said saying "
        "ago before after until since while during ever never always not also then than because "
        "if unless although though but or and please thanks "
        "make makes made making give gave given take took taken let go went gone going goes came "
        "come comes coming become became spend spent become keep kept begin began begun "
        "timestamp times secs mins hrs approximately roughly exactly recently lately earlier "
        "previously once twice , "
        "only any anything nothing both either neither many much more most less same twice"
    )
)
# Some of these join the parts of a name ("black and white cat", "salt and pepper").
_INSIDE = frozenset(("and",))
# What is counted, listed or timed is no thing itself: "the number of times", "the end of it".
_MEASURES = frozenset(
    listed(
        "number list count total summary moment timestamp time duration length end ending start "
        "beginning rest order frequency tally amount lot middle time"
    )
)
_OPEN = frozenset(("anything", "any"))  # "anything with wheels" names by what it has
_PREPOSITIONS = frozenset(listed("with of in on at like red"))


def names_a_thing(phrase: str) -> bool:
    """Whether the phrase can be the name of a thing, as far as its words tell."""
    words = phrase.split()
    first = words[0]
    if first in _MEASURES and (len(words) == 1 or words[1] in ("of", "i", "you", "that")):
        return False
    if first in _OPEN and words[1:2] and words[1] in _PREPOSITIONS:
        words = words[1:]
    last = len(words) - 1
    for noun, verb in pairwise(words):
        if singular(noun) != noun and verb.endswith(("ed", "en", "like")):
            return False  # "gunshots fired"
        if noun in ("in", "on", "at") and verb.isdigit():
            return False  # "in 2019"
    for i, w in enumerate(words):
        if w in _STRAY and not (w in _INSIDE and 0 < i < last):
            return False
        if w in UNITS and len(w) > 1 and w not in ("second", "minute", "hour"):
            return False
        if w[0].isdigit() and (":" in w or len(words) == 1):
            return False
    return True
