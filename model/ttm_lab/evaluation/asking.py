"""Asks one system everything about one episode. Knows no particular system."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ttm_lab.evaluation.rows import Row
from ttm_lab.evaluation.statistics import rank_of
from ttm_lab.task.interface import Episode, MemorySystem
from ttm_lab.task.questions import Asked, EpisodeQuestions


@dataclass(frozen=True, slots=True)
class Setting:
    """Where an answer belongs."""

    load: str
    sigma: float
    episode: int


def ask(
    system: MemorySystem,
    memory: Any,
    episode: Episode,
    questions: EpisodeQuestions,
    setting: Setting,
) -> list[Row]:
    """A row for every question."""
    with torch.inference_mode():
        return [
            *_choices(system, memory, episode, questions, setting),
            *_whens(system, memory, episode, questions, setting),
            *_presences(system, memory, episode, questions, setting),
        ]


def _choices(
    system: MemorySystem,
    memory: Any,
    episode: Episode,
    questions: EpisodeQuestions,
    setting: Setting,
) -> list[Row]:
    rows = []
    sights, sounds = episode.sights.text, episode.sounds.text
    where = _where(system, setting)
    for at in questions.at_time:
        scores = system.at_time(memory, at.time_s, sights[at.candidates])
        rank = rank_of(scores, int((at.candidates == at.truth).nonzero()[0, 0]))
        confused = _confused(scores, at.candidates, at.truth, episode)
        rows.append(Row(*where, "at_time", at.asked.age_s, at.asked.intervening, rank, confused))
    for by in questions.beside:
        scores = system.beside(memory, sounds[by.sound], sights[by.candidates])
        rank = rank_of(scores, int((by.candidates == by.truth).nonzero()[0, 0]))
        confused = _confused(scores, by.candidates, by.truth, episode)
        rows.append(Row(*where, "beside", by.asked.age_s, by.asked.intervening, rank, confused))
    return rows


def _where(system: MemorySystem, setting: Setting) -> tuple[str, str, float, int]:
    """The fields with which every row begins."""
    return system.name, setting.load, setting.sigma, setting.episode


def _confused(scores: Tensor, candidates: Tensor, truth: int, episode: Episode) -> bool:
    """A binding error: the best candidate was there, but not then."""
    best = int(candidates[scores.argmax()])
    return best != truth and any(event.sight == best for event in episode.events)


def _whens(
    system: MemorySystem,
    memory: Any,
    episode: Episode,
    questions: EpisodeQuestions,
    setting: Setting,
) -> list[Row]:
    rows = []
    for question in questions.when:
        start_s = system.when(memory, episode.sights.text[question.sight])
        error_s = None if start_s is None else abs(start_s - question.start_s)
        rows.append(
            Row(
                *_where(system, setting),
                "when",
                question.asked.age_s,
                question.asked.intervening,
                error_s=error_s,
                evicted=evicted(system, memory, episode, question.asked),
            )
        )
    return rows


def _presences(
    system: MemorySystem,
    memory: Any,
    episode: Episode,
    questions: EpisodeQuestions,
    setting: Setting,
) -> list[Row]:
    rows = []
    for question in questions.presence:
        p, verdict = system.presence(memory, episode.sights.text[question.sight])
        asked = question.asked
        rows.append(
            Row(
                *_where(system, setting),
                "presence",
                None if asked is None else asked.age_s,
                None if asked is None else asked.intervening,
                p=p,
                verdict=verdict,
                subject=question.kind,
                evicted=None if asked is None else evicted(system, memory, episode, asked),
            )
        )
    return rows


def evicted(system: MemorySystem, memory: Any, episode: Episode, asked: Asked) -> bool | None:
    """Whether the asked event's sight is no longer held, where the system can tell."""
    holds = getattr(system, "holds", None)
    if holds is None:
        return None
    event = episode.events[asked.event]
    return not holds(memory, event, episode.sights.sensor[event.sight])


def follow(
    system: MemorySystem, memory: Any, donor: Episode, questions: EpisodeQuestions, setting: Setting
) -> list[Row]:
    """Ask a memory that came from another episode, the donor, with both truths as candidates.

    `rank` is that of what the donor's memory must say: an answer that followed the question's
    own episode instead would rank its truth first.
    """
    rows = []
    for at in questions.at_time:
        alone = [e for e in donor.events if e.start_s <= at.time_s <= e.end_s]
        if len(alone) != 1 or alone[0].sight == at.truth:
            continue
        others = at.candidates[at.candidates != alone[0].sight]
        candidates = torch.cat([others, torch.tensor([alone[0].sight])])
        with torch.inference_mode():
            scores = system.at_time(memory, at.time_s, donor.sights.text[candidates])
        rank = rank_of(scores, candidates.shape[0] - 1)
        rows.append(
            Row(
                *_where(system, setting),
                "follows",
                at.asked.age_s,
                at.asked.intervening,
                rank,
            )
        )
    return rows
