"""What a slow sense is asked and what it found: plain values, free of torch and of any network.

Speech, reading and people take longer than a step. Which work there is, is part of the fold: a step
adds jobs to the state, and each job's finding enters at the step that reaches its due time, never
sooner or later. What a finding is depends on the job's media alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

SenseName = Literal["speech", "reading", "people"]
Box = tuple[float, float, float, float]  # left, top, right, bottom as shares of the picture, 0 to 1

LAG_S = 2.0  # media seconds from the end of a job's chunk to the step at which its finding enters
KEPT_S = 10.0  # media seconds before `applied` for which input is kept: no job reaches further back


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work of a slow sense, in media-clock seconds.

    Speech needs the sound of `[start_s, end_s)`; reading and people need the one picture that was
    taken at `start_s` (`end_s` is until when it stands). The first step whose chunk ends at or
    after `due_s` takes the finding in. `number` counts a session's jobs for ever.
    """

    sense: SenseName
    number: int
    start_s: float
    end_s: float
    due_s: float


@dataclass(frozen=True, slots=True)
class JobMedia:
    """What a job works on: its sound, or its picture; None where there is none to decode.

    `audio` (samples,) float32 at 16 kHz, zeros where none came; `picture` (H, W, 3) uint8 RGB at
    its own size.
    """

    audio: npt.NDArray[np.float32] | None = None
    picture: npt.NDArray[np.uint8] | None = None


@dataclass(frozen=True, slots=True)
class Word:
    """One spoken word with its time in media-clock seconds and how sure it is, 0 to 1."""

    text: str
    start_s: float
    end_s: float
    p: float


@dataclass(frozen=True, slots=True)
class Utterance:
    """What somebody said without a longer pause; `language` is ISO 639-1."""

    text: str
    start_s: float
    end_s: float
    words: tuple[Word, ...]
    language: str
    p: float


@dataclass(frozen=True, slots=True)
class Line:
    """One line of written text in a picture."""

    text: str
    box: Box
    p: float


@dataclass(frozen=True, slots=True)
class Person:
    """One person in a picture, as far as seen: where, how sure, and what colours they wear.

    `colours`: shares of `looks.COLOURS` in 255ths; empty where nobody looked.
    """

    box: Box
    p: float
    colours: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Heard:
    """Finding of a speech job: nothing where nobody spoke."""

    utterances: tuple[Utterance, ...] = ()


@dataclass(frozen=True, slots=True)
class Read:
    """Finding of a reading job."""

    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class People:
    """Finding of a people job, the surest first."""

    persons: tuple[Person, ...] = ()


Finding: TypeAlias = Heard | Read | People


class SlowSense(Protocol):
    """Works jobs of one kind; called from one thread at a time, never from the model's thread."""

    def find(self, job: Job, media: JobMedia) -> Finding:
        """The job's finding: the same bytes in, the same finding out, on the same machine."""
        ...
