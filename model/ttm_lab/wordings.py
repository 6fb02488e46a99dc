"""Writes questions in many wordings, for training and for measuring consistency. Knows no memory.

The wordings come in two lists that share no pattern: TRAIN, and HELD_OUT (about a fifth) on which
nothing may be tuned.
"""

import random
from collections.abc import Iterator
from typing import Literal

from ttm_lab.wording_templates import HELD_OUT, TRAIN
from ttm_model.questions.question import Modality
from ttm_model.questions.rules.nouns import plural
from ttm_model.questions.rules.soundwords import BASE_FORMS, MASS
from ttm_model.questions.window import Window

Split = Literal["train", "held_out"]
_VERBS: dict[Modality | None, dict[str, str]] = {
    "video": {
        "see": "see",
        "saw": "saw",
        "seen": "seen",
        "seeing": "seeing",
        "shown": "on screen",
    },
    "audio": {
        "see": "hear",
        "saw": "heard",
        "seen": "heard",
        "seeing": "hearing",
        "shown": "audible",
    },
    None: {},
}


def _clock(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def _length(seconds: float) -> list[str]:
    """Ways to say a duration; all mean the same number of seconds."""
    ways = [f"{seconds:g} seconds"]
    names = {1: "one", 2: "two", 3: "three", 5: "five", 10: "ten", 15: "fifteen", 20: "twenty"}
    names |= {30: "thirty", 40: "forty", 45: "forty five", 50: "fifty", 90: "ninety"}
    if seconds in names:
        ways.append(f"{names[int(seconds)]} seconds")
    if seconds == 30:
        ways.append("half a minute")
    if seconds == 60:
        ways += ["a minute", "one minute"]
    elif seconds == 90:
        ways += ["a minute and a half", "1 minute 30 seconds"]
    elif seconds % 60 == 0 and seconds:
        minutes = int(seconds // 60)
        ways += [f"{minutes} minutes", f"{names.get(minutes, minutes)} minutes"]
    return ways


def _edges(window: Window) -> tuple[float, float]:
    return window.a_s or 0.0, window.b_s or 0.0


def window_texts(window: Window) -> list[str]:  # noqa: PLR0911  (one per kind)
    """Ways to say a window. An open "ago" range and odd `start`/`end` lengths have fewer."""
    a, b = _edges(window)
    match window.kind:
        case "ago" if window.b_s is not None:
            more = b == float("inf")
            return [
                f"more than {w} ago" if more else f"between {a:g} and {b:g} seconds ago"
                for w in _length(a)
            ]
        case "ago":
            return [f"{hedge}{w} ago" for w in _length(a) for hedge in ("", "about ")]
        case "last":
            lengths = [
                w.removeprefix("a ").removeprefix("half a ")
                for w in _length(a)
                if not w.startswith(("half", "a minute and"))
            ]
            return [f"{p} {w}" for w in lengths for p in ("in the last", "within the past")]
        case "start":
            return ["at the start", "at the beginning", "at the very beginning"]
        case "end":
            return ["just now", "a moment ago"]
        case "between":
            texts = [f"between {_clock(a)} and {_clock(b)}", f"between {a:g} and {b:g} seconds"]
            return [*texts, f"in the first {b:g} seconds"] if a == 0 else texts
        case "at":
            return [f"at {_clock(a)}", f"at second {a:g}", f"{a:g} seconds in"]
        case "since":
            return [f"after {_clock(a)}", f"since {_clock(a)}"]
        case "until":
            return [f"before {_clock(b)}", f"until {_clock(b)}"]


def article(phrase: str) -> str:
    """Put "a", "an" or (for what cannot be counted) "some" before a phrase."""
    head = phrase.rsplit(" ", 1)[-1]
    if head in MASS:
        return f"some {phrase}"
    return f"{'an' if phrase[0] in 'aeiou' else 'a'} {phrase}"


def _any(phrase: str) -> str:
    *before, head = phrase.split(" ")
    many = head if head in MASS else plural(head)
    return " ".join(["any", *before, many])


def _serves(marks: str, phrase: str | None, modality: Modality | None) -> bool:
    if marks == "c":
        words = (phrase or "").split(" ")
        return modality == "audio" and len(words) > 1 and words[-1] in BASE_FORMS
    return ("-" if modality is None else modality[0]) in marks


def wordings(
    kind: str,
    phrase: str | None,
    modality: Modality | None,
    window: Window | None = None,
    *,
    split: Split = "train",
    seed: int = 0,
) -> Iterator[str]:
    """Yield questions that mean (kind, phrase, modality, window), each pattern once.

    For BEFORE, AFTER and WITH the phrase is the anchor and a window is left out. The order and
    the way to say the window depend on `seed` alone. Raises
    ValueError where a kind that needs a phrase gets none.
    """
    table = TRAIN if split == "train" else HELD_OUT
    rng = random.Random(seed)
    chosen = [text for marks, text in table.get(kind, []) if _serves(marks, phrase, modality)]
    rng.shuffle(chosen)
    slots = dict(_VERBS[modality])
    if phrase:
        slots |= {"a": article(phrase), "the": f"the {phrase}", "any": _any(phrase)}
    elif any("{the}" in text for text in chosen):
        msg = f"phrase: a question of kind {kind} needs one"
        raise ValueError(msg)
    anchored = kind in ("before", "after", "with")
    for text in chosen:
        question = text.format(**slots)
        if window is not None and not anchored:
            question = _timed(question, rng.choice(window_texts(window)), rng)
        yield question


def _timed(question: str, when: str, rng: random.Random) -> str:
    plain, mark = question.removesuffix("?"), "?" if question.endswith("?") else ""
    if rng.random() < 0.25 or ", " in plain:
        return f"{when}, {plain}{mark}"
    return f"{plain} {when}{mark}"
