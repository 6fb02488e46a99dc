"""One session's encoder outputs of one chunk to input tokens. Knows no memory and no question.

Pure: what is carried from chunk to chunk (the scene) comes in and goes out as a value.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ttm_model.chunk import ChunkMedia
from ttm_model.encoders.picture import PictureFeatures
from ttm_model.encoders.sound import SoundBatch
from ttm_model.labels.class_keys import ClassKeys
from ttm_model.labels.picture_keys import next_scene
from ttm_model.labels.things import Looking
from ttm_model.looks import UNKNOWN, Looks, look
from ttm_model.ttm.layout import Modality
from ttm_model.ttm.tokens import InputTokens

VIDEO_PLACES = 8
AUDIO_PLACES = 3
PERSON_PLACES = 16  # persons of the pictures whose findings enter with one step
FIRST_PLACES = {
    Modality.VIDEO: 0,
    Modality.AUDIO: VIDEO_PLACES,
    Modality.PERSON: VIDEO_PLACES + AUDIO_PLACES,
}
PLACES = VIDEO_PLACES + AUDIO_PLACES + PERSON_PLACES
HEARD_P = 0.5
SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Thing:
    """One candidate for memory: key (d,), salience, the interval it stands for, and its looks."""

    key: Tensor
    salience: float
    start_s: float
    end_s: float
    looks: Looks = UNKNOWN


def seen(
    features: PictureFeatures, media: ChunkMedia, scene: Tensor, looking: Looking
) -> tuple[list[Thing], Tensor]:
    """What the chunk's pictures show, picture after picture, and the scene (1280,) after them."""
    found: list[Thing] = []
    spans = picture_spans(media)
    pictures = zip(media.pictures, features.cells, features.tall, spans, strict=True)
    for picture, cells, tall, (start_s, end_s) in pictures:
        sights = looking.things(cells, tall, scene)
        scene = next_scene(scene, cells, looking.keys)
        found += [Thing(s.key, s.salience, start_s, end_s, look(picture, s.box)) for s in sights]
    if len(found) > VIDEO_PLACES:
        found = sorted(found, key=lambda thing: -thing.salience)[:VIDEO_PLACES]
        found = sorted(found, key=lambda thing: thing.start_s)
    return found, scene


def picture_spans(media: ChunkMedia) -> list[tuple[float, float]]:
    """The stretch of the chunk that each picture stands for: up to halfway to its neighbours."""
    times = sorted(media.picture_times_s)
    middles = [(a + b) / 2 for a, b in itertools.pairwise(times)]
    edges = [media.start_s, *middles, media.end_s]
    return list(itertools.pairwise(edges)) if times else []


def heard(
    batch: SoundBatch, row: int, media: ChunkMedia, names: Sequence[str], keys: ClassKeys
) -> list[Thing]:
    """The classes that sound in the interval which the encoder judged, loudest claim first.

    `names` are those of all classes, in order.
    """
    if not batch.mask[row]:
        return []
    posterior = torch.from_numpy(batch.posteriors[row])
    start_s = max(0.0, media.start_s + float(batch.start_s[row]))
    end_s = media.start_s + float(batch.end_s[row])
    found = []
    for c in posterior.argsort(descending=True)[:AUDIO_PLACES].tolist():
        p = float(posterior[c])
        if p < HEARD_P or names[c] == SILENCE:
            continue
        alone = torch.zeros_like(posterior)
        alone[c] = posterior[c]  # sounds overlap, so each class is a thing of its own
        found.append(Thing(keys.key(alone), p, start_s, end_s))
    return found


def to_tokens(
    rows: Sequence[Mapping[Modality, Sequence[Thing]]], clocks_s: Sequence[float], dim: int
) -> tuple[InputTokens, Tensor]:
    """What each of B sessions noticed, by modality -> tokens and their mask (B, PLACES)."""
    tokens = InputTokens.empty(len(rows), PLACES, dim)
    mask = torch.zeros(len(rows), PLACES, dtype=torch.bool)
    for b, noticed in enumerate(rows):
        for modality, found in noticed.items():
            for place, thing in enumerate(found, start=FIRST_PLACES[modality]):
                tokens.keys[b, place] = thing.key
                tokens.modality[b, place] = int(modality)
                tokens.salience[b, place] = thing.salience
                tokens.start_s[b, place] = thing.start_s
                tokens.end_s[b, place] = thing.end_s
                tokens.looks[b, place] = torch.tensor(list(thing.looks.to_bytes()))
                mask[b, place] = True
        tokens.clock_s[b] = clocks_s[b]
    return tokens, mask
