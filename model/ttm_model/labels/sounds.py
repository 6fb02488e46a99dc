"""The label space of sound classes: their names and texts as words that phrases find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from ttm_model.encoders.sound_classes import SoundClass
from ttm_model.encoders.text import TextEncoder
from ttm_model.labels.plain import load_plain
from ttm_model.labels.space import LabelSpace, class_texts

# A class's name is an answer's word: what the tagger calls "something else" is told as it is.
TOLD_AS = {"something else": "unknown sound", "sound": "unknown sound"}


def sound_space(
    classes: Sequence[SoundClass], text: TextEncoder, groups: Sequence[Mapping[str, Any]] = ()
) -> LabelSpace:
    """Build the space of these classes; every text of a class is a synonym of its name.

    `groups` are wider words ("an animal sound") with the classes they cover. With at most 256
    classes a key is the posterior itself, turned (`class_keys.py`).
    """
    rows = [
        {
            "name": TOLD_AS.get(sound.name, sound.name),
            "synonyms": [text for text in sound.texts if text != sound.name],
        }
        for sound in classes
    ]
    embeddings = torch.stack([text.encode(class_texts(row)) for row in rows])  # (C, 2, 384)
    return LabelSpace(rows, embeddings, groups, plain=load_plain("sounds"))
