"""The closed vocabulary of questions, as sets: function words and verbs. Reads data, no logic."""

from __future__ import annotations

from ttm_model.questions.data import kinds, load, words
from ttm_model.questions.question import Modality

LANGUAGE = "english"
_WORDS = load(LANGUAGE, "words")
_PHRASES = load(LANGUAGE, "phrases")

DETERMINERS = words(_WORDS["determiners"])
AUX = words(_WORDS["auxiliaries"])
PRONOUNS = words(_WORDS["pronouns"])
PEOPLE = words(_WORDS["people"])
NEGATIONS = words(_WORDS["negations"])
ADVERBS = words(_WORDS["adverbs"])
JOINTS = words(_WORDS["joints"])
WEATHER = words(_WORDS["weather"])
WH = words(_WORDS["question_words"])
HAPPEN = words(_WORDS["happening"])
SCALES = words(_WORDS["scales"])
ADJECTIVES = SCALES | words(_WORDS["adjectives"])
COLOURS = words(*load(LANGUAGE, "worded")["colours"].values())
STRAY = words(_WORDS["stray"])
MEASURES = words(_WORDS["measures"])
STARTS = words(_WORDS["starts"])
STOPS = words(_WORDS["stops"])

UNITS: dict[str, float] = {
    unit: float(seconds) for seconds, units in _WORDS["units"].items() for unit in units.split()
}
_SENSES: dict[str, Modality | None] = {"video": "video", "audio": "audio", "any": None}
GENERIC: dict[str, Modality | None] = {
    word: _SENSES[sense] for sense, text in _WORDS["generic"].items() for word in text.split()
}
PERCEPTION: dict[tuple[str, ...], Modality | None] = {
    tuple(verb.split()): _SENSES[sense]
    for sense, verbs in _WORDS["perception"].items()
    for verb in verbs
}
PERCEIVE_WORDS = frozenset(word for (word, *_) in PERCEPTION)

# How a question hangs on another event: the connecting words, each with its kind.
CONNECTIVES: dict[str, str] = {}
CONNECTING_PHRASES: dict[tuple[str, ...], str] = {}
CONNECTING_VERBS: dict[str, str] = {}
for _kind, _asked in kinds(LANGUAGE).items():
    for _word in _asked.get("connectives", "").split():
        CONNECTIVES[_word] = _kind
    for _line in _asked.get("phrases", ()):
        CONNECTING_PHRASES[tuple(_line.split())] = _kind
    for _word in _asked.get("verbs", "").split():
        CONNECTING_VERBS[_word] = _kind

POINTING = words(_PHRASES["pointing"])
MEDIA = words(_PHRASES["media"])
UNNAMED = words(_PHRASES["unnamed"])
STANDING = words(_PHRASES["standing"])
CONTINUES = words(_PHRASES["continues"])

REPAIRABLE = (
    AUX
    | PRONOUNS
    | NEGATIONS
    | ADVERBS
    | WH
    | DETERMINERS
    | PERCEIVE_WORDS
    | frozenset(CONNECTIVES)
    | frozenset(UNITS)
    | words(_WORDS["repairable"])
    | {","}
)
