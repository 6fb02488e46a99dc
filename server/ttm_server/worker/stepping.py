"""One batched step over several live sessions, and what it leaves in each. Knows no store."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from ttm_model.chunk import ChunkMedia
from ttm_model.slow import Finding, Job
from ttm_model.step_result import StepResult
from ttm_protocol.messages import Event, Gap, as_label
from ttm_server.media import DecodedChunk
from ttm_server.worker.engine import Engine
from ttm_server.worker.gaps import add_gaps
from ttm_server.worker.session import LiveSession
from ttm_server.worker.slow_jobs import NOTHING, Outcome

log = logging.getLogger(__name__)

S = TypeVar("S")
ENGINE_FAULT = "engine_error"


@dataclass(frozen=True, slots=True)
class Stepped(Generic[S]):
    """One session's part of a batch, and the jobs that its state waits for now."""

    result: StepResult[S]
    jobs: tuple[Job, ...]


def run_step(
    engine: Engine[S],
    states: Sequence[S],
    media: Sequence[ChunkMedia],
    due: Sequence[Sequence[Outcome]],
) -> list[Stepped[S]]:
    """A batch's step; when the batch as a whole fails, each session alone.

    So a chunk that breaks the model costs its own session one reported gap and the others nothing.
    """
    findings = [{one.job.number: one.finding for one in row} for row in due]
    try:
        results = engine.step(states, media, findings)
    except Exception:
        log.exception("a batch of %d failed; stepping its sessions one by one", len(states))
        results = [
            _alone(engine, state, one, row)
            for state, one, row in zip(states, media, due, strict=True)
        ]
    return [Stepped(result, engine.jobs(result.state)) for result in results]


def _alone(engine: Engine[S], state: S, media: ChunkMedia, due: Sequence[Outcome]) -> StepResult[S]:
    """The step with as much of what came as the engine can take: all, or not the chunk's media, or
    not the findings, or neither.
    """
    empty_media = ChunkMedia(media.start_s, media.duration_s)
    found: Mapping[int, Finding] = {one.job.number: one.finding for one in due}
    nothing: Mapping[int, Finding] = {one.job.number: NOTHING[one.job.sense] for one in due}
    tries = [(media, found), (empty_media, found)]
    tries += [(media, nothing), (empty_media, nothing)] if due else []
    for place, (some_media, findings) in enumerate(tries):
        try:
            result = engine.step([state], [some_media], [findings])[0]
        except Exception:
            log.exception("a chunk was left out" if not place else "less of it failed too")
        else:
            return StepResult(result.state, (), ENGINE_FAULT) if place else result
    return StepResult(state, (), ENGINE_FAULT)


def apply_result(
    session: LiveSession[S],
    chunk: DecodedChunk,
    result: StepResult[S],
    due: Sequence[Outcome],
    now_s: float,
) -> None:
    """Take one step's outcome over into the live session; `now_s` on the monotonic clock."""
    gaps = list(chunk.gaps) + [gap for one in due for gap in one.gaps]
    if result.fault is not None:
        gaps.append(Gap(chunk.media.start_s, chunk.media.end_s, result.fault))
    if not session.dirty:
        session.dirty_since_s = now_s
    session.stepped_at_s = session.active_at_s = now_s
    session.chunk_s = chunk.media.duration_s
    session.state = result.state
    session.applied = chunk.seq
    session.media_s = max(session.media_s, chunk.media.end_s)
    session.gaps = add_gaps(session.gaps, gaps)
    session.events += events_of(chunk.seq, result, gaps)


def events_of(seq: int, result: StepResult[S], gaps: Sequence[Gap]) -> list[Event]:
    """What is told of a step: what was noticed, and what was missing."""
    events = [
        Event(
            seq=seq,
            label=as_label(noticed.label),
            modality=noticed.modality,
            start_s=noticed.start_s,
            end_s=noticed.end_s,
            score=noticed.score,
        )
        for noticed in result.noticed
    ]
    return events + [
        Event(seq=seq, label=gap.reason, modality="gap", start_s=gap.t0, end_s=gap.t1, score=1.0)
        for gap in gaps
    ]
