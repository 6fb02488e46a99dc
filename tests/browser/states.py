"""What the replaced SDK tells the page: a memory with everything the page can show in it."""

from __future__ import annotations

from typing import Any

_SEEN = (
    ("castle", 14.6, 19.2, 0.83),
    ("hammer", 25.0, 29.6, 0.41),
    ("koala", 29.6, 34.4, 0.77),
    ("umbrella", 39.6, 44.2, 0.62),
    ("Egyptian Mau", 44.2, 49.0, 0.55),
    ("lighthouse", 49.0, 55.0, 0.90),
    ("hot-air balloon", 51.2, 55.0, 0.48),
    ("goldfish", 60.6, 65.2, 0.71),
    ("solar panel", 65.2, 69.8, 0.88),
    ("espresso", 74.6, 79.2, 0.69),
    ("weighing scale", 79.2, 83.8, 0.37),
    ("hen", 83.8, 88.4, 0.74),
)
_HEARD = (
    ("bell", 15.2, 18.6, 0.92),
    ("crow", 21.4, 24.1, 0.66),
    ("door slam", 26.1, 28.7, 0.35),
    ("speech", 35.8, 41.8, 0.97),
    ("alarm clock", 50.6, 53.2, 0.58),
    ("choir", 66.0, 72.6, 0.81),
    ("drums", 84.6, 90.8, 0.76),
)
NAMES = {"Egyptian Mau": "cat", "castle": "castle"}  # of classes that people call otherwise


def _event(modality: str, slot: int, item: tuple[str, float, float, float]) -> dict[str, Any]:
    label, start_s, end_s, score = item
    return {
        "label": label,
        "modality": modality,
        "start_s": start_s,
        "end_s": end_s,
        "score": score,
        "count": 1,
        "slot": slot,
        "name": NAMES.get(label, ""),
        "text": "",
        "box": None,
        "colours": [],
    }


EVENTS = [
    *(_event("video", 16 + n, item) for n, item in enumerate(_SEEN)),
    *(_event("audio", 48 + n, item) for n, item in enumerate(_HEARD)),
    _event("video", 17, ("tabby cat", 20.0, 23.0, 0.3)),  # two events in one slot
    _event("video", 63, ("violin", 18.0, 19.5, 0.4)),  # an older one
]


def _passage(kind: str, text: str, start_s: float, end_s: float, p: float) -> dict[str, Any]:
    return {
        "kind": kind,
        "text": text,
        "start_s": start_s,
        "end_s": end_s,
        "p": p,
        "count": 1,
        "language": "en" if kind == "speech" else "",
        "words": [],
    }


WORDS = {
    "words": [
        _passage("text", "EXIT", 22.0, 31.5, 0.97),
        _passage("speech", "look, there is my umbrella over there", 35.8, 38.4, 0.93),
        _passage("speech", "wreck a nice beach", 39.0, 41.8, 0.41),
        _passage("text", "PLATFORM 9", 62.0, 70.0, 0.88),
        _passage("speech", "shall we take the train at nine", 84.0, 86.5, 0.9),
    ],
    "coverage_since_s": {"speech": 12.0, "text": 0.0},
    "words_until_s": 94.5,
}
THINGS = {
    "things": [
        {"name": "my cup", "examples": 3, "modality": "video", "taught_at_s": 80.0},
        {"name": "doorbell", "examples": 1, "modality": "audio", "taught_at_s": 16.0},
    ],
    "limit": 16,
}
VOCABULARY = {
    "preset": "lite",
    "senses": [
        {
            "sense": "sight",
            "on": True,
            "about": "Knows 1,000 kinds of things by name, synonym or kind; not who or what for.",
            "classes": 1000,
            "kinds": [
                {"name": "animals", "count": 398, "classes": ["cat", "dog", "hen", "koala"]},
                {"name": "tools", "count": 21, "classes": ["hammer", "screwdriver"]},
            ],
            "examples": ["Did you see a hammer?"],
        },
        {
            "sense": "speech",
            "on": True,
            "about": "Understands English speech as words, not who spoke.",
            "classes": 0,
            "kinds": [],
            "examples": ["Did anyone mention the umbrella?"],
        },
        {
            "sense": "reading",
            "on": False,
            "about": "Reads printed lines of 20 pixels and more.",
            "classes": 0,
            "kinds": [],
            "examples": [],
        },
    ],
}
QUOTED = {
    "label": "",
    "modality": "speech",
    "start_s": 35.8,
    "end_s": 38.4,
    "score": 0.93,
    "count": 1,
    "slot": -1,
    "name": "",
    "text": "look, there is my umbrella over there",
    "box": None,
    "colours": [],
}


def _answer(state: str, text: str, confidence: float, **more: Any) -> dict[str, Any]:
    empty = {"when": None, "evidence": [], "alternatives": [], "gaps": [], "words_until_s": None}
    return empty | {"state": state, "answer": text, "confidence": confidence} | more


ANSWERS = {
    "What did I show you before the umbrella?": _answer(
        "answered",
        "A koala, from 0:29 to 0:34. Right after it the umbrella came.",
        0.82,
        evidence=[EVENTS[2], EVENTS[3]],
        alternatives=[{"text": "wombat", "p": 0.07}],
    ),
    "Did you see a dog?": _answer(
        "not_seen",
        "No. I have seen no dog in the last minute and a half.",
        0.74,
        gaps=[{"t0": 56.0, "t1": 59.5, "reason": "backpressure"}],
    ),
    "What did you see in the first five seconds?": _answer(
        "may_have_forgotten", "I may have forgotten: my memory reaches back to 0:12.", 0.2
    ),
    "What colour was the umbrella?": _answer("cannot_tell", "I can't tell colours.", 0.0),
}

MENTIONED = _answer(
    "answered",
    "Yes, at 0:35: “look, there is my umbrella over there”.",
    0.9,
    evidence=[QUOTED, EVENTS[4]],
    words_until_s=94.5,
)

FAKE: dict[str, Any] = {
    "timeline": {"events": EVENTS, "coverage_since_s": 12.0},
    "words": WORDS,
    "things": THINGS,
    "vocabulary": VOCABULARY,
    "now": 98.0,
    "applied": 194,
    "info": {
        "session_id": "V1StGXR8Z5jdHi6BmyT9",
        "status": "live",
        "media_s": 97.0,
        "gaps": [{"t0": 56.0, "t1": 59.5, "reason": "backpressure"}],
        "memory": {"tokens": 60, "dim": 256, "places": 312, "bytes": 297_028},
    },
    "answers": ANSWERS
    | {
        "Did anyone mention my umbrella?": MENTIONED,
        "other": _answer("cannot_tell", "I can't tell.", 0.0),
    },
}
