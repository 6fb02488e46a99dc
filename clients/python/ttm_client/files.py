"""Chunks from a media file that PyAV can open. Blocking; knows no socket and no session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import av.error

from ttm_client.chunking import CHUNK_S, Chunker
from ttm_client.source import MediaChunk, Source
from ttm_protocol.errors import MediaError

PIPE = "pipe:0"  # standard input; it cannot be opened twice


class FileSource(Source):
    """Half-second chunks of a media file: stills as JPEG, sound as 16 kHz mono PCM.

    `source` is a path, or "-" for standard input (which works once, with a container that can be
    read without seeking: WebM, Matroska, MPEG-TS, fragmented MP4). Raises MediaError where it
    cannot be opened or holds no media.
    """

    def __init__(
        self, source: str | Path, pictures_per_chunk: int = 1, chunk_s: float = CHUNK_S
    ) -> None:
        super().__init__()
        self.source = PIPE if str(source) == "-" else source
        self.pictures_per_chunk = pictures_per_chunk
        self.chunk_s = chunk_s

    def __iter__(self) -> Iterator[MediaChunk]:
        try:
            with av.open(str(self.source)) as container:
                chunker = chunker_for(
                    container,
                    str(self.source),
                    pictures_per_chunk=self.pictures_per_chunk,
                    chunk_s=self.chunk_s,
                )
                for frame, time_s in frames(container):
                    if self.stopped:
                        break
                    chunker.add(frame, time_s)
                    yield from chunker.ready()
                yield from chunker.rest()
        except (av.error.FFmpegError, OSError) as error:
            raise MediaError(f"{self.source}: {error}") from error

    def duration_s(self) -> float | None:
        """The length that the container announces, or None."""
        if self.source == PIPE:
            return None
        try:
            with av.open(str(self.source)) as container:
                return None if container.duration is None else container.duration / av.time_base
        except (av.error.FFmpegError, OSError) as error:
            raise MediaError(f"{self.source}: {error}") from error


def chunker_for(container: Any, name: str, **options: Any) -> Chunker:
    """A chunker for the kinds that a container holds; raises MediaError where it holds neither."""
    video, audio = bool(container.streams.video), bool(container.streams.audio)
    if not video and not audio:
        raise MediaError(f"{name}: neither picture nor sound in it")
    return Chunker(video=video, audio=audio, **options)


def frames(container: Any) -> Iterator[tuple[Any, float | None]]:
    """Frames of a container's first picture and first sound, and when each begins.

    Seconds since the container's start. A damaged packet costs itself only.
    """
    streams = [kind[0] for kind in (container.streams.video, container.streams.audio) if kind]
    for stream in streams:
        stream.thread_type = "AUTO"
    origin_s = (container.start_time or 0) / av.time_base
    for packet in container.demux(*streams):
        for frame in _decoded(packet):
            yield frame, None if frame.time is None else max(0.0, frame.time - origin_s)


def _decoded(packet: Any) -> list[Any]:
    try:
        return list(packet.decode())
    except av.error.InvalidDataError:
        return []
