"""Composes streams of packages that the tagger was never trained on; knows no encoder.

Speech, music, other sounds and sung voices one after the other, some speech over music, in quiet
noise. The parts `tune` and `test` have no recording in common. Packages are fetched with
`apt-get download` into the cache and unpacked; tuxpaint-stamps-default is used as it is.

Sung voices, and instruments played in the same way, are the exception to "never trained on": they
are few, and training had them too, note by note; here they sound in chords, as a choir does.
"""

from __future__ import annotations

import fnmatch
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from sound_collect import RATE, decode, unpack
from sound_mix import equalise, room, speed
from sound_sources import FONTS

BLOCK = 160
Rng = np.random.Generator
Sounds = list[np.ndarray]

SOURCES: dict[str, dict[str, tuple[str, ...]]] = {
    "speech": {
        "tune": ("asterisk-core-sounds-es-wav:*.wav", "tuxpaint-stamps-default:*_desc_[d-f]?.ogg"),
        "test": (
            "asterisk-core-sounds-it-wav:*.wav",
            "asterisk-core-sounds-ru-wav:*.wav",
            "tuxpaint-stamps-default:*_desc_[j-z]?.ogg",
        ),
    },
    "music": {
        "tune": (
            "drascula-music:*.ogg",
            "fretsonfire-songs-sectoid:*.ogg",
            "wesnoth-1.16-music:*.ogg",
        ),
        "test": (
            "asc-music:*.ogg",
            "asc-music:*.mp3",
            "extremetuxracer-data:*.ogg",
            "fretsonfire-songs-muldjord:*.ogg",
            "supertux-data:*/music/*.ogg",
            "wesnoth-1.16-music:*.ogg",
        ),
    },
    "other": {
        "tune": ("supertux-data:*/sounds/*.wav", "supertux-data:*/sounds/*.ogg"),
        "test": (
            "openarena-data:*.pk3",
            "kapman:*.ogg",
            "granatier:*.wav",
            "granatier:*.ogg",
            "pidgin-data:*.wav",
            "eiskaltdcpp-sounds:*.wav",
        ),
    },
    "sung": {
        "tune": ("scratch:*/Singer1.wav", "scratch:*/Hey-yay-hey.mp3", "scratch:*/Sing-me-a*.mp3"),
        "test": ("scratch:*/Singer2.wav", "scratch:*/Oooo-badada.mp3", "scratch:*/Doy-doy-*.mp3"),
    },
    "played": {"tune": (), "test": ()},
}
HALVED = "wesnoth-1.16-music"  # every second file is for each part
AT_MOST, LONGEST_S = 120, 60.0
CHORDS = ((0, 4, 7, 12), (0, 3, 7, 10), (0, 5, 9, 12), (-5, 0, 4, 7), (-3, 0, 4, 9))
KINDS = ("speech", "music", "other", "sung", "played")
SHARES = (0.3, 0.18, 0.28, 0.12, 0.12)
FONT_OF = {"tune": "timgm6mb-soundfont", "test": "fluid-soundfont-gm"}
NOTES = {
    "sung": r"choir|aah|ahh|ooh|ohh|vox",
    "played": r"accord|organ|harmonica|string|violin|cello|flute|oboe|clar|trump|sax|reed",
}
PITCHES = range(48, 78)


@dataclass
class Stream:
    """Sound, and which materials sound in each 10 ms of it."""

    pcm: np.ndarray
    active: dict[str, np.ndarray]


def material(cache: Path, kind: str, part: str) -> Sounds:
    """Every sound of a kind, its loudest sample at one."""
    out: Sounds = []
    for entry in SOURCES[kind][part]:
        package, pattern = entry.split(":", 1)
        root = unpack(package, cache)
        root = Path("/usr/share/tuxpaint") if root == Path("/") else root
        paths = sorted(p for p in root.rglob("*") if fnmatch.fnmatch(str(p), pattern))
        found: list[Path | bytes] = [p for p in paths if p.is_file()]
        if pattern.endswith(".pk3"):
            found = [sound for path in paths for sound in _zipped(path)]
        if package == HALVED:
            found = found[part == "test" :: 2]
        rng = np.random.default_rng(zlib.crc32(entry.encode()))
        for k in sorted(rng.permutation(len(found))[:AT_MOST]):
            try:
                x = decode(found[k], LONGEST_S)
            except (av.FFmpegError, ValueError, IndexError):
                continue
            if len(x) > RATE // 10 and x.any():
                out.append(x / 32000)
    if kind in NOTES:
        package = FONT_OF[part]
        out += notes((unpack(package, cache) / FONTS[package]).read_bytes(), NOTES[kind])
    return out


def notes(font: bytes, pattern: str) -> Sounds:
    """Two seconds of each sample of a sound font (SoundFont 2) of a fitting name and pitch."""
    head = font.rfind(b"shdr")
    data = font.find(b"smpl") + 8
    size = struct.unpack_from("<I", font, head + 4)[0]
    out: Sounds = []
    for at in range(head + 8, head + 8 + size - 46, 46):
        raw, first, last, loop, until, rate, pitch = struct.unpack_from("<20s5IB", font, at)
        name = raw.split(b"\0")[0].decode("latin-1")
        if not re.search(pattern, name, re.IGNORECASE) or name.endswith("(R)"):
            continue
        if pitch not in PITCHES or until - loop < 100:
            continue
        x = np.frombuffer(font, "<i2", last - first, data + 2 * first) / 32768
        held = x[loop - first : until - first]
        x = np.concatenate([x[: until - first], np.tile(held, 2 * rate // len(held) + 1)])
        x = np.interp(np.arange(2 * RATE) * rate / RATE, np.arange(len(x)), x)
        out.append(x / np.abs(x).max())
    return out


def _zipped(path: Path) -> list[bytes]:
    with zipfile.ZipFile(path) as file:
        return [file.read(name) for name in sorted(file.namelist()) if name.endswith(".wav")]


def choir(rng: Rng, x: np.ndarray) -> np.ndarray:
    """A voice laid over itself: two to four chords of four pitches, each voice doubled."""
    chords = []
    for _ in range(int(rng.integers(2, 5))):
        length = int(rng.uniform(0.8, 1.6) * RATE)
        chord = np.zeros(length)
        for step in CHORDS[rng.integers(len(CHORDS))]:
            for _ in range(2):
                voice = speed(x, 2 ** ((step + rng.normal(0, 0.12)) / 12))
                voice = np.tile(voice, -(-length // len(voice)))
                at = int(rng.integers(0, max(1, min(len(voice) - length, RATE // 10))))
                chord += voice[at : at + length]
        chords.append(
            chord * np.minimum(1, np.minimum(np.arange(length), length - np.arange(length)) / 1200)
        )
    y = np.concatenate(chords)
    return room(rng, y / np.abs(y).max())


def event(rng: Rng, kind: str, sounds: Sounds) -> np.ndarray:
    """One event: up to 10 s of a recording, equalised and in a room as often as not."""
    x = sounds[rng.integers(len(sounds))]
    longest = int(rng.uniform(3, 10) * RATE)
    if len(x) > longest:
        at = int(rng.integers(0, len(x) - longest))
        x = x[at : at + longest]
    if kind in NOTES and rng.uniform() < 0.8:
        x = choir(rng, x)
    if rng.uniform() < 0.5:
        x = equalise(rng, x)
    if rng.uniform() < 0.4:
        x = room(rng, x)
    return x


def compose(parts: dict[str, Sounds], seed: int, minutes: float) -> Stream:
    """A stream of `minutes`; about a third of its time is speech, a third music."""
    rng = np.random.default_rng(seed)
    count = int(minutes * 60 * RATE) // BLOCK
    x = np.zeros(count * BLOCK)
    active = {kind: np.zeros(count, bool) for kind in KINDS}
    at = RATE

    def lay(kind: str, begin: int, level: float, longest: int = 10**9) -> int:
        y = event(rng, kind, parts[kind])[: min(longest, len(x) - begin)]
        y = y[: len(y) // BLOCK * BLOCK]
        power = (y.reshape(-1, BLOCK) ** 2).mean(1)
        if not power.any():
            return begin
        sounding = power > power.max() * 1e-3
        gain = 10 ** (level / 20) / np.sqrt(power[sounding].mean())
        x[begin : begin + len(y)] += gain * y
        loud = sounding & (power * gain**2 > 1e-5)
        active[kind][begin // BLOCK : begin // BLOCK + len(loud)] |= loud
        return begin + len(y)

    while at < len(x) - 2 * RATE:
        level = rng.uniform(-40, -16)
        kind = KINDS[rng.choice(len(KINDS), p=SHARES)]
        end = lay(kind, at, level)
        if kind == "music" and rng.uniform() < 0.3:
            over = (at + RATE) // BLOCK * BLOCK
            lay("speech", over, level + rng.uniform(0, 8), max(0, end - over))
        at = (
            (end + int(rng.choice((0.0, 0.3, 1.0, 3.0)) * RATE * rng.uniform(0.5, 1.5)))
            // BLOCK
            * BLOCK
        )
    for begin in range(0, len(x), 60 * RATE):
        part = x[begin : begin + 60 * RATE]
        noise = rng.standard_normal(len(part))
        if rng.uniform() < 0.5:
            noise = np.convolve(noise, np.exp(-np.arange(64) / 12))[: len(part)]
        part += noise * (10 ** (rng.uniform(-75, -56) / 20) / np.sqrt((noise**2).mean()))
    return Stream(np.clip(np.rint(x * 32768), -32768, 32767).astype(np.int16), active)
