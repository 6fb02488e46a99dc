"""Raw words to the thing asked about: a short noun phrase and what its words say of modality."""
# ruff: noqa: PLR0911, PLR0912  (ordered rules read best as one list of early returns)

from dataclasses import dataclass

from ttm_model.questions.adjectives import ADJECTIVES
from ttm_model.questions.lexicon import DETERMINERS, GENERIC, PEOPLE, PERCEPTION, PRONOUNS
from ttm_model.questions.nouns import singular
from ttm_model.questions.parsed import Modality, Order
from ttm_model.questions.predicates import STARTS, STOPS, without_predicates
from ttm_model.questions.sounds import (
    BASE_FORMS,
    INSTRUMENTS,
    SELF_SOUNDING,
    SOUND_VERBS,
    is_sound_noun,
)
from ttm_model.questions.wordlist import listed

_LEADING = DETERMINERS | frozenset(
    listed("of such every all both either other same single certain about for like whole exact")
)
_LEADING_PAIRS = {
    ("kind", "of"),
    ("sort", "of"),
    ("bit", "of"),
    ("lot", "of"),
    ("lots", "of"),
    ("one", "of"),
    ("some", "of"),
    ("piece", "of"),
    ("glimpse", "of"),
    ("sight", "of"),
    ("sign", "of"),
    ("signs", "of"),
    ("trace", "of"),
    ("hint", "of"),
    ("something", "like"),
    ("anything", "like"),
    ("instance", "of"),
    ("instances", "of"),
    ("occurrence", "of"),
    ("occurrences", "of"),
    ("burst", "of"),
    ("appearance", "of"),
    ("sighting", "of"),
    ("showing", "of"),
    ("bout", "of"),
    ("round", "of"),
    ("types", "of"),
    ("type", "of"),
    ("evidence", "of"),
    ("mention", "of"),
    ("moment", "of"),
}
_SOUND_OF = frozenset(listed("sound sounds noise noises audio sounding"))
_PICTURE_OF = frozenset(
    listed(
        "picture pictures photo photos image images drawing drawings video view shot footage "
        "photograph photographs"
    )
)
_COPULAS = frozenset(
    listed(
        "was were is are be been being start starts started starting begin begins began beginning "
        "stop stops stopped stopping that which who to keep kept finish finished ended has have "
        "had "
        "having get got"
    )
)
_DROPPED = frozenset(listed("a an the , my your its his their our"))
_WEATHER = {"raining": "rain", "rained": "rain", "snowing": "snow", "snowed": "snow"}
_VERB_ENDINGS = ("ed", "ing")
_AFTER_SOUND = frozenset(
    listed(
        "at on of by from in to for outside inside again away nearby somewhere behind anything "
        "something and loudly softly very really near with over through down off out"
    )
)
_EMPTY = frozenset(
    listed("else happen new interesting playing played happening funny odd strange weird special")
)
_PLAY = frozenset(listed("play plays played playing"))


_DEFINITE = ("the", "a", "an", "my", "your", "his", "her", "that", "this")
_DONE_TO = frozenset(
    listed("slam bang break shatter rattle click splash crash pop rustle jingle squeak rumble")
)


@dataclass(frozen=True, slots=True)
class Thing:
    """A noun phrase (None where the words name nothing) and what its words tell."""

    phrase: str | None
    modality: Modality | None = None
    order: Order | None = None
    repeated: bool = False


def _trim_start(words: list[str]) -> list[str]:
    while words:
        if (
            len(words) > 2
            and words[0] in ("a", "an", "any", "the", "some")
            and ((words[1], words[2]) in _LEADING_PAIRS)
        ):
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
    kept = [w for w in _trim_start(words) if w not in _COPULAS and w not in DETERMINERS]
    if not kept or all(w in PEOPLE or w in GENERIC for w in kept):
        return []
    if kept[0] in ("someone", "somebody", "anyone", "anybody"):
        return []
    return kept


def _verb_at(words: list[str], clausal: bool, heard: Modality | None) -> int | None:
    """Index of the sound verb in the words, if one acts as a verb there."""
    for i in range(len(words) - 1, -1, -1):
        w = words[i]
        verb = SOUND_VERBS.get(w)
        if verb is None:
            continue
        inflected = w not in BASE_FORMS
        done_to = clausal and words[1:2] and words[1] in _DEFINITE
        if i == 0 and not inflected and words[1:2] and words[1] not in _AFTER_SOUND:
            if done_to:
                return i  # "(did I) clap my hands"
            continue  # "a crash helmet"
        if i == 0:
            if inflected or not verb.noun_like or clausal:
                return i
        elif words[i - 1] in DETERMINERS:
            continue
        elif (
            not inflected
            and not clausal
            and words[i + 1 : i + 2]
            and (words[i + 1] not in _AFTER_SOUND)
        ):
            continue  # "a bicycle bell stand"
        elif (
            clausal
            or heard == "audio"
            or (inflected and not w.endswith("s"))
            or (not verb.noun_like and heard != "video")
        ):
            return i
    return None


def _of(words: list[str]) -> int | None:
    return words.index("of") if "of" in words[1:-1] else None


def _sound(words: list[str], i: int, heard: Modality | None) -> Thing:
    """Name a sound from its verb at i and its maker before (or after "of") it."""
    verb = SOUND_VERBS[words[i]]
    maker = _maker(words[:i])
    moved = [w for w in words[i + 2 :] if w not in DETERMINERS]
    if not maker and moved and words[i + 1] in _DEFINITE:
        if singular(moved[-1]) in SELF_SOUNDING | INSTRUMENTS:
            return Thing(_clean(moved), "audio")  # "(someone) rang the doorbell"
        if verb.alone in _DONE_TO and len(moved) <= 2:
            maker = moved  # "(someone) slammed the door"
    after = [w for w in words[i + 1 :] if w not in DETERMINERS and w not in ("of", "by", "from")]
    of = words[i + 1 : i + 2] in (["of"], ["by"], ["from"])
    if verb.alone == "knock" and after and after[0] in ("at", "on") and "door" in after:
        maker = ["door"]
    elif of and not maker:
        maker = _maker(words[i + 2 :])
    order: Order | None = None
    if any(w in STOPS for w in words[:i]):
        order = "last"
    elif any(w in STARTS for w in words[:i]):
        order = "first"
    if heard == "video" and maker:
        return Thing(_clean(maker), "video", order)
    if not maker:
        return Thing(verb.alone, heard or "audio", order)
    maker[-1] = singular(maker[-1])
    if maker[-1] in SELF_SOUNDING:
        return Thing(" ".join(maker), "audio", order)
    return Thing(" ".join([*maker, verb.after]), "audio", order)


def _described(words: list[str]) -> bool:
    """Whether only adjectives stand before the last word ("loud noise")."""
    return all(w in ADJECTIVES for w in words[:-1])


def _cut_number(words: list[str]) -> tuple[list[str], bool]:
    """Drop "twice", "more than three times" from the end, and say whether it stood there."""
    end = len(words)
    if words[-1:] in (["twice"], ["repeatedly"], ["thrice"]):
        end -= 1
    elif words[-3:] == ["more", "than", "once"]:
        return words[:-3], True
    elif words[-1:] == ["times"] and len(words) > 2:
        end -= 2
    else:
        return words, False
    for lead in (["more", "than"], ["less", "than"], ["fewer", "than"], ["at", "least"]):
        if words[:end][-2:] == lead:
            end -= 2
    return words[:end], True


def _people(words: list[str]) -> bool:
    return bool(words) and all(w in PEOPLE or w in ("else", "other") for w in words)


def thing(words: list[str], *, clausal: bool = False, heard: Modality | None = None) -> Thing:
    """Read the thing asked about.

    `clausal`: the words are subject and verb ("the dog bark"), not a noun phrase ("a gold ring").
    `heard`: the modality the question's own verb told.
    """
    words, told = _cut_relative(list(words))
    words, repeated = _cut_number(words)
    words, modality, order = without_predicates(words)
    modality = heard or told or modality
    words = _trim_start(words)
    if not words:
        return Thing(None, modality, order, repeated)
    if words[0] in PEOPLE - {"i", "you", "we", "me"} and len(words) == 1:
        return Thing("speech" if modality == "audio" else "person", modality, order, repeated)
    of = _of(words)
    if of is not None and words[of - 1] in _SOUND_OF | _PICTURE_OF and of <= 2:
        told_by = "audio" if words[of - 1] in _SOUND_OF else "video"
        inner = thing(words[of + 1 :], heard="audio" if told_by == "audio" else "video")
        return Thing(inner.phrase, inner.modality, order, repeated)
    played = _played(words)
    if played:
        sounds = modality != "video"
        phrase = _clean(played)
        return Thing(phrase, "audio" if sounds else modality, order, repeated)
    if len(words) > 1 and singular(words[-2]) in SELF_SOUNDING and modality != "video":
        unknown = words[-1].endswith(_VERB_ENDINGS) and words[-1] not in SOUND_VERBS
        if unknown:  # whatever a siren did, it sounded: "the siren wailed"
            return Thing(_clean(words[:-1]), "audio", order, repeated)
    at = _verb_at(words, clausal, modality)
    if at is not None:
        found = _sound(words, at, modality)
        return Thing(found.phrase, found.modality, order or found.order, repeated)
    if words[-1] in _SOUND_OF and len(words) > 1 and _maker(words[:-1]) and not _described(words):
        inner = thing(words[:-1], heard="audio")
        return Thing(inner.phrase, "audio", order, repeated)
    if all(w in GENERIC or w in _EMPTY for w in words) and set(words) & GENERIC.keys():
        hint = next((GENERIC[w] for w in words if GENERIC.get(w)), None)
        hint = hint or ("audio" if set(words) & _PLAY else None)
        return Thing(None, modality or hint, order, repeated)
    if _people(words):
        return Thing("speech" if modality == "audio" else "person", modality, order, repeated)
    if order is None and (STARTS | STOPS) & set(words[:-1]):
        order = "last" if STOPS & set(words[:-1]) else "first"  # "(it) stopped raining"
    words = [w for w in words if w not in _COPULAS] or words
    if words[0] in PEOPLE:
        words = ["person", *words[1:]]
    phrase = _clean(words)
    if phrase and modality is None and is_sound_noun(phrase):
        modality = "audio"
    return Thing(phrase, modality, order, repeated)


def _played(words: list[str]) -> list[str] | None:
    """Give what is played in "someone playing the guitar", "music was playing", else None."""
    at = next((i for i, w in enumerate(words) if w in _PLAY), None)
    if at is None:
        return None
    after = [w for w in words[at + 1 :] if w not in _LEADING]
    before = _maker(words[:at])
    if after and (before == [] or after[-1].rstrip("s") in INSTRUMENTS | SELF_SOUNDING):
        return after
    head = singular(before[-1]) if before else ""
    if head in INSTRUMENTS | SELF_SOUNDING or is_sound_noun(head or "x"):
        return before
    return None
