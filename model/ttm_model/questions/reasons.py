"""Recognises questions that the memory cannot answer, and says why. It parses nothing else."""
# ruff: noqa: PLR0911, PLR0912  (ordered rules read best as one list of early returns)

from ttm_model.questions.adjectives import ADJECTIVES, SCALES
from ttm_model.questions.heads import opener
from ttm_model.questions.lexicon import (
    ADVERBS,
    AUX,
    DETERMINERS,
    GENERIC,
    JOINTS,
    PEOPLE,
    PERCEPTION,
    PRONOUNS,
    UNITS,
)
from ttm_model.questions.nouns import singular
from ttm_model.questions.sounds import SOUND_NOUNS, SOUND_VERBS
from ttm_model.questions.wordlist import listed

NOT_A_QUESTION = "This is not a question about what was seen or heard."
NOT_UNDERSTOOD = (
    "I did not understand this; please ask in simpler words, like 'Did you see a dog?'."
)
TOO_LONG = "The question is too long; please ask one short question."
TWO_THINGS = "This asks about two things at once; please ask about one of them."
REFERENCE = "It is not clear what this refers to; please name the thing."
CALENDAR = (
    "Memory counts time within this stream only; it knows no dates, hours or fractions of it."
)
IDENTITY = "Memory does not know who someone is or which exact one it was."
WORDS_SAID = "Memory keeps that there was speech or writing, not the words."
ATTRIBUTE = "Memory keeps what was there and when, not its colour, size, loudness or other details."
PLACE = "Memory does not keep where things were."
WHY = "Memory does not know reasons or how things came about."
FUTURE = "Memory holds the past only; it cannot tell or watch for what comes."
OPINION = "Memory holds events, not opinions or advice."
OBJECT_COUNT = (
    "Memory counts how often something happened, not how many of them were there at once."
)
ORDINAL = "Only the first and the last one can be told, not one by its number or several."
ACTION = "Memory keeps what was there and when, not what was done or happened to it."
EXCLUSION = "Questions that leave something out cannot be answered; ask for a time instead."
OFFSET = "Memory cannot measure an exact time from an event; ask what came before or after it."
COMPARE = "Memory cannot compare two things; ask when each of them was."
REPLAY = "Memory keeps no pictures or sound that could be shown or played again."
OTHER = "This kind of question is not supported."

_ATTRIBUTE_NOUNS = frozenset(
    listed(
        "colour color colours colors size shape breed brand make model language height weight age "
        "temperature weather mood material texture pattern speed volume pitch genre style price "
        "expression emotion gender kind type sort species number letter flavour flavor length width"
        " key tempo direction"
    )
)
_ORDINALS = frozenset(listed("second third fourth fifth sixth seventh eighth ninth tenth"))
_COUNTED = frozenset(
    listed("time thing one object sound picture noise item image animal occurrence event song")
)
_NUMBERS = frozenset(listed("two three four five six seven eight nine ten few couple"))
_GREETINGS = frozenset(
    listed(
        "hello hi hey thanks thank bye goodbye yes no ok okay cheers yo morning evening lol test "
        "testing help sure great cool nice wow stop"
    )
)
_COMMANDS = frozenset(("play", "replay", "rewind", "repeat", "show"))
_ORDERS = frozenset(
    listed("record save delete erase send take set turn open close call buy write draw stop start")
)
_PLACES = (
    " left of ",
    " right of ",
    " next to ",
    " behind ",
    " beside ",
    " on top of ",
    " underneath ",
    " inside ",
    " close to ",
    " far from ",
)
_FOREIGN = frozenset(
    listed(
        "du einen eine ein der das ist gesehen un une le les el que vous tu una hund chien perro vu"
    )
)
_NEXT_TENSE = frozenset(("will", "shall", "tomorrow", "tonight"))


def _after_what(words: list[str]) -> str | None:
    w1 = words[1] if len(words) > 1 else ""
    text = " ".join(words)
    if any(w in _ATTRIBUTE_NOUNS for w in words[1:3]) and not _is_measure(words):
        return ATTRIBUTE
    if w1 in ("time", "point", "moment"):
        return None
    if w1 in ("song", "tune", "melody", "person", "people", "man", "woman", "word", "words"):
        return WORDS_SAID if w1.startswith("word") else IDENTITY
    if any(w in words for w in ("say", "said", "saying", "says", "mean", "meant")):
        return WORDS_SAID
    if "read" in words[2:] or "written" in words or ("talking" in words and "about" in words):
        return WORDS_SAID
    if "name" in words or "called" in words:
        return IDENTITY
    if words[-1] == "like" and w1 in AUX:
        return ATTRIBUTE
    if "think" in words or "like" in words[-2:] or "favourite" in words or "best" in words:
        return ATTRIBUTE if "look" in words or "sound" in words else OPINION
    if text.startswith(("what if", "what for", "what makes", "what made", "what caused")):
        return WHY
    if w1 in ("is", "are", "was", "were") and words[2:3] in (["my"], ["your"], ["the"], ["a"]):
        tail = words[-1]
        if tail == "holding" and words[3:4] and words[3] in GENERIC:
            return None
        if tail in ("doing", "wearing", "holding", "eating", "made", "saying"):
            return ACTION
    if "about" in words[1:3] or ("else" in words[1:2] and len(words) == 2):
        return REFERENCE
    return None


def _is_measure(words: list[str]) -> bool:
    return words[1:2] == ["length"] and "time" in words


def _how(words: list[str]) -> str | None:
    w1 = words[1] if len(words) > 1 else ""
    if w1 in ("many", "much"):
        return _how_many(words)
    if w1 == "long":
        return None
    if w1 in ("often", "frequently", "recently"):
        return None
    if w1 in SCALES:
        return ATTRIBUTE
    if w1 in ("come", "about"):
        return WHY if w1 == "come" else REFERENCE
    if words[1:3] in (["are", "you"], ["is", "it"], ["do", "you"]):
        return NOT_A_QUESTION
    return WHY


def _how_many(words: list[str]) -> str | None:
    if words[1] == "much":
        return None if words[2:3] == ["time"] else OBJECT_COUNT
    counted = words[2] if len(words) > 2 else ""
    if counted in ("times", "time", "occurrences", "instances") or counted in UNITS:
        return None
    if counted in ("separate", "distinct", "individual"):
        counted = words[3] if len(words) > 3 else ""
    if any(w in ("times", "occasions") for w in words[2:5]):
        return None
    head = next((w for w in words[2:] if w in AUX or w in PEOPLE), None)
    phrase = words[2 : words.index(head)] if head else words[2:]
    noun = singular(phrase[-1]) if phrase else ""
    if noun in SOUND_NOUNS | {"ring", "sound"} or (noun in SOUND_VERBS and noun != "drum"):
        return None
    return OBJECT_COUNT


def _countable(words: list[str]) -> bool:
    """Whether a sound or "times" is to be counted, not things."""
    if {"times", "often", "occurrences"} & set(words[:4]):
        return True
    noun = singular(next((w for w in reversed(words)), ""))
    return noun in SOUND_NOUNS | {"ring", "sound"} or noun in SOUND_VERBS


def _ordinal(words: list[str]) -> bool:
    for i, w in enumerate(words[:-1]):
        after = singular(words[i + 1])
        numbered = after in _COUNTED or after == "to" or words[i - 1 : i] == ["the"]
        if w in _ORDINALS and numbered and after not in UNITS:
            return True
        if w in ("first", "last") and after in _NUMBERS:
            return True
    return "penultimate" in words


def _attribute(words: list[str]) -> bool:
    """Whether it asks "was the N adjective": an auxiliary, a definite thing, an adjective."""
    if words[0] not in ("was", "were", "is", "are", "did") or len(words) < 3:
        return False
    if words[0] == "did" and not ({"look", "sound", "seem"} & set(words)):
        return False
    if (
        words[0] == "did"
        and words[1] in ("i", "you", "we")
        and words[2] in ("look", "sound", "seem")
    ):
        return True
    if len(words) == 3 and words[0] != "did" and words[2] in ADJECTIVES:
        return True  # "is dinner ready"
    definite = words[1] in ("the", "it", "that", "this", "my", "he", "she", "they", "your", "its")
    if not definite:
        return False
    if words[-1] in ADJECTIVES:
        return True
    if len(words) > 3 and words[1] in ("it", "that", "this", "he", "she", "they"):
        return words[2] in ("a", "an", "the", "really")
    return any(w in ("a", "an") for w in words[3:-1]) and "of" not in words


_THEN = tuple(
    f" {prep} {then} "
    for prep, thens in (
        ("by", ("then", "that time", "that point")),
        ("since", ("then",)),
        ("until", ("then",)),
        ("till", ("then",)),
        ("before", ("then",)),
        ("after", ("then",)),
        ("around", ("then",)),
        ("at", ("that time", "that moment", "that point", "that very moment")),
    )
    for then in thens
)
_WEARS = frozenset(listed("wearing wear wore eating eat ate drinking drink drank"))


def doing(words: list[str]) -> bool:
    """Whether it asks what someone did, wore or ate: "what was he wearing"."""
    if words[0] != "what" or len(words) < 3 or words[1] not in AUX:
        return False
    if words[-1] in ("do", "doing", "done") and words[2] not in ("to", "do", "happen"):
        return True
    return words[-1] in _WEARS and words[2] not in ("i",)


_EMBEDDED = {
    "who": IDENTITY,
    "whose": IDENTITY,
    "where": PLACE,
    "how": WHY,
    "why": WHY,
    "what": ACTION,
    "which": OTHER,
}


def _embedded(words: list[str]) -> str | None:
    """Give the reason why "did you see (who came in)" cannot be told, if it is asked."""
    if words[0] not in AUX:
        return None
    for i in range(1, len(words) - 1):
        if (words[i],) in PERCEPTION and words[i + 1] in _EMBEDDED:
            said = words[i + 1] == "what" and {"say", "said", "saying"} & set(words)
            return WORDS_SAID if said else _EMBEDDED[words[i + 1]]
    return None


def _same_kind(words: list[str]) -> bool:
    """Whether it asks if one thing is another: "is a zebra an animal"."""
    if words[0] not in ("is", "are", "was", "were") or words[1:2] not in (["a"], ["an"]):
        return False
    return any(
        words[i] in ("a", "an") and words[i - 1] not in JOINTS and words[i - 1] != "being"
        for i in range(3, len(words) - 1)
    )


def why_not(words: list[str], *, asks_alert: bool = False) -> str | None:
    """Give the reason why these words (wrappers and time words removed) cannot be answered."""
    if not words or all(w in _GREETINGS or w in PEOPLE or w == "," for w in words):
        return NOT_A_QUESTION
    head = words[0]
    present = {"see", "hear", "notice", "spot"}
    if (
        asks_alert
        and head in ("when", "if", "once", "whenever", "as")
        and any(
            words[i] == "you" and words[i + 1] in present and words[i - 1] not in ("did", "could")
            for i in range(1, len(words) - 1)
        )
    ):
        return FUTURE
    if _NEXT_TENSE & set(words) or "going to" in " ".join(words[:5]):
        return FUTURE
    if words == ["what", "next"]:
        return FUTURE
    text = f" {' '.join(words)} "
    if len(_FOREIGN & set(words)) > 1:
        return NOT_A_QUESTION
    if words[1:] == ["name"] and head in DETERMINERS:
        return IDENTITY
    spoken = any(f" {word} " in text for word in ("word", "words", "phrase", "sentence"))
    if spoken and {"said", "say", "spoken", "saying", "mentioned", "read", "written"} & set(words):
        return WORDS_SAID
    edge = any(f" the {part} of " in text for part in ("end", "start", "beginning", "middle"))
    edge = edge or " ".join(words[-3:]) in ("at the end", "at the start", "at the beginning")
    if edge or words[-1] in ("of", "the"):
        return NOT_UNDERSTOOD  # "at the end of the song": an edge of something else
    alike = any(f" {verb} like " in text for verb in ("look", "sound", "seem", "looked"))
    if alike and head in ("did", "does", "do") and words[1] not in ("anything", "something"):
        return ATTRIBUTE
    if any(f" {each} " in text for each in ("every time", "each time", "whenever")):
        return TWO_THINGS
    if any(then in text for then in _THEN):
        return REFERENCE
    if words[:2] == ["how", "long"] and words[2:3] in (["until"], ["till"]):
        return FUTURE
    if doing(words):
        return ACTION
    if _same_kind(words):
        return ATTRIBUTE
    if head in _ORDERS and words[1:2] and words[1] in ("a", "an", "the", "my", "recording", "it"):
        return NOT_A_QUESTION
    generic = head in ("do", "does", "can", "could", "will") and len(words) > 2
    if generic and words[1] not in PRONOUNS | DETERMINERS | ADVERBS | {"not", "anyone", "someone"}:
        return OTHER  # "do cats like milk"
    reason = _embedded(words)
    if reason:
        return reason
    if words[:2] == ["which", "of"]:
        return OTHER
    if (
        head == "should"
        or "should" in words[1:3]
        or (
            words[:2] in (["do", "you"], ["did", "you"])
            and any(w in words[2:3] for w in ("like", "enjoy", "love", "prefer", "want", "feel"))
        )
    ):
        return OPINION
    if head in _COMMANDS or (words[1:2] == ["you"] and words[2:3] and words[2] in _COMMANDS):
        return REPLAY
    if words[:2] == ["are", "you"] and words[2:3] in (["a"], ["an"], ["the"]):
        return NOT_A_QUESTION
    if head == "count" and not _countable(words[1:]):
        return OBJECT_COUNT
    if head == "why" or words[:2] == ["for", "why"]:
        return WHY
    if head in ("who", "whose", "whom"):
        return IDENTITY
    if head in ("where", "whereabouts"):
        return PLACE
    if _ordinal(words):
        return ORDINAL
    if head == "how" and not opener(words):
        reason = _how(words)
        if reason:
            return reason
    if head in ("what", "which"):
        reason = _after_what(words)
        if reason:
            return reason
    return _leftover(words)


def _leftover(words: list[str]) -> str | None:
    text = " " + " ".join(words) + " "
    if any(
        p in text for p in (" other than ", " besides ", " except ", " apart from ", " not see ")
    ) and (" not see " not in text or words[0] in ("what", "which")):
        return EXCLUSION
    said = {"say", "said", "saying", "tell", "told"} & set(words)
    if said and words[0] not in ("how", "when"):
        word = next(w for w in words if w in said)
        object_ = [w for w in words[words.index(word) + 1 :] if w not in ("to", "you", "me", "us")]
        if (object_ and object_[0] not in ("anything", "something", "a", "any")) or word == "told":
            return WORDS_SAID
    if {"identify", "recognise", "recognize"} & set(words[:4]):
        return IDENTITY
    if any(f" {come} from " in text for come in ("come", "came", "coming", "comes")):
        return PLACE
    if " instead of " in text or " rather than " in text:
        return COMPARE
    if any(p in text for p in _PLACES):
        return PLACE
    if any(w in words for w in ("transcribe", "transcript", "quote", "spell", "translate")):
        return WORDS_SAID
    if words[0] == "describe" and any(w in ("the", "a", "my") for w in words[1:2]):
        return ATTRIBUTE
    if " because " in text:
        return WHY
    if _attribute(words):
        return ATTRIBUTE
    if " or " in text and (" before or after " in text or words[0] in ("which", "what")):
        return COMPARE
    if " between the " in text or " between a " in text:
        return TWO_THINGS
    for joiner in ("and", "or"):
        for i in range(1, len(words) - 1):
            if words[i] == joiner and words[i + 1] in ("a", "an", "the", "any", "some"):
                return TWO_THINGS
    if " or " in text and " or not" not in text and " or so" not in text:
        rest = text.split(" or ", 1)[1].split()
        if rest and rest[0] not in ("something", "anything", "what", "two", "more"):
            return TWO_THINGS
    if "than" in words and not {"once", "twice", "times"} & set(words):
        return COMPARE
    return None
