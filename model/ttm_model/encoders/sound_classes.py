"""Names and texts of the sound classes; knows neither signals nor networks.

A class's texts are its keys in text space: a question's noun phrase is compared with each of them.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SoundClass:
    """One class of sound: its `name` (stable, stored in events) and the `texts` that mean it.

    `kinds` are wider words that hold for it as well as for others: "an animal", "an alarm".
    """

    name: str
    texts: tuple[str, ...]
    kinds: tuple[str, ...] = ()


VOICE_CLASSES: tuple[SoundClass, ...] = (
    SoundClass(
        "speech",
        (
            "speech",
            "someone talking",
            "a voice",
            "a person speaking",
            "people talking",
            "a conversation",
            "somebody said something",
            "spoken words",
        ),
    ),
    SoundClass(
        "singing",
        ("singing", "someone singing", "a singer", "a singing voice", "a choir", "vocals"),
    ),
    SoundClass(
        "music",
        (
            "music",
            "a song",
            "a melody",
            "a tune",
            "instrumental music",
            "a musical instrument",
            "a band playing",
        ),
    ),
    SoundClass(
        "beep",
        (
            "a beep",
            "beeping",
            "an alarm tone",
            "an electronic tone",
            "a buzzer",
            "a signal tone",
            "a timer going off",
        ),
    ),
    SoundClass(
        "knock",
        (
            "a knock",
            "knocking",
            "a bang",
            "a thud",
            "a sharp hit",
            "a clap",
            "something falling down",
            "a door slam",
        ),
    ),
    SoundClass(
        "sound",
        ("a sound", "a noise", "some other sound", "an unknown sound", "something audible"),
    ),
    SoundClass("silence", ("silence", "quiet", "nothing to hear", "no sound")),
)
"""Classes of the first version, in the order of its posterior columns."""
