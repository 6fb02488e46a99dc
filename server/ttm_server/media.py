"""Decode a chunk's pictures and sound for the model. Knows no session, store or event loop.

A picture or sound that cannot be decoded becomes a gap of that chunk; the rest of the chunk is
kept. Nothing here raises for bad media.
"""

from __future__ import annotations

import io
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from ttm_model.chunk import SAMPLE_RATE_HZ, ChunkMedia
from ttm_model.slow import Job, JobMedia
from ttm_protocol.errors import MediaError
from ttm_protocol.messages import DEFAULT_LIMITS, Chunk, Gap, Limits, Picture, read_chunk

Pixels = npt.NDArray[np.uint8]
Fit = Callable[[Pixels], Pixels]
FULL_SCALE = 32768.0
DRAFT_PX = 448  # JPEGs are decoded at reduced scale, but never below twice the encoder's side
LARGE_PX = 1280  # the longer side of a picture that is looked at closely, at most
SAME_TIME_S = 1e-3


@dataclass(frozen=True, slots=True)
class DecodedChunk:
    """A chunk ready for a step: its media, and what of it was missing or undecodable.

    `payload`: as it is stored, for senses that look at it again.
    """

    seq: int
    media: ChunkMedia
    gaps: tuple[Gap, ...]
    ready_s: float = 0.0  # monotonic clock when it was decoded
    payload: bytes = b""


def decode_chunk(chunk: Chunk, fit: Fit, limits: Limits = DEFAULT_LIMITS) -> DecodedChunk:
    """Decode everything in a chunk; `fit` brings a picture (H, W, 3) to the encoder's size."""
    gaps = [] if chunk.gap is None else [chunk.gap]
    pictures, times_s = [], []
    for picture in chunk.video:
        try:
            pictures.append(fit(decode_picture(picture, limits)))
            times_s.append(_taken_s(picture, chunk))
        except MediaError:
            gaps.append(Gap(chunk.t, chunk.end_s, "bad_picture"))
    media = ChunkMedia(chunk.t, chunk.d, tuple(pictures), tuple(times_s), decode_audio(chunk.audio))
    return DecodedChunk(chunk.seq, media, tuple(gaps), time.monotonic())


def _taken_s(picture: Picture, chunk: Chunk) -> float:
    """When a picture was taken, inside its chunk in any case."""
    return min(max(picture.t, chunk.t), chunk.end_s)


def decode_picture(
    picture: Picture, limits: Limits = DEFAULT_LIMITS, *, large: bool = False
) -> Pixels:
    """A JPEG, PNG or WebP file as RGB pixels (H, W, 3) uint8; raises MediaError.

    `large`: at its own size, reduced to LARGE_PX where its longer side is longer.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a decompression bomb is only a warning to Pillow
            with Image.open(io.BytesIO(picture.data), formats=("JPEG", "PNG", "WEBP")) as image:
                if max(image.size) > limits.max_picture_side_px:
                    raise MediaError(
                        f"picture: {image.size[0]}x{image.size[1]} px, "
                        f"at most {limits.max_picture_side_px} a side"
                    )
                draft_px = LARGE_PX if large else DRAFT_PX
                image.draft("RGB", (draft_px, draft_px))
                pixels = image.convert("RGB")
                if large:
                    pixels.thumbnail((LARGE_PX, LARGE_PX))
                return np.asarray(pixels)
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


def job_media(job: Job, payloads: Sequence[bytes]) -> JobMedia:
    """What a slow sense is given: sound for speech, else the one picture taken at `start_s`.

    `payloads`: chunks as they are stored, in order. Where their media overlap, what came first
    counts, so that later chunks change nothing of a job that they do not belong to.
    """
    chunks = [read_chunk(payload) for payload in payloads]
    if job.sense == "speech":
        return JobMedia(audio=_window(job, chunks))
    return JobMedia(picture=_picture(job, chunks))


def _window(job: Job, chunks: Sequence[Chunk]) -> npt.NDArray[np.float32]:
    """The sound of `[start_s, end_s)`, zeros where none came."""
    first, last = _sample(job.start_s), _sample(job.end_s)
    sound = np.zeros(max(0, last - first), np.float32)
    told = first  # up to here it is known what came
    for chunk in chunks:
        audio, begin = decode_audio(chunk.audio), _sample(chunk.t)
        end = begin if audio is None else begin + len(audio)
        low, high = max(begin, told), min(end, last)
        if audio is not None and low < high:
            sound[low - first : high - first] = audio[low - begin : high - begin]
        told = max(told, end, _sample(chunk.end_s))
    return sound


def _picture(job: Job, chunks: Sequence[Chunk]) -> Pixels | None:
    """The last picture of that time in the first chunk that has one; None: not decodable."""
    for chunk in chunks:
        for picture in reversed(chunk.video):
            if abs(_taken_s(picture, chunk) - job.start_s) <= SAME_TIME_S:
                try:
                    return decode_picture(picture, large=True)
                except MediaError:
                    return None
    return None


def _sample(time_s: float) -> int:
    return round(time_s * SAMPLE_RATE_HZ)
