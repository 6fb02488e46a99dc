"""Whether five wordings of one question get one answer, with the real parser. Knows no encoder.

Things of an episode are named with real nouns; what the parser understood, and nothing else, says
which question is put to the memory. A wording that is understood as another thing, or not at all,
gets another answer.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from ttm_lab.task.interface import Episode, MemorySystem
from ttm_lab.wordings import Split, wordings
from ttm_model.questions.question import Question, Understood
from ttm_model.questions.understand import understand
from ttm_model.questions.window import Window

WORDINGS = 5
CANDIDATES = 100
SIGHT_NOUNS = (
    "red fox",
    "teapot",
    "violin",
    "school bus",
    "golden retriever",
    "umbrella",
    "coffee mug",
    "tabby cat",
    "banana",
    "grand piano",
    "bicycle",
    "pizza",
    "goldfish",
    "backpack",
    "laptop",
    "lemon",
    "lighthouse",
    "mushroom",
    "parrot",
    "pineapple",
    "sunglasses",
    "tennis ball",
    "zebra",
    "acoustic guitar",
    "bookcase",
    "candle",
    "desk lamp",
    "drum",
    "elephant",
    "fire truck",
    "hammer",
    "ladybug",
    "mailbox",
    "orange",
    "penguin",
    "rabbit",
    "sailboat",
    "snail",
    "strawberry",
    "wooden spoon",
)
SOUND_NOUNS = (
    "dog bark",
    "doorbell",
    "car horn",
    "church bell",
    "baby cry",
    "rooster",
    "thunder",
    "siren",
    "phone ring",
    "glass breaking",
    "keyboard typing",
    "cat meow",
    "applause",
    "clock tick",
    "engine",
    "rain",
    "whistle",
    "cough",
    "sneeze",
    "footsteps",
)


@dataclass(frozen=True, slots=True)
class Group:
    """One question in several wordings, and what each was answered."""

    kind: str
    texts: tuple[str, ...]
    answers: tuple[Any, ...]

    @property
    def same(self) -> bool:
        """Whether every wording got the first one's answer, and that was one."""
        return self.answers[0] is not None and all(a == self.answers[0] for a in self.answers)


@dataclass(frozen=True, slots=True)
class _Meant:
    kind: str
    phrase: str | None
    window: Window | None = None


def reworded(
    system: MemorySystem, memory: Any, episode: Episode, count: int, seed: int, split: Split
) -> list[Group]:
    """`count` questions about the episode in five wordings each; fewer where patterns run out."""
    rng = random.Random(seed)
    sights = dict(zip(SIGHT_NOUNS, (e.sight for e in episode.events), strict=False))
    heard = [e.sound for e in episode.events if e.sound is not None]
    sounds = dict(zip(SOUND_NOUNS, heard, strict=False))
    groups = []
    for meant in _questions(count, list(sights), list(sounds), episode.length_s, rng):
        asked = list(
            wordings(
                meant.kind,
                meant.phrase,
                "video",
                meant.window,
                split=split,
                seed=rng.randrange(1 << 30),
            )
        )[:WORDINGS]
        if len(asked) < WORDINGS:
            continue
        answers = tuple(
            _answer(system, memory, episode, understand(text), sights, sounds) for text in asked
        )
        groups.append(Group(meant.kind, tuple(asked), answers))
    return groups


def _questions(
    count: int, sights: list[str], sounds: list[str], length_s: float, rng: random.Random
) -> Iterator[_Meant]:
    kinds = ["presence", "when", "what", "with"]
    for at in range(count):
        kind = kinds[at % len(kinds)]
        if kind == "what":
            yield _Meant(kind, None, Window("at", a_s=float(rng.randrange(2, int(length_s) - 2))))
        elif kind == "with":
            yield _Meant(kind, rng.choice(sounds))
        else:
            yield _Meant(kind, rng.choice(sights))


def _answer(
    system: MemorySystem,
    memory: Any,
    episode: Episode,
    question: Understood,
    sights: dict[str, int],
    sounds: dict[str, int],
) -> Any:
    """What the memory answers to what was understood; None where that cannot be asked."""
    if not isinstance(question, Question):
        return None
    candidates = episode.sights.text[torch.tensor(list(sights.values()))]
    with torch.inference_mode():
        if question.kind == "what" and question.window is not None:
            low_s, high_s = question.window.resolve(episode.length_s)
            return int(system.at_time(memory, (low_s + high_s) / 2, candidates).argmax())
        if question.kind == "with" and question.anchors[0].phrase in sounds:
            sound = episode.sounds.text[sounds[question.anchors[0].phrase]]
            return int(system.beside(memory, sound, candidates).argmax())
        if question.phrase not in sights:
            return None
        sight = episode.sights.text[sights[question.phrase]]
        if question.kind == "when":
            return "when", system.when(memory, sight)
        return system.presence(memory, sight)[1] if question.kind == "presence" else None
