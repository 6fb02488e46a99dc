"""Whole answers for the documentation, under the name of their type. Knows no endpoint."""

from __future__ import annotations

from typing import Any

SESSION_ID = "k3vq7n2mbx4tza6hw5ydcpjre2"

_BARK: dict[str, Any] = {
    "modality": "audio",
    "label": "dog bark",
    "start_s": 31.5,
    "end_s": 36.0,
    "score": 0.71,
    "count": 3,
    "slot": 37,
    "name": "dog",
    "text": "",
    "box": None,
    "colours": [],
}
_CUP: dict[str, Any] = {
    "modality": "video",
    "label": "coffee mug",
    "start_s": 40.0,
    "end_s": 112.5,
    "score": 0.83,
    "count": 1,
    "slot": 38,
    "name": "cup",
    "text": "",
    "box": [0.4, 0.31, 0.58, 0.66],
    "colours": ["red", "white"],
}
_SAID: dict[str, Any] = {
    "kind": "speech",
    "text": "where is the cup",
    "start_s": 35.2,
    "end_s": 36.4,
    "p": 0.93,
    "count": 1,
    "language": "en",
    "words": [
        {"text": "where", "start_s": 35.2},
        {"text": "is", "start_s": 35.5},
        {"text": "the", "start_s": 35.7},
        {"text": "cup", "start_s": 35.9},
    ],
}
_WRITTEN: dict[str, Any] = {
    "kind": "text",
    "text": "EXIT",
    "start_s": 52.0,
    "end_s": 61.5,
    "p": 0.97,
    "count": 1,
    "language": "",
    "words": [],
}
_GAP: dict[str, Any] = {"t0": 12.0, "t1": 14.5, "reason": "backpressure"}

EXAMPLES: dict[str, dict[str, Any]] = {
    "Answer": {
        "question": "When did the dog bark?",
        "state": "answered",
        "answer": "A dog barked about a minute and a half ago, three times.",
        "confidence": 0.82,
        "when": {
            "ago_s": 94.0,
            "start_s": 31.5,
            "end_s": 36.0,
            "uncertainty_s": 2.0,
            "wall_clock": "2026-01-01T00:00:31Z",
        },
        "evidence": [_BARK],
        "alternatives": [{"text": "door slam", "p": 0.09}],
        "as_of_seq": 256,
        "as_of_s": 128.0,
        "coverage_since_s": 12.0,
        "gaps": [],
        "words_until_s": None,
    },
    "Timeline": {"events": [_BARK, _CUP], "coverage_since_s": 12.0},
    "Summary": {
        "text": "A cup was there nearly all the time. In the first minute a dog barked three "
        "times.",
        "since_s": 0.0,
        "until_s": 128.0,
        "stretches": [
            {
                "start_s": 0.0,
                "end_s": 60.0,
                "items": [
                    {
                        "modality": "audio",
                        "name": "dog",
                        "count": 3,
                        "first_s": 31.5,
                        "last_s": 36.0,
                    }
                ],
            }
        ],
        "background": ["cup"],
        "stood_out": [_BARK],
        "as_of_s": 128.0,
        "coverage_since_s": 12.0,
    },
    "Words": {
        "words": [_SAID, _WRITTEN],
        "coverage_since_s": {"speech": 0.0, "text": 0.0},
        "words_until_s": 126.0,
    },
    "Taught": {
        "name": "my cup",
        "examples": 2,
        "modality": "video",
        "start_s": 125.0,
        "end_s": 128.0,
        "label": "coffee mug",
    },
    "Things": {
        "things": [{"name": "my cup", "examples": 2, "modality": "video", "taught_at_s": 128.0}],
        "limit": 16,
    },
    "Vocabulary": {
        "preset": "lite",
        "senses": [
            {
                "sense": "sound",
                "on": True,
                "about": "Hears about 160 kinds of sound.",
                "classes": 160,
                "kinds": [{"name": "animals", "count": 2, "classes": ["dog bark", "crow"]}],
                "examples": ["When did the dog bark?"],
            },
            {
                "sense": "speech",
                "on": True,
                "about": "Understands English speech as words; not who spoke.",
                "classes": 0,
                "kinds": [],
                "examples": ["Did anyone mention the cup?"],
            },
        ],
    },
    "SessionInfo": {
        "session_id": SESSION_ID,
        "status": "live",
        "created_at": 1767225600.0,
        "durable_seq": 258,
        "applied_seq": 256,
        "lag_chunks": 2,
        "media_s": 128.0,
        "gaps": [_GAP],
        "model": {
            "preset": "lite",
            "checkpoint": "s0",
            "schema": "slot-ttm/2;lite;s0;60x256;66938aa1",
        },
        "memory": {"tokens": 60, "dim": 256, "places": 312, "bytes": 297028},
        "tiered": False,
    },
}
