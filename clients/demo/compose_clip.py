"""Composes ttmserve's demo clip and writes down what it shows and sounds, second by second.

    python clients/demo/compose_clip.py [--root /] [--out clients/python/ttm_client/demo]

Debian: gcompris-qt-data (3.1-2), openclipart-png, sonic-pi-samples, fonts-dejavu-core, flite;
unpacked below `--root` where they are not installed (flite must be installed). PyPI: av, numpy,
pillow, scikit-image, scipy, soundfile. All randomness is seeded; only the encoder's version can
change the bytes. Writes clip.mp4 and truth.json. Licences: SOURCES.md beside the clip.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import sounds
from camera import FRAME_PX
from materials import RATE_HZ, Materials, Sound
from timeline import ABSENT, DURATION_S, HEARD, WRITTEN, Shot, shots

FPS = 15
NOISE_DBFS = -74.0  # a microphone is never quite silent
PEAK = 0.7

MAKERS: dict[str, Callable[[Materials], Sound]] = {
    "guitar music": sounds.guitar_music,
    "bell": sounds.bell,
    "crow": sounds.crow,
    "door slam": sounds.door,
    "speech": sounds.welcome,
    "more speech": sounds.request,
    "alarm": sounds.alarm,
    "choir": sounds.choir,
    "cash till": sounds.till,
    "drums": sounds.drums,
}
SAID = {"speech": sounds.WELCOME, "more speech": sounds.REQUEST}


def soundtrack(materials: Materials) -> tuple[Sound, list[dict[str, object]]]:
    """Return the whole sound (n,) at RATE_HZ and the truth about it."""
    rng = np.random.default_rng(7)
    total = rng.normal(0, 10 ** (NOISE_DBFS / 20), sounds.seconds(DURATION_S))
    truth: list[dict[str, object]] = []
    made: dict[str, Sound] = {}
    for label, start_s, gain in HEARD:
        if label not in made:
            made[label] = MAKERS[label](materials)
        sound = made[label]
        first = sounds.seconds(start_s)
        total[first : first + sound.size] += PEAK * gain * sound
        end_s = start_s + sound.size / RATE_HZ
        told: dict[str, object] = {
            "label": label.removeprefix("more "),
            "start_s": start_s,
            "end_s": round(end_s, 2),
        }
        truth.append(told | ({"words": SAID[label]} if label in SAID else {}))
    return total, truth


def write_clip(path: Path, film: list[Shot], sound: Sound) -> None:
    """Encode the shots and the sound as H.264 and AAC in an MP4 that starts playing at once."""
    pcm = np.clip(sound * 32767, -32768, 32767).astype(np.int16)
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        video = container.add_stream("libx264", rate=FPS)
        video.width, video.height = FRAME_PX
        video.pix_fmt = "yuv420p"
        video.options = {"crf": "30", "preset": "slower", "g": str(2 * FPS)}
        audio = container.add_stream("aac", rate=RATE_HZ, layout="mono")
        audio.bit_rate = 64_000
        sent = 0
        shot_at = 0
        for index in range(round(DURATION_S * FPS)):
            t_s = index / FPS
            while t_s >= film[shot_at].end_s:
                shot_at += 1
            pixels = np.asarray(film[shot_at].frame(t_s))
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(video.encode(frame))
            until = min(pcm.size, sounds.seconds((index + 1) / FPS))
            block = av.AudioFrame.from_ndarray(pcm[None, sent:until], format="s16", layout="mono")
            block.sample_rate, block.pts, block.time_base = RATE_HZ, sent, Fraction(1, RATE_HZ)
            container.mux(audio.encode(block))
            sent = until
        container.mux(video.encode(None))
        container.mux(audio.encode(None))


def main() -> None:
    """Compose the clip and its truth into the folder the command line names."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--root", type=Path, default=Path("/"), help="where packages are unpacked")
    parser.add_argument("--out", type=Path, default=here.parent / "python" / "ttm_client" / "demo")
    options = parser.parse_args()
    materials = Materials(options.root)
    film = shots(materials)
    sound, heard = soundtrack(materials)
    seen = [
        {"label": label, "start_s": start_s, "end_s": end_s}
        for shot in film
        for label, start_s, end_s in shot.things
    ]
    write_clip(options.out / "clip.mp4", film, sound)
    truth = {
        "duration_s": DURATION_S,
        "seen": seen,
        "heard": heard,
        "written": WRITTEN,
        "absent": ABSENT,
    }
    (options.out / "truth.json").write_text(json.dumps(truth, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
