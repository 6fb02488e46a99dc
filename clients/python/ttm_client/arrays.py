"""Chunks from NumPy arrays that a program makes. Knows no file, no device and no socket."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from ttm_client.chunking import CHUNK_S, Chunker
from ttm_client.source import MediaChunk, Source
from ttm_protocol.errors import MediaError

Array = npt.NDArray[Any]
RATES_HZ = (4_000, 192_000)
LAYOUTS = {1: "mono", 2: "stereo"}


class ArraySource(Source):
    """Half-second chunks of arrays, encoded and resampled.

    `frames`: pairs of the media second at which a picture was taken and the picture, (H, W, 3)
    RGB or (H, W) grey, uint8; None where there are none. `audio`: blocks of samples that follow
    each other from media second 0, int16 or floating in [-1, 1], (N,) or (N, channels) with one or
    two channels, at `sample_rate` Hz; None where there is none. Both may go on for ever: each is
    read only as far as the other has got. `live`: they go on whether or not they are taken.

    Raises MediaError naming the array and what is wrong with it.
    """

    def __init__(
        self,
        frames: Iterable[tuple[float, Array]] | None,
        audio: Iterable[Array] | None = None,
        sample_rate: int = 16_000,
        *,
        live: bool = False,
        pictures_per_chunk: int = 1,
        chunk_s: float = CHUNK_S,
    ) -> None:
        super().__init__()
        if frames is None and audio is None:
            raise MediaError("frames, audio: at least one of the two is needed", field="frames")
        if not RATES_HZ[0] <= sample_rate <= RATES_HZ[1]:
            raise MediaError(
                f"sample_rate: {sample_rate} Hz, {RATES_HZ[0]} to {RATES_HZ[1]}",
                field="sample_rate",
            )
        self.live = live
        self._frames = frames
        self._audio = audio
        self._sample_rate = sample_rate
        self._cutting: dict[str, Any] = {
            "pictures_per_chunk": pictures_per_chunk,
            "chunk_s": chunk_s,
        }

    def __iter__(self) -> Iterator[MediaChunk]:
        pictures, sounds = self._pictures(), self._sounds()
        chunker = Chunker(
            video=self._frames is not None, audio=self._audio is not None, **self._cutting
        )
        picture, sound = next(pictures, None), next(sounds, None)
        while (picture or sound) and not self.stopped:
            if sound is None or (picture is not None and picture[1] <= sound[1]):
                assert picture is not None
                chunker.add(*picture)
                picture = next(pictures, None)
            else:
                chunker.add(*sound)
                sound = next(sounds, None)
            yield from chunker.ready()
        yield from chunker.rest()

    def _pictures(self) -> Iterator[tuple[Any, float]]:
        before_s = 0.0
        for number, (time_s, array) in enumerate(self._frames or ()):
            name = f"frames[{number}]"
            if not before_s <= time_s < float("inf"):
                raise MediaError(
                    f"{name}: taken at {time_s} s, but the one before at {before_s} s",
                    field="frames",
                )
            before_s = float(time_s)
            grey = array.ndim == 2
            if array.dtype != np.uint8 or not (grey or array.shape[2:] == (3,)) or not array.size:
                raise MediaError(
                    f"{name}: {array.dtype} of shape {array.shape}, "
                    "uint8 of shape (H, W, 3) or (H, W)",
                    field="frames",
                )
            pixels = np.ascontiguousarray(array)
            yield av.VideoFrame.from_ndarray(pixels, "gray" if grey else "rgb24"), before_s

    def _sounds(self) -> Iterator[tuple[Any, float]]:
        samples = 0
        for number, array in enumerate(self._audio or ()):
            block = _stereo_or_mono(array, number)
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(block.reshape(1, -1)), "s16", LAYOUTS[block.shape[1]]
            )
            frame.sample_rate = self._sample_rate
            yield frame, samples / self._sample_rate
            samples += len(block)


def _stereo_or_mono(array: Array, number: int) -> npt.NDArray[np.int16]:
    """(N, channels) as int16."""
    block = array[:, None] if array.ndim == 1 else array
    if block.ndim != 2 or block.shape[1] not in LAYOUTS or not len(block):
        raise MediaError(
            f"audio[{number}]: shape {array.shape}, (N,) or (N, channels) of 1 or 2 channels",
            field="audio",
        )
    if block.dtype == np.int16:
        return block
    if not np.issubdtype(block.dtype, np.floating) or not np.isfinite(block).all():
        raise MediaError(
            f"audio[{number}]: {block.dtype}, int16 or finite floating numbers in [-1, 1]",
            field="audio",
        )
    return (np.clip(block, -1.0, 1.0) * 32767).round().astype(np.int16)
