"""The slow senses of preset `lite` in the fold: which work a chunk makes, what its findings become.

Pure but for what was loaded at construction: states in, states out. Knows no slot and no question.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ttm_model.chunk import ChunkMedia
from ttm_model.encoders.text import TextEncoder
from ttm_model.engines.lite_state import LiteState
from ttm_model.engines.noticing import picture_spans
from ttm_model.engines.persons import Came, Dressed
from ttm_model.engines.switches import Switches
from ttm_model.people import PeopleSense
from ttm_model.reading import ReadingGate, ReadingSense
from ttm_model.slow import (
    LAG_S,
    Finding,
    Heard,
    Job,
    People,
    Read,
    SenseName,
    SlowSense,
    Utterance,
)
from ttm_model.speech.segmenter import Segmenter, due_s
from ttm_model.speech.sense import SpeechSense
from ttm_model.speech.state import NEVER
from ttm_model.step_result import Noticed, NoticedModality
from ttm_model.taught.voice import named
from ttm_model.words.state import WordsState, entries, read, said

NUMBERED_LATER = 0  # `Pending.added` gives every job its number


@dataclass(frozen=True, slots=True)
class Naming:
    """A name that somebody said of what could be seen or heard just then."""

    name: str
    since_s: float
    until_s: float


@dataclass(frozen=True, slots=True)
class Taken:
    """What the findings of one step became."""

    state: LiteState
    came: tuple[Came, ...]
    namings: tuple[Naming, ...]
    noticed: tuple[Noticed, ...]


class SlowPart:
    """Raises `WeightsError` at construction where a weight file is not the pinned one."""

    def __init__(self, text: TextEncoder, switches: Switches) -> None:
        self.switches = switches
        self._text = text
        self._segmenter = Segmenter() if switches.speech != "off" else None
        self._gate = ReadingGate() if switches.reading else None
        senses: dict[SenseName, SlowSense] = {}
        if switches.speech != "off":
            senses["speech"] = SpeechSense(switches.speech, switches.language)
        if switches.reading:
            senses["reading"] = ReadingSense()
        if switches.people:
            senses["people"] = Dressed(PeopleSense())
        self.senses: Mapping[SenseName, SlowSense] = senses

    # --- which work there is ----------------------------------------------------------------------

    def asked(self, state: LiteState, media: ChunkMedia, keys: Tensor) -> LiteState:
        """The state with the jobs that a chunk makes; `keys` (n, d) of its whole pictures."""
        jobs: list[Job] = []
        speech, reading = state.speech, state.reading
        if self._segmenter is not None:
            speech, closed = self._segmenter.extended(speech, media)
            jobs += [
                Job("speech", NUMBERED_LATER, start_s, end_s, due_s(start_s, media.end_s))
                for start_s, end_s in closed
            ]
        pictures = list(zip(sorted(media.picture_times_s), picture_spans(media), strict=True))
        due = media.end_s + LAG_S
        if self._gate is not None:
            for (at_s, (_, until_s)), key in zip(pictures, keys, strict=True):
                reading, wanted = self._gate.extended(reading, key, at_s)
                if wanted:
                    jobs.append(Job("reading", NUMBERED_LATER, at_s, until_s, due))
        if "people" in self.senses and pictures:
            at_s, (_, until_s) = pictures[-1]
            jobs.append(Job("people", NUMBERED_LATER, at_s, until_s, due))
        return replace(state, speech=speech, reading=reading, jobs=state.jobs.added(jobs))

    def flushed(self, state: LiteState) -> LiteState:
        """The end of a stream: the open utterance closes, and all jobs are due now."""
        clock_s = float(state.memory.clock_s[0])
        speech, jobs = state.speech, state.jobs
        if self._segmenter is not None:
            speech, closed = self._segmenter.flushed(speech)
            jobs = jobs.added(
                Job("speech", NUMBERED_LATER, start_s, end_s, clock_s) for start_s, end_s in closed
            )
        at_s = torch.tensor(clock_s, dtype=torch.float64)
        return replace(state, speech=speech, jobs=jobs.due_now(clock_s), flushed_s=at_s)

    def nothing_open(self, state: LiteState) -> bool:
        """Whether nothing is open and no job is waited for."""
        return not state.jobs.pending() and _open_s(state) is None

    def words_until_s(self, state: LiteState) -> float:
        """Until when speech has been understood: all that was said before is in the words."""
        waiting = [job.start_s for job in state.jobs.pending() if job.sense == "speech"]
        open_s = _open_s(state)
        clock_s = float(state.memory.clock_s[0])
        return min([clock_s, *waiting, *([] if open_s is None else [open_s])])

    # --- what findings become ---------------------------------------------------------------------

    def taken_in(self, state: LiteState, findings: Mapping[int, Finding]) -> Taken:
        """The state without the jobs whose findings these are, and with what they found."""
        words = state.words
        came: list[Came] = []
        namings: list[Naming] = []
        noticed: list[Noticed] = []
        for job in state.jobs.pending():
            match findings.get(job.number):
                case Heard(utterances):
                    for utterance in utterances:
                        words = said(words, utterance, self._key(utterance.text))
                        noticed.append(_caption("speech", utterance))
                        name = named(utterance.text)
                        if name is not None:
                            namings.append(Naming(name, utterance.start_s, utterance.end_s))
                case Read(lines) if lines:
                    known = _lines(words)
                    keys = torch.stack([self._key(line.text) for line in lines])
                    words = read(words, job.start_s, job.end_s, lines, keys)
                    noticed += _new_lines(known, words)
                case People(persons) if persons:
                    came.append(Came(persons, job.start_s, job.end_s))
        jobs = state.jobs.without(findings.keys())
        after = replace(state, words=words, jobs=jobs)
        return Taken(after, tuple(came), tuple(namings), tuple(noticed))

    def _key(self, text: str) -> Tensor:
        return self._text.encode([text])[0]


def _open_s(state: LiteState) -> float | None:
    open_s = float(state.speech.times[2])
    return None if open_s == NEVER else open_s


def _caption(modality: NoticedModality, utterance: Utterance) -> Noticed:
    p = round(utterance.p, 3)
    return Noticed(utterance.text, modality, utterance.start_s, utterance.end_s, p)


def _lines(words: WordsState) -> set[tuple[str, float]]:
    return {(entry.text, entry.start_s) for entry in entries(words) if entry.kind == "text"}


def _new_lines(known: Iterable[tuple[str, float]], words: WordsState) -> list[Noticed]:
    starts_s = {start_s for _, start_s in known}
    return [
        Noticed(entry.text, "text", entry.start_s, entry.end_s, round(entry.p, 3))
        for entry in entries(words)
        if entry.kind == "text" and entry.start_s not in starts_s
    ]
