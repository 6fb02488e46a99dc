"""Words for sounds: nouns that are clearly heard and verbs that make them. Data and lookups."""

from dataclasses import dataclass

from ttm_model.questions.data import load, words
from ttm_model.questions.rules.lexicon import LANGUAGE

_DATA = load(LANGUAGE, "sounds")
_DOUBLING = words(_DATA["doubling"])
_NOUN_LIKE = words(_DATA["noun_like"])
SELF_SOUNDING = words(_DATA["self_sounding"])
INSTRUMENTS = words(_DATA["instruments"])
SOUND_NOUNS = words(_DATA["nouns"])
MASS = words(_DATA["mass"])
DONE_TO = words(_DATA["done_to"])


@dataclass(frozen=True, slots=True)
class SoundVerb:
    """`alone` names the sound without its maker ("laughter"), `after` with it ("baby cry").

    `noun_like`: the bare form is also the name of a visible thing ("a gold ring").
    """

    alone: str
    after: str
    noun_like: bool = False


def _forms(lemma: str) -> list[str]:
    """All regular forms of a verb, for the closed list below."""
    if lemma.endswith("e"):
        return [lemma, lemma + "s", lemma + "d", lemma[:-1] + "ing"]
    if lemma.endswith("y") and lemma[-2] not in "aeiou":
        return [lemma, lemma[:-1] + "ies", lemma[:-1] + "ied", lemma + "ing"]
    stem = lemma + lemma[-1] if lemma in _DOUBLING else lemma
    plural = lemma + ("es" if lemma.endswith(("s", "sh", "ch", "x", "z")) else "s")
    return [lemma, plural, stem + "ed", stem + "ing"]


SOUND_VERBS: dict[str, SoundVerb] = {}
BASE_FORMS: set[str] = set()
for _lemma in _DATA["stems"].split():
    BASE_FORMS.add(_lemma)
    for _form in _forms(_lemma):
        SOUND_VERBS[_form] = SoundVerb(_lemma, _lemma, _lemma in _NOUN_LIKE)
for _words, (_alone, _after) in _DATA["verbs"].items():
    _all = _words.split()
    BASE_FORMS.add(_all[0])
    for _form in _all:
        SOUND_VERBS[_form] = SoundVerb(_alone, _after, _all[0] in _NOUN_LIKE)


def is_sound_noun(phrase: str) -> bool:
    """Whether the head (last word) of a phrase can only be heard."""
    head = phrase.rsplit(" ", 1)[-1]
    return head in SOUND_NOUNS or (head in SOUND_VERBS and not SOUND_VERBS[head].noun_like)
