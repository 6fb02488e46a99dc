"""Live containers as recorders make them: a picture that tells its time, sound that tells its own.

A frame of second `s` has brightness `LEVELS[s % 4]`; the sound is a tone in the first half of every
second and silence in the second half.
"""

from __future__ import annotations

import io
from fractions import Fraction
from itertools import pairwise
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from PIL import Image

from ttm_protocol.messages import Chunk

LEVELS = (40, 90, 150, 220)
RATE_HZ = 48_000
LIVE_MP4 = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
TONE = 8000


class _Pipe:
    """A file that can be neither read nor sought, as a recorder's output."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> int:
        self.data += data
        return len(data)


def record(
    seconds: float = 3.0,
    *,
    form: str = "webm",
    video: str | None = "libvpx",
    audio: str | None = "libopus",
    size: tuple[int, int] = (160, 120),
    fps: int = 15,
    start_s: float = 0.0,
    audio_from_s: float = 0.0,
    video_to_s: float = 1e9,
    times: list[float] | None = None,
    jump: tuple[float, float] = (1e9, 0.0),
    gop: int = 15,
    rate_hz: int = RATE_HZ,
    split: bool = False,
    muxing: dict[str, str] | None = None,
) -> bytes:
    """A container of so many seconds. `times`: when pictures are taken, instead of `fps`.

    `jump`: (when, by how much) the timestamps jump; `start_s`: its first timestamp. `split`: the
    left half of the pictures is white. `muxing`: options of the container's writer.
    """
    pipe = _Pipe()
    live_webm = {"live": "1", "cluster_time_limit": "500"}
    options = live_webm if form in ("webm", "matroska") else LIVE_MP4
    options = options | {"avoid_negative_ts": "disabled"} | (muxing or {})
    with av.open(pipe, "w", format=form, options=options) as container:
        tracks: list[tuple[Any, list[Any]]] = []
        if video is not None:
            stream = container.add_stream(video, rate=fps)
            stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
            stream.codec_context.time_base = Fraction(1, 1000)
            stream.codec_context.gop_size = gop
            stream.options = _FAST.get(video, {})
            when = times if times is not None else [i / fps for i in range(int(seconds * fps))]
            tracks.append((stream, _pictures([t for t in when if t < video_to_s], size, split)))
        if audio is not None:
            stream = container.add_stream(audio, rate=rate_hz, layout="mono")
            tracks.append((stream, _sound(audio_from_s, seconds, rate_hz)))
        packets: list[Any] = []
        for stream, frames in tracks:
            for frame in [*frames, None]:
                packets += stream.encode(frame)
        packets = [packet for packet in packets if packet.dts is not None]
        for packet in sorted(packets, key=lambda p: (p.dts * p.time_base, p.stream.index)):
            own_s = float(packet.pts * packet.time_base)
            shift_s = start_s + (jump[1] if own_s >= jump[0] else 0.0)
            shift = round(shift_s / packet.time_base)
            packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
            container.mux(packet)
    return bytes(pipe.data)


def set_back(webm: bytes, after_s: float, by_s: float) -> bytes:
    """The clusters of a live WebM after a time, their timestamps later or (< 0) earlier."""
    out, place = bytearray(), 0
    while (cluster := webm.find(_CLUSTER, place)) >= 0:
        size_at = cluster + 4
        clock = size_at + 9 - webm[size_at].bit_length()  # the size's first bits tell its length
        assert webm[clock] == 0xE7
        size = webm[clock + 1] & 0x7F
        time_ms = int.from_bytes(webm[clock + 2 : clock + 2 + size], "big")
        if time_ms >= after_s * 1000:
            time_ms += round(by_s * 1000)
        out += webm[place:size_at] + b"\x01" + b"\xff" * 7  # size unknown, as browsers write it
        out += b"\xe7\x88" + time_ms.to_bytes(8, "big")
        place = clock + 2 + size
    return bytes(out + webm[place:])


def hold_back(webm: bytes, codec: bytes, from_s: float, to_s: float) -> bytes:
    """A live WebM in which a track of this codec comes to a halt and then catches up at once."""
    first = webm.find(_CLUSTER)
    blocks, clock_ms, place = [], 0, first
    while place < len(webm):
        is_cluster = webm[place : place + 4] == _CLUSTER
        size_at = place + (4 if is_cluster else 1)
        size, body = _size(webm, size_at)
        if is_cluster:
            place = body  # its children follow
            continue
        data = webm[body : body + size]
        if webm[place] == _TIMESTAMP:
            clock_ms = int.from_bytes(data, "big")
        elif webm[place] == _SIMPLE_BLOCK:
            blocks.append((clock_ms + int.from_bytes(data[1:3], "big", signed=True), data))
        place = body + size
    number = webm.rfind(b"\xd7\x81", 0, webm.find(codec)) + 2  # a track's number, then its codec

    def comes_s(block: tuple[int, bytes]) -> float:
        own_s = block[0] / 1000
        is_held = block[1][0] == webm[number] | 0x80 and from_s <= own_s < to_s
        return to_s if is_held else own_s

    out = bytearray(webm[:first])
    for time_ms, data in sorted(blocks, key=comes_s):
        body = b"\xe7\x88" + time_ms.to_bytes(8, "big")
        block = data[:1] + b"\0\0" + data[3:]
        body += bytes([_SIMPLE_BLOCK]) + (len(block) | 1 << 28).to_bytes(4, "big") + block
        out += _CLUSTER + (len(body) | 1 << 28).to_bytes(4, "big") + body
    return bytes(out)


def _size(webm: bytes, place: int) -> tuple[int, int]:
    """An element's size, and where its content begins."""
    length = 9 - webm[place].bit_length()
    value = int.from_bytes(webm[place : place + length], "big")
    return value & ((1 << 7 * length) - 1), place + length


_CLUSTER, _TIMESTAMP, _SIMPLE_BLOCK = b"\x1f\x43\xb6\x75", 0xE7, 0xA3
_FAST = {
    "libvpx": {"deadline": "realtime", "cpu-used": "8"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8"},
    "libx264": {"preset": "ultrafast", "tune": "zerolatency"},
}


def _pictures(times: list[float], size: tuple[int, int], split: bool) -> list[Any]:
    frames = []
    for time_s in times:
        level = LEVELS[int(time_s + 1e-6) % 4]
        pixels = np.full((size[1], size[0], 3), level, np.uint8)
        if split:
            pixels[:, : size[0] // 2] = 255
        frame = av.VideoFrame.from_ndarray(pixels)
        frame.pts, frame.time_base = round(time_s * 1000), Fraction(1, 1000)
        frames.append(frame.reformat(format="yuv420p"))
    return frames


def _sound(from_s: float, to_s: float, rate_hz: int) -> list[Any]:
    n = np.arange(int(from_s * rate_hz), int(to_s * rate_hz))
    wave = np.sin(2 * np.pi * 440 * n / rate_hz) * TONE * (n % rate_hz < rate_hz // 2)
    frames = []
    for first in range(0, len(n) - 959, 960):
        data = wave[first : first + 960].astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(data, format="s16", layout="mono")
        frame.sample_rate, frame.pts = rate_hz, int(n[first])
        frame.time_base = Fraction(1, rate_hz)
        frames.append(frame)
    return frames


def level_of(data: bytes) -> int:
    """Which of LEVELS a picture shows."""
    mean = float(np.asarray(Image.open(io.BytesIO(data)).convert("L")).mean())
    return int(np.argmin([abs(mean - level) for level in LEVELS]))


def loudness(audio: bytes) -> npt.NDArray[np.float64]:
    """Root mean square of every tenth of a second."""
    samples = np.frombuffer(audio, "<i2").astype(np.float64)
    whole = samples[: len(samples) // 1600 * 1600].reshape(-1, 1600)
    return np.asarray(np.sqrt((whole**2).mean(axis=1)))


def is_one_line(chunks: list[Chunk], first_seq: int = 1) -> bool:
    """Whether chunks follow each other exactly, in number and in time, but for their gaps."""
    for before, chunk in pairwise(chunks):
        if chunk.gap is None:
            assert abs(before.end_s - chunk.t) < 1e-9, (before.end_s, chunk.t)
        else:
            assert abs(chunk.gap.t0 - before.end_s) < 1e-9
            assert abs(chunk.gap.t1 - chunk.t) < 1e-9
    return [chunk.seq for chunk in chunks] == list(range(first_seq, first_seq + len(chunks)))
