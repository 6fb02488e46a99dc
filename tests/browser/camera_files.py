"""Files for Chromium's fake camera and microphone, made from a part of the demo clip.

Every picture carries its own time in a strip of black and white blocks along its lower edge, so
that a test knows exactly what was on camera at a time of the session's clock.
"""

from __future__ import annotations

import io
import json
import wave
from dataclasses import dataclass
from fractions import Fraction
from importlib.resources import as_file, files
from pathlib import Path

import av
import numpy as np
from PIL import Image

BLOCKS = 12  # the first and the last are always white
STRIP_PX = 8
EVERY = 2  # of the clip's 15 pictures a second
RATE_HZ = 48_000


@dataclass(frozen=True, slots=True)
class CameraFiles:
    """What Chromium is given, and what it shows: truth in seconds of these files."""

    video: Path
    audio: Path
    duration_s: float
    truth: tuple[tuple[str, str, float, float], ...]  # (modality, label, start, end)

    @property
    def flags(self) -> list[str]:
        """Chromium's flags."""
        return [
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={self.video}",
            f"--use-file-for-fake-audio-capture={self.audio}",
        ]


def make_camera_files(
    folder: Path, start_s: float, end_s: float, *, stamped: bool = True
) -> CameraFiles:
    """Cut `[start_s, end_s)` out of the demo clip; `end_s - start_s` whole seconds."""
    demo = files("ttm_client.demo")
    video, audio = folder / "camera.y4m", folder / "microphone.wav"
    with as_file(demo / "clip.mp4") as clip:
        _video(clip, video, start_s, end_s, stamped)
        _audio(clip, audio, start_s, end_s)
    told = json.loads((demo / "truth.json").read_text("utf-8"))
    truth = tuple(
        (modality, item["label"], item["start_s"] - start_s, item["end_s"] - start_s)
        for modality, key in (("video", "seen"), ("audio", "heard"))
        for item in told[key]
        if item["start_s"] >= start_s and item["end_s"] <= end_s
    )
    return CameraFiles(video, audio, end_s - start_s, truth)


def _video(clip: Path, target: Path, start_s: float, end_s: float, stamped: bool) -> None:
    with av.open(str(clip)) as container, target.open("wb") as out:
        stream = container.streams.video[0]
        rate = Fraction(stream.average_rate or 15) / EVERY
        size = f"W{stream.width} H{stream.height}"
        header = f"YUV4MPEG2 {size} F{rate.numerator}:{rate.denominator} Ip A1:1 C420jpeg\n"
        out.write(header.encode())
        last = round((end_s - start_s) * rate)
        number = 0
        for index, frame in enumerate(container.decode(stream)):
            if frame.time is None or frame.time < start_s - 0.001 or index % EVERY:
                continue
            if number == last:
                break
            planes = frame.to_ndarray(format="yuv420p")
            if stamped:
                _stamp(planes, stream.height, stream.width, number)
            out.write(b"FRAME\n" + planes.tobytes())
            number += 1


def _stamp(planes: np.ndarray, height: int, width: int, number: int) -> None:
    bits = [1, *(number >> place & 1 for place in range(BLOCKS - 2)), 1]
    strip = np.repeat(np.where(bits, 235, 16).astype(np.uint8), width // BLOCKS)
    planes[height - STRIP_PX : height, : len(strip)] = strip
    colour = planes[height:].reshape(2, height // 2, width // 2)  # a view: both colour planes
    colour[:, -STRIP_PX // 2 :] = 128


def stamp_of(image: Image.Image) -> float | None:
    """The time in the camera's file at which this picture was taken; None where it has no stamp."""
    luma = np.asarray(image.convert("L"), dtype=np.float32)
    height, width = luma.shape
    row = luma[round(height * (1 - STRIP_PX / 720)) - 1]
    centres = ((np.arange(BLOCKS) + 0.5) * width / BLOCKS).astype(int)
    bits = (row[centres] > 128).astype(int)
    if not (bits[0] and bits[-1]):
        return None
    number = int(sum(bit << place for place, bit in enumerate(bits[1:-1])))
    return number * EVERY / 15


def stamp_of_file(data: bytes) -> float | None:
    """The same of a JPEG or WebP file."""
    with Image.open(io.BytesIO(data)) as image:
        return stamp_of(image)


def _audio(clip: Path, target: Path, start_s: float, end_s: float) -> None:
    resampler = av.AudioResampler("s16", "mono", RATE_HZ)
    parts: list[np.ndarray] = []
    with av.open(str(clip)) as container:
        for frame in container.decode(container.streams.audio[0]):
            parts += [piece.to_ndarray()[0] for piece in resampler.resample(frame)]
    sound = np.concatenate(parts)[round(start_s * RATE_HZ) : round(end_s * RATE_HZ)]
    with wave.open(str(target), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes(sound.astype("<i2").tobytes())
