"""What reaches an engine from outside: a question, what is known around it, and a teaching."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ttm_model.questions.question import Understood

if TYPE_CHECKING:  # what carries questions and never answers one need not load torch
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Asking:
    """A question to one session's memory.

    `text` as it was asked, `question` as it was understood. `since_s` and `until_s`: media seconds
    to which the request restricts it, None: not. `live`: the stream goes on, so that "ago" counts
    from now. `wall_zero`: Unix time of media second 0, where the stream came in as it was filmed.
    `picture`: (H, W, 3) uint8 RGB that the question is about ("when did you see this?"), and
    `picture_keys` (M, d): what it shows, as keys of the memory; the engine makes them.
    """

    text: str
    question: Understood
    since_s: float | None = None
    until_s: float | None = None
    live: bool = True
    wall_zero: float | None = None
    picture: npt.NDArray[np.uint8] | None = None
    picture_keys: Tensor | None = None


@dataclass(frozen=True, slots=True)
class Teaching:
    """What was seen or heard between two media times shall have a name.

    `since_s` and `until_s`: media seconds, None where the request says none. `asked_s`: how far the
    media had come when it was asked; the state may be further by now.
    """

    name: str
    since_s: float | None = None
    until_s: float | None = None
    asked_s: float | None = None
