"""Recognises questions that the memory cannot answer, and names the reason. It parses nothing else.

Reasons are keys of `[reasons]` in the language's `refusals.toml`; the first rule that finds one
tells.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from ttm_model.questions.data import load, words
from ttm_model.questions.rules.lexicon import (
    ADJECTIVES,
    ADVERBS,
    AUX,
    DETERMINERS,
    GENERIC,
    JOINTS,
    LANGUAGE,
    PEOPLE,
    PERCEPTION,
    PRONOUNS,
    SCALES,
    UNITS,
)
from ttm_model.questions.rules.nouns import singular
from ttm_model.questions.rules.openings import opener
from ttm_model.questions.rules.soundwords import SOUND_NOUNS, SOUND_VERBS

_DATA = load(LANGUAGE, "refusals")
REASONS: dict[str, str] = _DATA["reasons"]
_WORDS = {name: words(text) for name, text in _DATA["words"].items() if isinstance(text, str)}
_TEXTS = {name: lines for name, lines in _DATA["words"].items() if isinstance(lines, list)}
_EMBEDDED: dict[str, str] = _DATA["embedded"]
_HEADS: dict[str, str] = _DATA["heads"]
_COUNTABLE = SOUND_NOUNS | {"ring", "sound"}


def _holds(words: list[str], lines: str) -> bool:
    """Whether one of the named list's texts stands in the words."""
    text = f" {' '.join(words)} "
    return any(f" {line} " in text for line in _TEXTS[lines])


def why_not(words: list[str], *, asks_alert: bool = False) -> str | None:
    """The reason why these words (wrappers and time words removed) cannot be answered, or None."""
    if not words:
        return "NOT_A_QUESTION"
    if asks_alert and _alert(words):
        return "FUTURE"
    return next((reason for rule in _RULES if (reason := rule(words))), None)


def _greeting(words: list[str]) -> str | None:
    chat = all(w in _WORDS["greetings"] or w in PEOPLE or w == "," for w in words)
    return "NOT_A_QUESTION" if chat else None


def _alert(words: list[str]) -> bool:
    """Whether "tell me when you see a dog" asks for the future."""
    if words[0] not in ("when", "if", "once", "whenever", "as"):
        return False
    return any(
        words[i] == "you"
        and words[i + 1] in _WORDS["watching"]
        and words[i - 1] not in ("did", "could")
        for i in range(1, len(words) - 1)
    )


def _future(words: list[str]) -> str | None:
    to_come = _WORDS["next_tense"] & set(words) or "going to" in " ".join(words[:5])
    until = words[:2] == ["how", "long"] and words[2:3] in (["until"], ["till"])
    return "FUTURE" if to_come or until or words == ["what", "next"] else None


def _whose_name(words: list[str]) -> str | None:
    return "IDENTITY" if words[1:] == ["name"] and words[0] in DETERMINERS else None


def _spoken(words: list[str]) -> str | None:
    named = _WORDS["spoken"] & set(words) and _WORDS["speaking"] & set(words)
    return "WORDS_SAID" if named else None


def _edge_of_another(words: list[str]) -> str | None:
    """ "At the end of the song": an edge of something else."""
    edge = _holds(words, "edges") or " ".join(words[-3:]) in _TEXTS["bare_edges"]
    return "NOT_UNDERSTOOD" if edge or words[-1] in ("of", "the") else None


def _alike(words: list[str]) -> str | None:
    asked = _holds(words, "alike") and words[0] in ("did", "does", "do")
    return "ATTRIBUTE" if asked and words[1] not in ("anything", "something") else None


def _each_time(words: list[str]) -> str | None:
    return "TWO_THINGS" if _holds(words, "each_time") else None


def _pointing_then(words: list[str]) -> str | None:
    return "REFERENCE" if _holds(words, "then") else None


def doing(words: list[str]) -> str | None:
    """Tell that it asks what someone did, wore or ate: "what was he wearing"."""
    if words[0] != "what" or len(words) < 3 or words[1] not in AUX:
        return None
    done = words[-1] in ("do", "doing", "done") and words[2] not in ("to", "do", "happen")
    return "ACTION" if done or (words[-1] in _WORDS["wears"] and words[2] != "i") else None


def _same_kind(words: list[str]) -> str | None:
    """ "Is a zebra an animal": whether one thing is another."""
    if words[0] not in ("is", "are", "was", "were") or words[1:2] not in (["a"], ["an"]):
        return None
    another = any(
        words[i] in ("a", "an") and words[i - 1] not in JOINTS and words[i - 1] != "being"
        for i in range(3, len(words) - 1)
    )
    return "ATTRIBUTE" if another else None


def _order_given(words: list[str]) -> str | None:
    object_ = words[1:2] and words[1] in _WORDS["objects"]
    return "NOT_A_QUESTION" if words[0] in _WORDS["orders"] and object_ else None


def _in_general(words: list[str]) -> str | None:
    """ "Do cats like milk", "which of"."""
    if words[:2] == ["which", "of"]:
        return "OTHER"
    if words[0] not in ("do", "does", "can", "could", "will") or len(words) < 3:
        return None
    somebody = PRONOUNS | DETERMINERS | ADVERBS | {"not", "anyone", "someone"}
    return None if words[1] in somebody else "OTHER"


def _embedded(words: list[str]) -> str | None:
    """ "Did you see (who came in)": the reason why the question inside cannot be told."""
    if words[0] not in AUX:
        return None
    for i in range(1, len(words) - 1):
        if (words[i],) in PERCEPTION and words[i + 1] in _EMBEDDED:
            said = words[i + 1] == "what" and {"say", "said", "saying"} & set(words)
            return "WORDS_SAID" if said else _EMBEDDED[words[i + 1]]
    return None


def _opinion(words: list[str]) -> str | None:
    liked = words[:2] in (["do", "you"], ["did", "you"]) and words[2:3]
    likes = bool(liked) and words[2] in _WORDS["liking"]
    return "OPINION" if words[0] == "should" or "should" in words[1:3] or likes else None


def _replay(words: list[str]) -> str | None:
    asked = words[1:2] == ["you"] and words[2:3] and words[2] in _WORDS["commands"]
    return "REPLAY" if words[0] in _WORDS["commands"] or asked else None


def _by_head(words: list[str]) -> str | None:
    """ "Who", "where", "why", "are you a", "count the dogs"."""
    if words[:2] == ["are", "you"] and words[2:3] in (["a"], ["an"], ["the"]):
        return "NOT_A_QUESTION"
    if words[0] == "count" and not _countable(words[1:]):
        return "OBJECT_COUNT"
    if words[:2] == ["for", "why"]:
        return "WHY"
    return _HEADS.get(words[0])


def _countable(words: list[str]) -> bool:
    """Whether a sound or "times" is to be counted, not things."""
    if {"times", "often", "occurrences"} & set(words[:4]):
        return True
    noun = singular(words[-1]) if words else ""
    return noun in _COUNTABLE or noun in SOUND_VERBS


def _several(words: list[str]) -> str | None:
    """ "The first two", "the last few": several at once."""
    for one, after in pairwise(words):
        if one in ("first", "last") and singular(after) in _WORDS["numbers"]:
            return "ORDINAL"
    return None


def _how(words: list[str]) -> str | None:
    if words[0] != "how" or opener(words):
        return None
    w1 = words[1] if len(words) > 1 else ""
    if w1 in ("many", "much"):
        return _how_many(words)
    if w1 in ("long", "often", "frequently", "recently"):
        return None
    if words[1:3] in (["are", "you"], ["is", "it"], ["do", "you"]):
        return "NOT_A_QUESTION"
    return "ATTRIBUTE" if w1 in SCALES else _DATA["hows"].get(w1, "WHY")


def _how_many(words: list[str]) -> str | None:
    if words[1] == "much":
        return None if words[2:3] == ["time"] else "OBJECT_COUNT"
    counted = words[2] if len(words) > 2 else ""
    if counted in ("occurrences", "instances") or counted in UNITS:
        return None
    if {"time", "times", "occasions"} & set(words[2:5]):
        return None
    head = next((w for w in words[2:] if w in AUX or w in PEOPLE), None)
    phrase = words[2 : words.index(head)] if head else words[2:]
    noun = singular(phrase[-1]) if phrase else ""
    heard = noun in _COUNTABLE or (noun in SOUND_VERBS and noun != "drum")
    return None if heard else "OBJECT_COUNT"


def _what(words: list[str]) -> str | None:
    if words[0] not in ("what", "which"):
        return None
    w1 = words[1] if len(words) > 1 else ""
    measure = w1 == "length" and "time" in words
    if _WORDS["attribute_nouns"] & set(words[1:3]) and not measure:
        return "ATTRIBUTE"
    if w1 in ("time", "point", "moment"):
        return None
    if w1 in _DATA["nouns_asked"]:
        return str(_DATA["nouns_asked"][w1])
    return next((reason for rule in _WHAT_RULES if (reason := rule(words))), None)


def _what_said(words: list[str]) -> str | None:
    said = _WORDS["meaning"] & set(words) or "read" in words[2:] or "written" in words
    return "WORDS_SAID" if said or {"talking", "about"} <= set(words) else None


def _what_called(words: list[str]) -> str | None:
    return "IDENTITY" if "name" in words or "called" in words else None


def _what_like(words: list[str]) -> str | None:
    if words[-1] == "like" and words[1] in AUX:
        return "ATTRIBUTE"
    if "think" in words or "like" in words[-2:] or "favourite" in words or "best" in words:
        return "ATTRIBUTE" if "look" in words or "sound" in words else "OPINION"
    return None


def _what_cause(words: list[str]) -> str | None:
    return "WHY" if " ".join(words).startswith(tuple(_TEXTS["causes"])) else None


def _what_done(words: list[str]) -> str | None:
    """ "What was my dog doing", but "what was the thing I was holding" is open."""
    asked = words[1:2] and words[1] in ("is", "are", "was", "were")
    if not asked or words[2:3] not in (["my"], ["your"], ["the"], ["a"]):
        return None
    if words[-1] == "holding" and words[3:4] and words[3] in GENERIC:
        return None
    return "ACTION" if words[-1] in _WORDS["doings"] else None


def _what_about(words: list[str]) -> str | None:
    return "REFERENCE" if "about" in words[1:3] or words[1:] == ["else"] else None


_WHAT_RULES: tuple[Callable[[list[str]], str | None], ...] = (
    _what_said,
    _what_called,
    _what_like,
    _what_cause,
    _what_done,
    _what_about,
)


def _left_out(words: list[str]) -> str | None:
    asked = " not see " in f" {' '.join(words)} " and words[0] in ("what", "which")
    return "EXCLUSION" if asked else None


def _told(words: list[str]) -> str | None:
    """ "Did he say hello": words that were said."""
    said = {"say", "said", "saying", "tell", "told"} & set(words)
    if not said or words[0] in ("how", "when"):
        return None
    word = next(w for w in words if w in said)
    after = [w for w in words[words.index(word) + 1 :] if w not in ("to", "you", "me", "us")]
    quoted = after and after[0] not in ("anything", "something", "a", "any")
    return "WORDS_SAID" if quoted or word == "told" else None


def _identified(words: list[str]) -> str | None:
    return "IDENTITY" if {"identify", "recognise", "recognize"} & set(words[:4]) else None


def _placed(words: list[str]) -> str | None:
    return "PLACE" if _holds(words, "origins") or _holds(words, "places") else None


def _instead(words: list[str]) -> str | None:
    return "COMPARE" if _holds(words, "instead") else None


def _transcript(words: list[str]) -> str | None:
    return "WORDS_SAID" if _WORDS["transcribing"] & set(words) else None


def _described(words: list[str]) -> str | None:
    if words[0] == "describe" and words[1:2] and words[1] in ("the", "a", "my"):
        return "ATTRIBUTE"
    return "WHY" if "because" in words[1:-1] else None


def _attribute(words: list[str]) -> str | None:
    """ "Was the cup red": an auxiliary, a definite thing, an adjective."""
    if words[0] not in ("was", "were", "is", "are", "did") or len(words) < 3:
        return None
    if words[0] == "did":
        seems = {"look", "sound", "seem"}
        if words[1] in ("i", "you", "we") and words[2] in seems:
            return "ATTRIBUTE"
        return "ATTRIBUTE" if seems & set(words) and _is_described(words) else None
    if len(words) == 3 and words[2] in ADJECTIVES:
        return "ATTRIBUTE"  # "is dinner ready"
    return "ATTRIBUTE" if _is_described(words) else None


def _is_described(words: list[str]) -> bool:
    if words[1] not in _WORDS["definite"]:
        return False
    if words[-1] in ADJECTIVES:
        return True
    if len(words) > 3 and words[1] in _WORDS["pointing"]:
        return words[2] in ("a", "an", "the", "really")
    return bool({"a", "an"} & set(words[3:-1])) and "of" not in words


def _two(words: list[str]) -> str | None:
    """Alternatives and pairs that no kind takes."""
    text = f" {' '.join(words)} "
    if " or " in text and (" before or after " in text or words[0] in ("which", "what")):
        return "COMPARE"
    for i in range(1, len(words) - 1):
        if words[i] in ("and", "or") and words[i + 1] in ("a", "an", "the", "any", "some"):
            return "TWO_THINGS"
    if " or " in text and " or not" not in text and " or so" not in text:
        rest = text.split(" or ", 1)[1].split()
        if rest and rest[0] not in ("something", "anything", "what", "two", "more"):
            return "TWO_THINGS"
    return "COMPARE" if "than" in words and not {"once", "twice", "times"} & set(words) else None


_RULES: tuple[Callable[[list[str]], str | None], ...] = (
    _greeting,
    _future,
    _whose_name,
    _spoken,
    _edge_of_another,
    _alike,
    _each_time,
    _pointing_then,
    doing,
    _same_kind,
    _order_given,
    _in_general,
    _embedded,
    _opinion,
    _replay,
    _by_head,
    _several,
    _how,
    _what,
    _left_out,
    _told,
    _identified,
    _placed,
    _instead,
    _transcript,
    _described,
    _attribute,
    _two,
)
