"""Chunks from a network address: RTSP and the like, or HTTP. Blocking; knows no session."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import av
import av.error

from ttm_client.chunking import CHUNK_S, Chunker
from ttm_client.files import chunker_for, frames
from ttm_client.source import MediaChunk, Source
from ttm_protocol.errors import MediaError
from ttm_protocol.messages import Gap

LIVE_SCHEMES = ("rtsp", "rtsps", "rtmp", "rtmps", "rtp", "udp", "srt")
LIVE_SLACK_S = 2.0  # both kinds come as they happen: nothing that is later than this follows
FIRST_PAUSE_S, MAX_PAUSE_S = 0.25, 4.0  # between attempts to open it again
SOURCE_LOST = "source_lost"  # reason of the gap that a lost connection leaves

# RTSP over TCP: one connection through any firewall, and no silently lost packets.
_RTSP = {"rtsp_transport": "tcp", "analyzeduration": "2000000"}
# A file behind HTTP is asked for again from the byte where it broke off.
_HTTP_FILE = {"reconnect": "1", "reconnect_delay_max": "4"}


def is_live_url(url: str) -> bool:
    """Whether an address goes on whether or not somebody takes what it gives, by its scheme."""
    return url.partition("://")[0].lower() in LIVE_SCHEMES


class UrlSource(Source):
    """Half-second chunks of whatever PyAV opens at an address.

    `live` None: by the scheme, where HTTP is a file; True for a camera that speaks HTTP. A live
    source that breaks off or ends is opened again for `reconnect_for_s`; the media clock goes on
    meanwhile, and the chunk after it tells the gap. Where it does not come back, the chunks end if
    it had ended in an orderly way, else MediaError is raised, as for an address that never worked.
    `options` are FFmpeg's, over the ones chosen here. Errors never show the address's password.
    """

    def __init__(
        self,
        url: str,
        *,
        live: bool | None = None,
        pictures_per_chunk: int = 1,
        chunk_s: float = CHUNK_S,
        open_timeout_s: float = 10.0,
        read_timeout_s: float = 10.0,
        reconnect_for_s: float = 30.0,
        options: dict[str, str] | None = None,
    ) -> None:
        super().__init__()
        self.url = url
        self.live = is_live_url(url) if live is None else live
        self._cutting: dict[str, Any] = {
            "pictures_per_chunk": pictures_per_chunk,
            "chunk_s": chunk_s,
        }
        self._timeouts_s = (open_timeout_s, read_timeout_s)
        self._reconnect_for_s = reconnect_for_s
        scheme = url.partition("://")[0].lower()
        chosen = _RTSP if scheme in {"rtsp", "rtsps"} else {}
        if scheme in {"http", "https"} and not self.live:
            chosen = _HTTP_FILE
        self._options = chosen | (options or {})
        self._end_s = 0.0  # of the newest chunk
        self._begun_s: float | None = None  # monotonic, at the first frame
        self._frame_s = 0.0  # monotonic, at the newest frame

    @property
    def shown(self) -> str:
        """The address without user and password."""
        parts = urlsplit(self.url)
        if parts.username is None and parts.password is None:
            return self.url
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

    def duration_s(self) -> float | None:
        """The length of a file behind HTTP, where it announces one."""
        if self.live:
            return None
        try:
            with self._open() as container:
                return None if container.duration is None else container.duration / av.time_base
        except (av.error.FFmpegError, OSError) as error:
            raise self._failed(error) from error

    def __iter__(self) -> Iterator[MediaChunk]:
        self._end_s, self._begun_s = 0.0, None
        lost: Exception | None = None  # why the connection that last gave media ended
        pause_s = FIRST_PAUSE_S
        while not self.stopped:
            before_s = self._frame_s
            why: Exception | None = None
            try:
                with self._open() as container:
                    yield from self._connection(container)
            except (av.error.FFmpegError, OSError, MediaError) as error:
                why = error
            if self.stopped or not self.live or self._begun_s is None:
                if why is not None and not self.stopped:
                    raise self._failed(why) from why
                return
            if self._frame_s != before_s:
                lost, pause_s = why, FIRST_PAUSE_S
            if time.monotonic() - self._frame_s > self._reconnect_for_s:
                if lost is None:
                    return
                raise MediaError(
                    f"{self.shown}: broke off and did not come back within "
                    f"{self._reconnect_for_s:g} s: {_plain(lost)}"
                ) from lost
            self._stopping.wait(pause_s)
            pause_s = min(MAX_PAUSE_S, 2 * pause_s)

    def _open(self) -> Any:
        began_s = time.monotonic()
        try:
            return av.open(self.url, options=self._options, timeout=self._timeouts_s)
        except av.error.FFmpegError as error:
            limit_s = self._timeouts_s[0]
            if time.monotonic() - began_s < limit_s:
                raise
            raise MediaError(f"{self.shown}: no answer within {limit_s:g} s") from error

    def _connection(self, container: Any) -> Iterator[MediaChunk]:
        chunker: Chunker | None = None
        try:
            for frame, time_s in frames(container):
                self._frame_s = time.monotonic()
                if chunker is None:
                    chunker = self._chunker(container)
                if self.stopped:
                    break
                chunker.add(frame, time_s)
                for chunk in chunker.ready():
                    self._end_s = chunk.t + chunk.d
                    yield chunk
        except (av.error.FFmpegError, OSError):
            yield from self._flushed(chunker)
            raise
        yield from self._flushed(chunker)

    def _flushed(self, chunker: Chunker | None) -> Iterator[MediaChunk]:
        for chunk in () if chunker is None else chunker.rest():
            self._end_s = chunk.t + chunk.d
            yield chunk

    def _chunker(self, container: Any) -> Chunker:
        """For the connection whose first frame came just now, on the clock of those before."""
        if not self.live:
            self._begun_s = self._frame_s
            return chunker_for(container, self.shown, **self._cutting)
        start_s, gap = 0.0, None
        if self._begun_s is None:
            self._begun_s = self._frame_s
        else:
            start_s = max(self._end_s, self._frame_s - self._begun_s)
            gap = Gap(self._end_s, start_s, SOURCE_LOST) if start_s > self._end_s else None
        return chunker_for(
            container,
            self.shown,
            start_s=start_s,
            slack_s=LIVE_SLACK_S,
            tell_holes=True,
            first_gap=gap,
            **self._cutting,
        )

    def _failed(self, error: Exception) -> MediaError:
        if isinstance(error, MediaError):
            return error
        return MediaError(f"{self.shown}: {_plain(error)}")


def _plain(error: Exception) -> str:
    """An error's text without the address that FFmpeg appends."""
    if isinstance(error, av.error.ExitError):
        return "nothing came within the time limit"
    told = getattr(error, "strerror", None) or getattr(error, "message", None)
    return str(told or type(error).__name__)
