"""Sounds made by plain signal processing, each call another one; knows no recording, no network."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

RATE = 16_000
Rng = np.random.Generator


def _t(seconds: float) -> np.ndarray:
    return np.arange(int(seconds * RATE)) / RATE


def _sine(hz: np.ndarray | float, t: np.ndarray) -> np.ndarray:
    """A sine whose frequency may move."""
    return np.sin(2 * np.pi * np.cumsum(np.broadcast_to(hz, t.shape)) / RATE)


def _edge(x: np.ndarray, seconds: float = 0.005) -> np.ndarray:
    n = max(1, min(int(seconds * RATE), len(x) // 2))
    ramp = np.ones(len(x))
    ramp[:n], ramp[-n:] = np.linspace(0, 1, n), np.linspace(1, 0, n)
    return x * ramp


def coloured(rng: Rng, seconds: float, slope: float) -> np.ndarray:
    """Noise whose power falls as frequency to the power of `slope`: 0 white, 1 pink, 2 brown."""
    n = int(seconds * RATE)
    spectrum = np.fft.rfft(rng.standard_normal(n))
    hz = np.maximum(np.fft.rfftfreq(n, 1 / RATE), 30.0)
    x = np.fft.irfft(spectrum * hz ** (-slope / 2), n)
    return x / (np.abs(x).max() + 1e-9)


def _repeat(rng: Rng, one: Callable[[], np.ndarray], gap_s: float, seconds: float) -> np.ndarray:
    out = np.zeros(int(seconds * RATE))
    at = 0
    while at < len(out):
        piece = one()[: len(out) - at]
        out[at : at + len(piece)] += piece
        at += max(400, int((gap_s * rng.uniform(0.9, 1.1)) * RATE))
    return out


def siren(rng: Rng) -> np.ndarray:
    t = _t(4.0)
    low, high = rng.uniform(400, 800), rng.uniform(900, 1700)
    way = rng.integers(3)
    speed = rng.uniform(0.25, 4.0)
    phase = (t * speed + rng.uniform()) % 1
    if way == 0:  # wail
        hz = low + (high - low) * (0.5 - 0.5 * np.cos(2 * np.pi * phase))
    elif way == 1:  # two tones
        hz = np.where((t * rng.uniform(0.7, 2) + rng.uniform()) % 1 < 0.5, low, low * 4 / 3)
    else:  # yelp
        hz = low + (high - low) * phase
    x = sum(_sine(hz * k, t) / k for k in range(1, int(rng.integers(2, 6))))
    return np.asarray(x)


def beep(rng: Rng) -> np.ndarray:
    hz, length = rng.uniform(500, 4200), rng.uniform(0.05, 0.4)
    shape = rng.uniform(0, 0.5)

    def one() -> np.ndarray:
        t = _t(length)
        return _edge(_sine(hz, t) + shape * _sine(3 * hz, t) / 3)

    return _repeat(rng, one, length + rng.uniform(0.05, 0.8), 3.0)


def tone(rng: Rng) -> np.ndarray:
    t = _t(3.0)
    hz = float(np.exp(rng.uniform(np.log(120), np.log(5000))))
    return _edge(_sine(hz, t) + (rng.uniform(0, 0.3) * _sine(2 * hz, t) if hz < 3000 else 0))


def white_noise(rng: Rng) -> np.ndarray:
    return coloured(rng, 3.0, rng.uniform(-0.2, 0.7))


def telephone_ring(rng: Rng) -> np.ndarray:
    t = _t(rng.uniform(0.7, 2.2))
    if rng.uniform() < 0.5:  # two bells struck in turn
        rate = rng.uniform(16, 26)
        hz = rng.uniform(900, 1600)
        beat = np.exp(-((t * rate) % 1) * rng.uniform(1, 4))
        x = beat * sum(
            _sine(hz * r, t) * a for r, a in ((1, 1), (1.26, 0.8), (2.7, 0.5), (4.1, 0.2))
        )
    else:  # electronic warble
        a, b = rng.uniform(600, 1500), rng.uniform(1.1, 1.4)
        x = _sine(np.where((t * rng.uniform(8, 25)) % 1 < 0.5, a, a * b), t)
        x = x + 0.3 * np.sign(x)
    x = _edge(np.asarray(x), 0.02)
    return np.concatenate([x, np.zeros(int(rng.uniform(0.2, 1.5) * RATE)), x])


def dial_tone(rng: Rng) -> np.ndarray:
    a, b = ((350, 440), (425, 425), (480, 620), (400, 450))[rng.integers(4)]
    t = _t(3.0)
    x = np.sin(2 * np.pi * a * t) + np.sin(2 * np.pi * b * t + 1)
    if rng.uniform() < 0.5:  # engaged
        x = x * ((t / rng.uniform(0.5, 1.0)) % 1 < 0.5)
    return np.asarray(x)


def heartbeat(rng: Rng) -> np.ndarray:
    hz = rng.uniform(40, 90)

    def one() -> np.ndarray:
        t = _t(0.5)
        thud = np.exp(-t / 0.03) * _sine(hz, t)
        second = np.zeros_like(thud)
        delay = int(rng.uniform(0.22, 0.3) * RATE)
        second[delay:] = 0.7 * thud[:-delay]
        return thud + second + 0.02 * np.exp(-t / 0.02) * rng.standard_normal(len(t))

    return _repeat(rng, one, rng.uniform(0.6, 1.1), 3.5)


def clock_ticking(rng: Rng) -> np.ndarray:
    modes = rng.uniform(1200, 6000, 4)
    die = rng.uniform(0.002, 0.012)

    def one() -> np.ndarray:
        t = _t(0.08)
        scale = rng.uniform(0.7, 1.0)
        wave = sum(np.sin(2 * np.pi * m * t + m) for m in modes) + rng.standard_normal(len(t))
        return scale * np.exp(-t / die) * wave

    return _repeat(rng, one, float(rng.choice([0.25, 0.5, 1.0])), 3.5)


def knocking(rng: Rng) -> np.ndarray:
    modes = rng.uniform(90, 1100, 5)
    die = rng.uniform(0.012, 0.05)

    def one() -> np.ndarray:
        t = _t(0.3)
        body = sum(np.exp(-t / die * (m / 400) ** 0.3) * np.sin(2 * np.pi * m * t) for m in modes)
        click = rng.uniform(0.2, 1) * rng.standard_normal(len(t)) * np.exp(-t / 0.006)
        return rng.uniform(0.6, 1.0) * (body + click)

    count = int(rng.integers(2, 6))
    return _repeat(rng, one, rng.uniform(0.14, 0.35), 0.3 * count + 0.3)


def rain(rng: Rng) -> np.ndarray:
    x = rng.uniform(0.05, 0.4) * coloured(rng, 4.0, rng.uniform(0.0, 0.6))
    for _ in range(int(rng.integers(200, 1500))):
        at = int(rng.integers(0, len(x) - 400))
        t = np.arange(300) / RATE
        hz = rng.uniform(1000, 7000)
        x[at : at + 300] += rng.exponential(0.15) * np.exp(-t / 0.003) * np.sin(2 * np.pi * hz * t)
    return x


def wind(rng: Rng) -> np.ndarray:
    x = coloured(rng, 5.0, rng.uniform(1.2, 2.2))
    t = _t(5.0)
    gusts = sum(np.sin(2 * np.pi * f * t + rng.uniform(0, 6)) for f in rng.uniform(0.1, 1.2, 3))
    whistle = coloured(rng, 5.0, 0)
    hz = rng.uniform(300, 900) * (1 + 0.15 * np.asarray(gusts))
    x = x + rng.uniform(0, 0.4) * _sine(hz, t) * np.convolve(whistle, np.ones(400) / 20, "same")
    return x * (1.6 + np.asarray(gusts) / 2)


def doorbell(rng: Rng) -> np.ndarray:
    high = rng.uniform(500, 1100)

    def strike(hz: float) -> np.ndarray:
        t = _t(1.3)
        partials = ((1, 1.0), (2.0, 0.4), (2.76, 0.3), (5.4, 0.1))
        wave = sum(a * np.exp(-t * k * 2.5) * np.sin(2 * np.pi * hz * k * t) for k, a in partials)
        return np.asarray(wave)

    first, second = strike(high), strike(high * rng.choice([0.8, 0.75, 0.667]))
    out = np.zeros(int(2.2 * RATE))
    gap = int(rng.uniform(0.4, 0.8) * RATE)
    out[: len(first)] += first
    out[gap : gap + len(second)] += second
    return out


def car_horn(rng: Rng) -> np.ndarray:
    t = _t(rng.uniform(0.25, 1.6))
    low = rng.uniform(300, 480)
    x = np.zeros_like(t)
    for base in (low, low * rng.choice([1.19, 1.26, 1.33])):
        x += sum(_sine(base * k, t) / k**0.7 for k in range(1, int(7000 / base)))
    x = _edge(x, 0.02)
    return np.concatenate([x, np.zeros(int(rng.uniform(0.1, 0.5) * RATE)), x])


def morse(rng: Rng) -> np.ndarray:
    hz, dot = rng.uniform(500, 1000), rng.uniform(0.04, 0.11)
    parts = []
    for _ in range(24):
        parts += [_edge(_sine(hz, _t(dot * rng.choice([1, 3])))), np.zeros(int(dot * RATE))]
        if rng.uniform() < 0.3:
            parts.append(np.zeros(int(2 * dot * RATE)))
    return np.concatenate(parts)


def alarm_clock(rng: Rng) -> np.ndarray:
    hz = rng.uniform(1200, 3200)
    n = int(rng.integers(2, 5))
    one = np.concatenate(
        [np.concatenate([_edge(np.sign(_sine(hz, _t(0.07)))), np.zeros(800)])] * n
        + [np.zeros(int(rng.uniform(0.25, 0.6) * RATE))]
    )
    return np.tile(one, 5)[: 4 * RATE]


SYNTHETIC: dict[str, Callable[[Rng], np.ndarray]] = {
    "siren": siren,
    "beep": beep,
    "tone": tone,
    "white noise": white_noise,
    "telephone ring": telephone_ring,
    "dial tone": dial_tone,
    "heartbeat": heartbeat,
    "clock ticking": clock_ticking,
    "knocking": knocking,
    "rain": rain,
    "wind": wind,
    "doorbell": doorbell,
    "car horn": car_horn,
    "morse code": morse,
    "alarm clock": alarm_clock,
}
"""Classes that have a generator; each also has at least one recording."""
