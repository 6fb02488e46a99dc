"""Chunks from a camera, a microphone, or both on one clock. Blocking; knows no session."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import av
import av.error

from ttm_client.chunking import CHUNK_S, Chunker
from ttm_client.device_inputs import (
    CAMERA,
    MICROPHONE,
    DeviceInput,
    advice,
    device_input,
    let_alsa_find_its_files,
)
from ttm_client.source import MediaChunk, Source
from ttm_protocol.errors import MediaError

SLACK_S = 2.0
OPEN_WITHIN_S = 20.0
SILENT_AFTER_S = 10.0  # neither picture nor sound for so long: the device is gone
DRIFT_S = 0.5  # a device whose own clock is this far off is put back on ours
QUEUED_FRAMES = 64  # a device thread that is further ahead waits, and the device drops
STOP_WITHIN_S = 2.0


class CaptureSource(Source):
    """Half-second chunks of a camera and a microphone, on one clock from the first frame on.

    Each is a device name as :func:`~ttm_client.device_inputs.device_input` takes it ("" for the
    system's first one), a DeviceInput, or None for none. Sound is counted by samples: what the
    device lost becomes silence and is told as a gap. Live until :meth:`stop`.

    Iterating raises MediaError where a device cannot be opened, saying what to do, or stops
    giving media.
    """

    live = True

    def __init__(
        self,
        camera: str | DeviceInput | None = "",
        microphone: str | DeviceInput | None = "",
        *,
        pictures_per_chunk: int = 1,
        chunk_s: float = CHUNK_S,
        silent_after_s: float = SILENT_AFTER_S,
    ) -> None:
        super().__init__()
        wanted = {CAMERA: camera, MICROPHONE: microphone}
        self._inputs = {
            kind: device_input(kind, given or None) if isinstance(given, str) else given
            for kind, given in wanted.items()
            if given is not None
        }
        if not self._inputs:
            raise MediaError("camera, microphone: at least one of the two is needed")
        self._cutting: dict[str, Any] = {
            "pictures_per_chunk": pictures_per_chunk,
            "chunk_s": chunk_s,
        }
        self._silent_after_s = silent_after_s

    def __iter__(self) -> Iterator[MediaChunk]:
        taken: queue.Queue[_Taken] = queue.Queue(QUEUED_FRAMES)
        left = threading.Event()
        readers = [
            threading.Thread(
                target=_Reader(kind, given, taken, self._stopping, left).run,
                name=f"ttm-{kind}",
                daemon=True,
            )
            for kind, given in self._inputs.items()
        ]
        for reader in readers:
            reader.start()
        try:
            yield from self._chunks(taken)
        finally:
            left.set()
            for reader in readers:
                reader.join(STOP_WITHIN_S)

    def _chunks(self, taken: queue.Queue[_Taken]) -> Iterator[MediaChunk]:
        chunker = Chunker(
            video=CAMERA in self._inputs,
            audio=MICROPHONE in self._inputs,
            slack_s=SLACK_S,
            tell_holes=True,
            **self._cutting,
        )
        zero_s: float | None = None
        wait_s, since_s = OPEN_WITHIN_S, time.monotonic()
        running = len(self._inputs)
        while running and not self.stopped:
            try:
                item = taken.get(timeout=0.1)
            except queue.Empty:
                if time.monotonic() - since_s > wait_s:
                    kinds = " and ".join(self._inputs)
                    raise MediaError(f"{kinds}: nothing came for {wait_s:g} s") from None
                continue
            if item.failure is not None:
                raise item.failure
            if item.frame is None:
                running -= 1
                continue
            zero_s = item.at_s if zero_s is None else zero_s
            wait_s, since_s = self._silent_after_s, time.monotonic()
            chunker.add(item.frame, item.at_s - zero_s)
            yield from chunker.ready()
        yield from chunker.rest()


class CameraSource(CaptureSource):
    """Half-second chunks of a camera alone; see CaptureSource."""

    def __init__(self, device: str | DeviceInput = "", **options: Any) -> None:
        super().__init__(device, None, **options)


class MicrophoneSource(CaptureSource):
    """Half-second chunks of a microphone alone; see CaptureSource."""

    def __init__(self, device: str | DeviceInput = "", **options: Any) -> None:
        super().__init__(None, device, **options)


@dataclass(frozen=True, slots=True)
class _Taken:
    """A frame and when it began (monotonic seconds), a failure, or (neither) the end."""

    frame: Any = None
    at_s: float = 0.0
    failure: MediaError | None = None


class _Reader:
    """One device's thread: opens it, decodes, stamps every frame with this machine's clock."""

    def __init__(
        self,
        kind: str,
        given: DeviceInput,
        taken: queue.Queue[_Taken],
        *over: threading.Event,
    ) -> None:
        self._kind = kind
        self._given = given
        self._taken = taken
        self._over = over
        self._offset_s: float | None = None  # our clock less the device's

    def run(self) -> None:
        try:
            if self._given.format == "alsa":
                let_alsa_find_its_files()
            with av.open(
                self._given.name,
                format=self._given.format,
                options=dict(self._given.options),
                timeout=(OPEN_WITHIN_S, SILENT_AFTER_S),
            ) as container:
                self._read(container)
            self._put(_Taken())
        except (av.error.FFmpegError, OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            given = self._given
            self._put(
                _Taken(
                    failure=MediaError(
                        f"{self._kind}: {given.format} {given.name}: {why}; "
                        f"{advice(self._kind, given)}",
                        field=self._kind,
                    )
                )
            )

    def _read(self, container: Any) -> None:
        streams = container.streams
        wanted = streams.video if self._kind == CAMERA else streams.audio
        if not wanted:
            raise ValueError("it holds no such stream")
        for packet in container.demux(wanted[0]):
            with contextlib.suppress(av.error.InvalidDataError):
                for frame in packet.decode():
                    self._put(_Taken(frame, self._at_s(frame, time.monotonic())))
            if any(event.is_set() for event in self._over):
                return

    def _at_s(self, frame: Any, now_s: float) -> float:
        """When a frame began: the device's even steps, on our clock."""
        lasted_s = frame.samples / frame.sample_rate if isinstance(frame, av.AudioFrame) else 0.0
        began_s = now_s - lasted_s
        if frame.time is None:
            return began_s
        if self._offset_s is None or abs(frame.time + self._offset_s - began_s) > DRIFT_S:
            self._offset_s = began_s - frame.time
        return float(frame.time + self._offset_s)

    def _put(self, item: _Taken) -> None:
        while not any(event.is_set() for event in self._over):
            with contextlib.suppress(queue.Full):
                self._taken.put(item, timeout=0.1)
                return
