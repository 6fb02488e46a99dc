"""What the senses of preset `lite` can recognise and what they cannot, as people read it.

Plain values for `GET /v1/vocabulary` and `ttmserve doctor`. Knows class names; no key, no memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from ttm_model.labels.space import LabelSpace
from ttm_protocol.answers import ClassKind, Sense, SenseKind, Vocabulary, to_plain

SpeechModel = Literal["tiny.en", "base", "off"]

# Kinds by which people look: the name told, and the word that the label space knows it by.
_SIGHTS = {
    "animals": "animal",
    "dogs": "dog",
    "birds": "bird",
    "reptiles": "reptile",
    "insects": "insect",
    "fish": "fish",
    "monkeys": "monkey",
    "cats": "cat",
    "food": "food",
    "fruit": "fruit",
    "vegetables": "vegetable",
    "mushrooms": "fungus",
    "vehicles": "vehicle",
    "containers": "container",
    "buildings and structures": "structure",
    "clothing": "clothing",
    "musical instruments": "musical instrument",
    "furniture": "furniture",
    "tools": "tool",
    "machines": "machine",
    "household appliances": "appliance",
    "electronics": "electronic equipment",
    "sports equipment": "sports equipment",
    "clocks and watches": "timepiece",
    "landscapes": "geological formation",
}
_SOUNDS = {
    "animals": "an animal",
    "birds": "a bird",
    "people": "a human sound",
    "music": "music",
    "musical instruments": "a musical instrument",
    "the house": "a household sound",
    "tools at work": "work with tools",
    "vehicles and traffic": "a vehicle",
    "signals and alarms": "a signal",
    "nature": "a sound of nature",
}

_SIGHT = (
    "Things by the classes of ImageNet, found by their names, synonyms and kinds; their place in "
    "the picture and which of eleven basic colours they have; and whatever was taught by example. "
    "No brands and makes, no actions, and of what is in no class only what it looks like, once it "
    "was taught."
)
_SOUND = (
    "Everyday sounds by class, and sounds that were taught by example. "
    "Not who speaks, and not which piece of music it is."
)
_SPEECH: Mapping[SpeechModel, str] = {
    "tiny.en": "What is said in English, as text with times. Not who says it.",
    "base": "What is said, in about a hundred languages (best in those much spoken), as text with "
    "times. Not who says it. By its meaning, and not its words alone, only English is found.",
    "off": "What is said is not understood.",
}
_READING = (
    "Lines of printed text in the Latin and Chinese scripts and Japanese, from about 20 pixels of "
    "height, in pictures that show something new. Hardly any handwriting."
)
_PEOPLE = (
    "How many people are in view, when one comes and goes, and the colours of what they wear. "
    "Nobody is identified: no faces by name, no age, no mood."
)
_EXAMPLES: Mapping[SenseKind, tuple[str, ...]] = {
    "sight": ("When did you last see a cup?", "What colour was the car?", "Did you see my keys?"),
    "sound": ("When did the dog bark?", "How many times did the bell ring?"),
    "speech": ("What was said at 1:20?", "Did anyone mention the dentist?"),
    "reading": ("What did the sign say?", "When did the number 42 appear?"),
    "people": ("How many people were there at once?", "Did anyone come in?"),
}


def vocabulary(
    preset: str,
    sights: LabelSpace,
    sounds: LabelSpace,
    sound_groups: Sequence[Mapping[str, Any]],
    speech: SpeechModel,
    reading: bool,
    people: bool,
) -> dict[str, Any]:
    """`ttm_protocol.answers.Vocabulary` as plain JSON, for the senses that are switched on.

    `sound_groups` are the rows of kinds with which the space of sounds was made.
    """
    groups = {words: row["classes"] for row in sound_groups for words in row["words"]}
    seen = {name: _classes_of(sights, word) for name, word in _SIGHTS.items()}
    heard = {name: groups.get(words, ()) for name, words in _SOUNDS.items()}
    senses = (
        _by_classes("sight", _SIGHT, sights, seen),
        _by_classes("sound", _SOUND, sounds, heard),
        Sense(
            sense="speech",
            on=speech != "off",
            about=_SPEECH[speech],
            examples=_EXAMPLES["speech"],
        ),
        Sense(sense="reading", on=reading, about=_READING, examples=_EXAMPLES["reading"]),
        Sense(sense="people", on=people, about=_PEOPLE, examples=_EXAMPLES["people"]),
    )
    plain: dict[str, Any] = to_plain(Vocabulary(preset=preset, senses=senses))
    return plain


def _by_classes(
    sense: SenseKind, about: str, space: LabelSpace, kinds: Mapping[str, Iterable[int]]
) -> Sense:
    """A sense that is always on, with its classes by kind and what is left of them at the end."""
    rows = {name: frozenset(classes) for name, classes in kinds.items() if classes}
    ordered = sorted(rows.items(), key=lambda row: (-len(row[1]), row[0]))
    left = frozenset(range(len(space))) - frozenset().union(*rows.values())
    if left:
        ordered.append(("other things" if rows else "all", left))
    return Sense(
        sense=sense,
        on=True,
        about=about,
        classes=len(space),
        kinds=tuple(
            ClassKind(
                name=name,
                count=len(classes),
                classes=tuple(sorted({space.everyday[cls] for cls in classes}, key=str.casefold)),
            )
            for name, classes in ordered
        ),
        examples=_EXAMPLES[sense],
    )


def _classes_of(space: LabelSpace, word: str) -> frozenset[int]:
    """The classes of a kind that the space knows by this word; none where it does not."""
    match = space.lexicon.find(word)
    return frozenset(match.classes) if match else frozenset()
