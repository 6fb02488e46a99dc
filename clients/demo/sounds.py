"""Makes the clip's sounds from samples and by synthesis; knows nothing of pictures.

Each function returns mono (n,) at RATE_HZ, begins at once and has faded to nothing at its end, so
that a sound's true interval is its start plus its length.
"""

from __future__ import annotations

import numpy as np
from materials import RATE_HZ, Materials, Sound
from scipy.signal import lfilter, resample  # type: ignore[import-untyped]

WELCOME = (
    "Good morning, and welcome to the harbour. "
    "The next ferry to the island leaves at half past nine."
)
REQUEST = "My name is Maria. Please leave the blue umbrella at the library."


def seconds(length_s: float) -> int:
    """Return a length in samples."""
    return round(length_s * RATE_HZ)


def lay(parts: list[tuple[float, Sound, float]], length_s: float, fade_s: float = 0.15) -> Sound:
    """Return (start_s, sound, gain) parts mixed into `length_s`, peak 1, faded out at the end."""
    total = np.zeros(seconds(length_s))
    for start_s, sound, gain in parts:
        first = seconds(start_s)
        piece = sound[: max(0, total.size - first)]
        total[first : first + piece.size] += gain * piece
    fade = seconds(fade_s)
    total[-fade:] *= np.linspace(1, 0, fade) ** 2
    return np.asarray(total / np.abs(total).max(), dtype=np.float64)


def pitched(sound: Sound, semitones: float) -> Sound:
    """Return `sound` played faster or slower, so higher or lower."""
    count = round(sound.size / 2 ** (semitones / 12))
    return np.asarray(resample(sound, count), dtype=np.float64)


def plucked(frequency_hz: float, length_s: float, seed: int) -> Sound:
    """Return a plucked string (Karplus and Strong, 1983), peak 1."""
    period = round(RATE_HZ / frequency_hz - 0.5)
    burst = np.zeros(seconds(length_s))
    burst[:period] = np.random.default_rng(seed).uniform(-1, 1, period)
    loop = np.zeros(period + 2)
    loop[0], loop[period], loop[period + 1] = 1.0, -0.498, -0.498
    string = np.asarray(lfilter([1.0], loop, burst), dtype=np.float64)
    return np.asarray(string / np.abs(string).max(), dtype=np.float64)


def guitar_music(materials: Materials) -> Sound:
    """A guitar plays: a recorded E minor chord under a picked tune of this project's own."""
    tune = [(0.0, 0), (0.4, 3), (0.8, 7), (1.2, 10), (1.8, 12), (2.4, 10), (2.8, 7), (3.2, 5)]
    tune += [(3.8, 3), (4.2, 5), (4.6, 7), (5.2, 3), (5.6, 0), (6.0, -2), (6.4, 0)]
    parts = [(0.0, materials.sample("guit_em9"), 1.0), (3.6, materials.sample("guit_em9"), 0.8)]
    for index, (start_s, semitones) in enumerate(tune):
        string = plucked(329.63 * 2 ** (semitones / 12), 1.6, seed=100 + index)
        parts.append((start_s, string, 0.45))
    return lay(parts, 7.0, fade_s=0.5)


def bell(materials: Materials) -> Sound:
    """A bell is struck twice."""
    stroke = materials.sample("perc_bell")
    return lay([(0.0, stroke, 1.0), (1.3, stroke, 0.9)], 3.4, fade_s=0.8)


def crow(materials: Materials) -> Sound:
    """A crow caws four times."""
    caw = materials.sample("misc_crow")
    calls = [(0.0, 0.0), (0.65, -0.4), (1.35, 0.3), (2.2, -0.2)]
    return lay([(at_s, pitched(caw, tone), 1.0) for at_s, tone in calls], 2.75, fade_s=0.05)


def door(materials: Materials) -> Sound:
    """A door is shut, and again."""
    slam = materials.sample("perc_door")
    return lay([(0.0, slam, 1.0), (1.1, slam, 0.9)], 2.6)


def welcome(materials: Materials) -> Sound:
    """A synthetic voice says WELCOME."""
    return _spoken(materials, WELCOME, "slt")


def request(materials: Materials) -> Sound:
    """Another synthetic voice says REQUEST."""
    return _spoken(materials, REQUEST, "rms")


def _spoken(materials: Materials, text: str, voice: str) -> Sound:
    spoken = materials.speech(text, voice)
    loud = np.flatnonzero(np.abs(spoken) > 0.01)
    spoken = spoken[loud[0] : loud[-1] + 1]
    return lay([(0.0, spoken, 1.0)], spoken.size / RATE_HZ, fade_s=0.02)


def alarm(materials: Materials) -> Sound:
    """An electronic alarm beeps, four short beeps a time."""
    del materials  # synthesised
    t = np.arange(seconds(0.09)) / RATE_HZ
    edge = np.minimum(1, np.minimum(t, t[::-1]) / 0.004)
    tone = (np.sign(np.sin(2 * np.pi * 2048 * t)) * 0.4 + np.sin(2 * np.pi * 2048 * t)) * edge
    beeps = [(group + beep * 0.16, tone, 1.0) for group in (0, 1, 2) for beep in range(4)]
    return lay(beeps, 2.6, fade_s=0.02)


def choir(materials: Materials) -> Sound:
    """A choir sings eight chords, one running into the next."""
    voice = materials.sample("ambi_choir")
    voice = voice * np.hanning(voice.size) ** 0.5
    chords = [(0, 4, 7), (-4, 0, 5), (-3, 2, 7), (0, 4, 9)]
    chords += [(0, 4, 7), (-3, 2, 5), (-1, 2, 7), (0, 4, 7)]
    parts = [
        (index * 0.7, pitched(voice, semitones), 0.8)
        for index, chord in enumerate(chords)
        for semitones in chord
    ]
    return lay(parts, 6.6, fade_s=0.6)


def till(materials: Materials) -> Sound:
    """A cash till rings and opens."""
    return lay([(0.0, materials.sample("perc_till"), 1.0)], 2.2)


def drums(materials: Materials) -> Sound:
    """A drum kit plays four bars."""
    kit = {
        "k": materials.sample("drum_heavy_kick"),
        "s": materials.sample("drum_snare_hard"),
        "h": materials.sample("drum_cymbal_closed"),
        "t": materials.sample("drum_tom_mid_hard"),
        "l": materials.sample("drum_tom_lo_hard"),
        "c": materials.sample("drum_splash_hard"),
    }
    gains = {"k": 1.0, "s": 0.8, "h": 0.35, "t": 0.8, "l": 0.9, "c": 0.5}
    bars = "kc h sh kh k kh sh h " + "k h sh kh k kh st tl "
    steps = bars.split(" ")
    parts = []
    for index, step in enumerate((steps * 2)[:32]):
        parts += [(index * 0.19, kit[hit], gains[hit]) for hit in step]
    return lay(parts, 6.2, fade_s=0.2)
