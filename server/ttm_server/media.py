"""Decode a chunk's pictures and sound for the model. Knows no session, store or event loop.

A picture or sound that cannot be decoded becomes a gap of that chunk; the rest of the chunk is
kept. Nothing here raises for bad media.
"""

from __future__ import annotations

import io
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from ttm_model.chunk import ChunkMedia
from ttm_protocol.errors import MediaError
from ttm_protocol.messages import DEFAULT_LIMITS, Chunk, Gap, Limits, Picture

Pixels = npt.NDArray[np.uint8]
Fit = Callable[[Pixels], Pixels]
FULL_SCALE = 32768.0
DRAFT_PX = 448  # JPEGs are decoded at reduced scale, but never below twice the encoder's side


@dataclass(frozen=True, slots=True)
class DecodedChunk:
    """A chunk ready for a step: its media, and what of it was missing or undecodable."""

    seq: int
    media: ChunkMedia
    gaps: tuple[Gap, ...]
    ready_s: float = 0.0  # monotonic clock when it was decoded


def decode_chunk(chunk: Chunk, fit: Fit, limits: Limits = DEFAULT_LIMITS) -> DecodedChunk:
    """Decode everything in a chunk; `fit` brings a picture (H, W, 3) to the encoder's size."""
    gaps = [] if chunk.gap is None else [chunk.gap]
    pictures, times_s = [], []
    for picture in chunk.video:
        try:
            pictures.append(fit(decode_picture(picture, limits)))
            times_s.append(min(max(picture.t, chunk.t), chunk.end_s))
        except MediaError:
            gaps.append(Gap(chunk.t, chunk.end_s, "bad_picture"))
    media = ChunkMedia(chunk.t, chunk.d, tuple(pictures), tuple(times_s), decode_audio(chunk.audio))
    return DecodedChunk(chunk.seq, media, tuple(gaps), time.monotonic())


def decode_picture(picture: Picture, limits: Limits = DEFAULT_LIMITS) -> Pixels:
    """A JPEG, PNG or WebP file as RGB pixels (H, W, 3) uint8; raises MediaError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a decompression bomb is only a warning to Pillow
            with Image.open(io.BytesIO(picture.data), formats=("JPEG", "PNG", "WEBP")) as image:
                if max(image.size) > limits.max_picture_side_px:
                    raise MediaError(
                        f"picture: {image.size[0]}x{image.size[1]} px, "
                        f"at most {limits.max_picture_side_px} a side"
                    )
                image.draft("RGB", (DRAFT_PX, DRAFT_PX))
                return np.asarray(image.convert("RGB"))
    except MediaError:
        raise
    except (OSError, SyntaxError, ValueError, Warning, UnidentifiedImageError) as error:
        raise MediaError(f"picture: cannot be decoded: {error}") from None
    except Exception as error:  # a decoder's bug on hostile bytes must cost one picture only
        raise MediaError(f"picture: decoder failed: {type(error).__name__}") from None


def decode_audio(audio: bytes | None) -> npt.NDArray[np.float32] | None:
    """PCM signed 16-bit little-endian as float32 in [-1, 1), or None where there is none."""
    if not audio:
        return None
    return np.frombuffer(audio, dtype="<i2").astype(np.float32) / np.float32(FULL_SCALE)
