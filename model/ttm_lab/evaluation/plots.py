"""Small SVG diagrams, written without a plotting library. Knows points and names only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from ttm_lab.evaluation.statistics import Bin, Estimate

COLOURS = (
    "#0b62a4",
    "#d1495b",
    "#2a9d5c",
    "#e0a100",
    "#7b4fa3",
    "#4d4d4d",
    "#17a2b8",
    "#8c564b",
    "#c77cff",
    "#7a8450",
    "#b0b0b0",
    "#ff7f50",
    "#ff4fa3",
)
WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 62, 190, 46, 62
LABEL_GAP = 15.0

Curve = Sequence[tuple[str, Estimate]]


@dataclass(frozen=True, slots=True)
class _Frame:
    """The plot's area in user units."""

    columns: int

    def x(self, at: float) -> float:
        """The place of a column."""
        return LEFT + (at + 0.5) * (WIDTH - LEFT - RIGHT) / self.columns

    def y(self, value: float) -> float:
        """The place of a share."""
        return TOP + (1.0 - value) * (HEIGHT - TOP - BOTTOM)


def curves_svg(title: str, x_title: str, curves: Mapping[str, Curve]) -> str:
    """One line for each system over common buckets, with its 95 % interval as a band."""
    buckets = _merged([[name for name, _ in curve] for curve in curves.values()])
    frame = _Frame(max(len(buckets), 1))
    parts = _axes(title, x_title, "recall@1", frame, buckets)
    ends: list[tuple[float, str, str]] = []
    for at, (system, curve) in enumerate(curves.items()):
        colour = COLOURS[at % len(COLOURS)]
        points = [(frame.x(buckets.index(name)), estimate) for name, estimate in curve]
        if not points:
            continue
        upper = [f"{x:.1f},{frame.y(e.high):.1f}" for x, e in points]
        lower = [f"{x:.1f},{frame.y(e.low):.1f}" for x, e in reversed(points)]
        parts.append(f'<polygon points="{" ".join(upper + lower)}" fill="{colour}" opacity="0.1"/>')
        line = " ".join(f"{x:.1f},{frame.y(e.value):.1f}" for x, e in points)
        width = 2.6 if at == 0 else 1.6
        parts.append(
            f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="{width}"/>'
        )
        parts += [
            f'<circle cx="{x:.1f}" cy="{frame.y(e.value):.1f}" r="2.8" fill="{colour}"/>'
            for x, e in points
        ]
        ends.append((frame.y(points[-1][1].value), system, colour))
    return _document([*parts, *_names(ends)])


def reliability_svg(title: str, diagrams: Mapping[str, Sequence[Bin]]) -> str:
    """Share that was true against stated probability; a point's area grows with its count."""
    frame = _Frame(1)
    span = WIDTH - LEFT - RIGHT

    def x(p: float) -> float:
        return LEFT + p * span

    parts = _axes(title, "stated probability", "share that was true", frame, [])
    for tick in range(0, 11, 2):
        parts.append(_text(x(tick / 10), HEIGHT - BOTTOM + 18, f"{tick / 10:g}", "middle"))
    parts.append(
        f'<line x1="{x(0)}" y1="{frame.y(0)}" x2="{x(1)}" y2="{frame.y(1)}" stroke="#999" '
        'stroke-dasharray="5 4"/>'
    )
    ends: list[tuple[float, str, str]] = []
    for at, (name, bins) in enumerate(diagrams.items()):
        colour = COLOURS[at % len(COLOURS)]
        line = " ".join(f"{x(held.confidence):.1f},{frame.y(held.share):.1f}" for held in bins)
        parts.append(
            f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.6"/>'
        )
        total = sum(held.count for held in bins) or 1
        parts += [
            f'<circle cx="{x(held.confidence):.1f}" cy="{frame.y(held.share):.1f}" '
            f'r="{2.5 + 14 * (held.count / total) ** 0.5:.1f}" fill="{colour}" opacity="0.55"/>'
            for held in bins
        ]
        if bins:
            ends.append((frame.y(bins[-1].share), name, colour))
    return _document([*parts, *_names(ends)])


def _merged(orders: list[list[str]]) -> list[str]:
    """All buckets in their order; every list keeps it, and may miss some."""
    merged: list[str] = []
    for names in sorted(orders, key=len, reverse=True):
        for at, name in enumerate(names):
            if name not in merged:
                later = [merged.index(other) for other in names[at + 1 :] if other in merged]
                merged.insert(min(later, default=len(merged)), name)
    return merged


def _axes(title: str, x_title: str, y_title: str, frame: _Frame, buckets: list[str]) -> list[str]:
    right = WIDTH - RIGHT
    parts = [
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        _text(LEFT, 24, title, "start", size=15, weight="600"),
        _text((LEFT + right) / 2, HEIGHT - 14, x_title, "middle"),
        f'<text transform="translate(18 {(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" '
        f'text-anchor="middle" font-size="12" fill="#333">{escape(y_title)}</text>',
    ]
    for tick in range(0, 101, 20):
        y = frame.y(tick / 100)
        parts.append(f'<line x1="{LEFT}" y1="{y}" x2="{right}" y2="{y}" stroke="#e4e4e4"/>')
        parts.append(_text(LEFT - 8, y + 4, f"{tick} %", "end"))
    parts += [
        _text(frame.x(at), HEIGHT - BOTTOM + 18, name, "middle") for at, name in enumerate(buckets)
    ]
    return parts


def _names(ends: list[tuple[float, str, str]]) -> list[str]:
    """System names beside the ends of their lines, moved apart so that none covers another."""
    parts, above = [], float("inf")
    for y, name, colour in sorted(ends, reverse=True):
        above = min(y, above - LABEL_GAP)
        parts.append(
            f'<text x="{WIDTH - RIGHT + 8}" y="{above + 4:.1f}" font-size="12" fill="{colour}">'
            f"{escape(name)}</text>"
        )
    return parts


def _text(x: float, y: float, text: str, anchor: str, size: int = 12, weight: str = "400") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
        f'font-weight="{weight}" fill="#333">{escape(text)}</text>'
    )


def _document(parts: list[str]) -> str:
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" font-family="system-ui, sans-serif">\n{body}\n</svg>\n'
    )
