"""Where in the picture something was, in words for its box. Knows no kinds of question.

Boxes are coarse: those of windows are a third of the picture or more, so that only the thirds and,
of two things seen at once, their order is told.
"""

from __future__ import annotations

from ttm_model.questions.question import Side
from ttm_model.slow import Box

WHOLE = 0.85  # of the picture's width and height, from which a box tells no place
LOW, HIGH = 0.42, 0.58  # the middle of the picture, of a box's centre
APART = 0.06  # of the picture, by which two centres differ where one is left of the other


def centre(box: Box) -> tuple[float, float]:
    """Across and down, as shares of the picture."""
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def tells(box: Box | None) -> bool:
    """Whether a box tells a place at all."""
    return box is not None and (box[2] - box[0] < WHOLE or box[3] - box[1] < WHOLE)


def sides(box: Box) -> tuple[Side, ...]:
    """What is said of a place: across first, then up or down where it is at neither's middle."""
    across, down = centre(box)
    told: list[Side] = []
    if box[2] - box[0] < WHOLE:
        told.append("left" if across < LOW else "right" if across > HIGH else "middle")
    if box[3] - box[1] < WHOLE and not LOW <= down <= HIGH:
        told.append("top" if down < LOW else "bottom")
    return tuple(told) or ("middle",)


def beyond(box: Box, other: Box, side: Side) -> bool:
    """Whether a box is on a side of another one."""
    (x, y), (other_x, other_y) = centre(box), centre(other)
    by = {
        "left": other_x - x,
        "right": x - other_x,
        "top": other_y - y,
        "bottom": y - other_y,
        "middle": APART - max(abs(other_x - x), abs(other_y - y)),
    }
    return by[side] >= (APART if side != "middle" else 0.0)
