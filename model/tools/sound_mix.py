"""Composes labelled windows of sound from the cache; knows no features, no network.

A window is 1.5 s; its labels say what sounds in the half second from 0.8 to 1.3 s. Events start
anywhere, two may overlap, and rooms, filters, speed, level and background vary from window to
window. Label 1: heard there, 0: not, -1: cannot be said (too short, too faint, or the recording may
hold it unlabelled), which training leaves out.
"""

from __future__ import annotations

import itertools
import json
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import sound_synth
from scipy.signal import fftconvolve, lfilter
from sound_sources import RECORDINGS

RATE, WINDOW = 16_000, 24_000
FIRST, LAST = 12_800, 20_800
FOLDS = 4
LABELS = (*RECORDINGS, "something else", "silence")
INDEX = {name: k for k, name in enumerate(LABELS)}
Rng = np.random.Generator

PERCUSSION = {"snare drum", "bass drum", "tom drum", "cymbal", "hi-hat"}
INSTRUMENTS = PERCUSSION | {
    "accordion", "bagpipe", "banjo", "bass guitar", "bassoon", "bongo", "castanets", "cello",
    "clarinet", "cowbell", "didgeridoo", "drum kit", "electric guitar", "flute", "guitar",
    "harmonica", "harp", "harpsichord", "horn", "maracas", "music box", "oboe", "organ",
    "pan flute", "piano", "recorder", "saxophone", "sitar", "steel drum", "tabla", "tambourine",
    "timpani", "triangle", "trombone", "trumpet", "tuba", "violin", "xylophone",
}  # fmt: skip
TONES = {"beep", "tone", "alarm clock", "dial tone", "morse code", "telephone ring"}
UNKNOWN_WITH: dict[str, set[str]] = {
    "music": INSTRUMENTS | {"singing", "hand clap", "beatboxing"},
    "drum kit": PERCUSSION | {"music"},
    "singing": {"music", "speech"},
    "beatboxing": {"music", "speech", "drum kit"},
    "crowd": {"speech", "applause", "laughter"},
    "applause": {"crowd", "hand clap"},
    "laughter": {"speech", "crowd"},
    "speech": {"crowd"},
    "siren": {"tone", "car engine"},
    "rain": {"running water", "shower"},
    "shower": {"running water"},
    "running water": {"bubbles"},
    "frog": {"rain", "thunder"},
    "thunder": {"rain"},
    "airplane": {"machine"},
    "machine": {"hammer"},
    "ship horn": {"seagull"},
    "sea waves": {"seagull", "wind"},
    "train": {"train whistle", "machine"},
    "train whistle": {"train"},
    "tabla": {"music"},
    "alarm clock": {"music"},
    "telephone ring": {"music"},
    "wind chimes": {"music", "small bell", "triangle"},
    **{name: TONES for name in TONES},
}
for _name in INSTRUMENTS:
    UNKNOWN_WITH.setdefault(_name, set()).add("music")
REPEATED = {
    "typing",
    "knocking",
    "hammer",
    "footsteps",
    "hand clap",
    "finger snap",
    "chopping wood",
}


@dataclass
class Library:
    """The cache's sounds by class, fold and recording."""

    pcm: np.ndarray
    spans: list[tuple[int, int]]
    items: list[dict[str, str]]
    folds: dict[str, int] = field(default_factory=dict)
    by_class: dict[str, dict[str, list[int]]] = field(default_factory=dict)

    @classmethod
    def load(cls, cache: Path) -> Library:
        """Read the cache and spread the recordings over the folds."""
        data = np.load(cache / "sounds.npz")
        ends = [0, *data["ends"].tolist()]
        items = json.loads((cache / "manifest.json").read_text())
        library = cls(data["pcm"], list(itertools.pairwise(ends)), items)
        for k, item in enumerate(items):
            groups = library.by_class.setdefault(item["label"], {})
            groups.setdefault(item["group"], []).append(k)
        for label, groups in library.by_class.items():
            order = sorted(groups, key=lambda g: zlib.crc32(f"{label}|{g}".encode()))
            first = zlib.crc32(label.encode())
            for k, group in enumerate(order):
                library.folds[f"{label}|{group}"] = (first + k) % FOLDS
        return library

    def groups(self, label: str, fold: int | None) -> list[str]:
        """Recordings of a class, of one fold or of all."""
        found = self.by_class.get(label, {})
        return [g for g in found if fold is None or self.folds[f"{label}|{g}"] == fold]

    def sound(self, k: int) -> np.ndarray:
        """The samples of one file, in [-1, 1]."""
        begin, end = self.spans[k]
        return self.pcm[begin:end].astype(np.float64) / 32768


def levels(x: np.ndarray, block: int = 160) -> np.ndarray:
    """Mean power by blocks of 10 ms."""
    return (x[: len(x) // block * block].reshape(-1, block) ** 2).mean(1)


def pick(rng: Rng, library: Library, label: str, fold: int | None, synthetic: float) -> np.ndarray:
    """Up to 4 s of a sound of the class, around a loud place of it."""
    groups = library.groups(label, fold)
    if label in sound_synth.SYNTHETIC and (not groups or rng.uniform() < synthetic):
        x = sound_synth.SYNTHETIC[label](rng)
    else:
        group = groups[rng.integers(len(groups))]
        takes = library.by_class[label][group]
        x = library.sound(takes[rng.integers(len(takes))])
    return excerpt(rng, x, label)


def excerpt(rng: Rng, x: np.ndarray, label: str) -> np.ndarray:
    if label in REPEATED and len(x) < RATE // 2 and rng.uniform() < 0.7:
        gap = int(rng.uniform(0.12, 0.6) * RATE)
        out = np.zeros(len(x) + 4 * gap)
        for k in range(int(rng.integers(2, 6))):
            at = min(4 * gap, max(0, k * gap + int(rng.normal(0, 300))))
            out[at : at + len(x)] += x * rng.uniform(0.6, 1)
        x = out
    longest = 4 * RATE
    if len(x) > longest:
        power = levels(x)
        loud = np.flatnonzero(power > power.max() * 1e-2)
        at = int(loud[rng.integers(len(loud))]) * 160 - int(rng.uniform(0.5, 3.5) * RATE)
        at = min(max(0, at), len(x) - longest)
        x = x[at : at + longest]
    return x


def speed(x: np.ndarray, factor: float) -> np.ndarray:
    """Play faster (factor above 1): higher and shorter."""
    at = np.arange(0, len(x) - 1, factor)
    return np.interp(at, np.arange(len(x)), x)


def equalise(rng: Rng, x: np.ndarray) -> np.ndarray:
    """One to three random peaks or dips, and sometimes the edges of a small loudspeaker."""
    for _ in range(int(rng.integers(1, 4))):
        hz, q, db = np.exp(rng.uniform(4.8, 8.8)), rng.uniform(0.5, 2), rng.normal(0, 5)
        a, w = 10 ** (db / 40), 2 * np.pi * hz / RATE
        alpha = np.sin(w) / (2 * q)
        b = np.array([1 + alpha * a, -2 * np.cos(w), 1 - alpha * a])
        x = lfilter(b, np.array([1 + alpha / a, -2 * np.cos(w), 1 - alpha / a]), x)
    if rng.uniform() < 0.25:
        cut = np.exp(-2 * np.pi * rng.uniform(60, 350) / RATE)
        x = lfilter([1, -1], [1, -cut], x)
    if rng.uniform() < 0.25:
        cut = np.exp(-2 * np.pi * rng.uniform(2500, 7000) / RATE)
        x = lfilter([1 - cut], [1, -cut], x)
    return x


def room(rng: Rng, x: np.ndarray) -> np.ndarray:
    """Dying noise as a room's answer, reverberation time 0.1 to 0.9 s."""
    rt = rng.uniform(0.1, 0.9)
    t = np.arange(int(rt * RATE)) / RATE
    answer = rng.standard_normal(len(t)) * 10 ** (-3 * t / rt)
    answer = lfilter([0.4], [1, -0.6], answer)
    answer *= 10 ** (-rng.uniform(0, 18) / 20) / np.sqrt((answer**2).sum())
    answer[0] = 1.0
    return fftconvolve(x, answer)[: len(x) + len(t) // 2]


def augment(rng: Rng, x: np.ndarray, label: str) -> np.ndarray:
    semitones = 0.6 if label in {"speech", "music"} else 2.0
    if rng.uniform() < 0.7:
        x = speed(x, 2 ** (float(np.clip(rng.normal(0, semitones), -4, 4)) / 12))
    if rng.uniform() < 0.7:
        x = equalise(rng, x)
    if rng.uniform() < 0.5:
        x = room(rng, x)
    return x


def place(rng: Rng, x: np.ndarray, db: float, judged: float = 0.85) -> np.ndarray:
    """`x` in a window, loudest 50 ms at `db`, a loud place of it mostly in the judged part."""
    power = levels(np.pad(x, (0, 160)))
    loud = np.flatnonzero(power > power.max() * 1e-2)
    anchor = int(loud[rng.integers(len(loud))]) * 160
    at = int(rng.integers(FIRST, LAST) if rng.uniform() < judged else rng.integers(0, WINDOW))
    out = np.zeros(WINDOW)
    begin = at - anchor
    part = x[max(0, -begin) : max(0, WINDOW - begin)]
    out[max(0, begin) : max(0, begin) + len(part)] = part
    best = np.sqrt(levels(np.pad(x, (0, 800)), 800).max())
    return out * (10 ** (db / 20) / (best + 1e-9))


def heard(part: np.ndarray, rest: np.ndarray) -> int:
    """Whether an event laid into the window sounds in the judged part: 1, 0 or -1."""
    power = levels(part)
    active = power > power.max() * 1e-3
    inside = active[FIRST // 160 : LAST // 160]
    if not inside.any():
        return 0
    if inside.sum() < min(15, 0.5 * active.sum()):
        return -1
    own = (part[FIRST:LAST] ** 2).sum()
    other = (rest[FIRST:LAST] ** 2).sum()
    return 1 if own > other * 0.06 and power[FIRST // 160 : LAST // 160].max() > 1e-6 else -1


def label_of(parts: list[tuple[str, np.ndarray]], mix: np.ndarray) -> np.ndarray:
    y = np.zeros(len(LABELS), np.int8)
    for label, part in parts:
        state = heard(part, mix - part)
        k = INDEX[label]
        if state == 1:
            y[k] = 1
            for name in UNKNOWN_WITH.get(label, ()):
                y[INDEX[name]] = y[INDEX[name]] or -1
        elif state == -1:
            y[k] = y[k] or -1
    loudest = 10 * np.log10(levels(mix[FIRST:LAST], 800).max() + 1e-12)
    y[INDEX["silence"]] = 1 if loudest < -54 else 0 if loudest > -47 else -1
    return y


def choose(rng: Rng, library: Library, fold: int | None) -> str:
    u = rng.uniform()
    if u < 0.07:
        return "speech"
    if u < 0.14:
        return "music"
    if u < 0.23:
        return "something else"
    while True:
        label = LABELS[rng.integers(len(LABELS) - 2)]
        if library.groups(label, fold) or (label in sound_synth.SYNTHETIC):
            return label


def compose(rng: Rng, library: Library, fold: int | None) -> tuple[np.ndarray, np.ndarray]:
    """One training window: (24000,) int16 and its labels."""
    u = rng.uniform()
    if u < 0.04:
        mix = sound_synth.coloured(rng, 1.5, rng.uniform(0, 2)) * 10 ** (rng.uniform(-90, -50) / 20)
        return quantise(mix), label_of([], mix)
    if u < 0.07:
        slope = rng.uniform(0, 2)
        mix = sound_synth.coloured(rng, 1.5, slope) * 10 ** (rng.uniform(-38, -8) / 20)
        y = label_of([], mix)
        y[INDEX["white noise"]] = 1 if slope < 0.8 else -1
        y[INDEX["wind"]] = y[INDEX["something else"]] = -1 if slope > 0.8 else 0
        return quantise(mix), y
    level = rng.uniform(-42, -8)
    labels = [choose(rng, library, fold)]
    if rng.uniform() < 0.25:
        labels.append(choose(rng, library, fold))
    parts = []
    for k, label in enumerate(dict.fromkeys(labels)):
        x = augment(rng, pick(rng, library, label, fold, 0.4), label)
        parts.append((label, place(rng, x, level - (rng.uniform(-3, 10) if k else 0))))
    for label, share in (("speech", 0.13), ("music", 0.10)):
        if label not in labels and rng.uniform() < share:
            x = augment(rng, pick(rng, library, label, fold, 0.0), label)
            parts.append((label, place(rng, x, level - rng.uniform(0, 18))))
    mix = sum(p for _, p in parts) + background(rng, level - rng.uniform(5, 50))
    if rng.uniform() < 0.08:  # the start of a session
        begin = int(rng.integers(1, 16_000 // 160)) * 160
        mix[:begin] = 0
        for _, p in parts:
            p[:begin] = 0
    return quantise(mix), label_of(parts, mix)


def background(rng: Rng, db: float) -> np.ndarray:
    noise = sound_synth.coloured(rng, 1.5, rng.uniform(0, 2))
    return noise * (10 ** (max(db, -92) / 20) / np.sqrt((noise**2).mean()))


def quantise(x: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(x * 32768), -32768, 32767).astype(np.int16)
