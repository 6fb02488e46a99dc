"""One batched step over several live sessions, and what it leaves in each. Knows no store."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TypeVar

from ttm_model.chunk import ChunkMedia
from ttm_model.step_result import StepResult
from ttm_protocol.messages import Event, Gap, as_label
from ttm_server.media import DecodedChunk
from ttm_server.worker.engine import Engine
from ttm_server.worker.gaps import add_gaps
from ttm_server.worker.session import LiveSession

log = logging.getLogger(__name__)

S = TypeVar("S")
ENGINE_FAULT = "engine_error"


def run_step(
    engine: Engine[S], states: Sequence[S], media: Sequence[ChunkMedia]
) -> list[StepResult[S]]:
    """A batch's step; when the batch as a whole fails, each session alone.

    So a chunk that breaks the model costs its own session one reported gap and the others nothing.
    """
    try:
        return engine.step(states, media)
    except Exception:
        log.exception("a batch of %d failed; stepping its sessions one by one", len(states))
    return [_alone(engine, state, one) for state, one in zip(states, media, strict=True)]


def _alone(engine: Engine[S], state: S, media: ChunkMedia) -> StepResult[S]:
    try:
        return engine.step([state], [media])[0]
    except Exception:
        log.exception("a chunk was left out")
    try:
        empty = ChunkMedia(media.start_s, media.duration_s)
        result = engine.step([state], [empty])[0]
        return StepResult(result.state, (), ENGINE_FAULT)
    except Exception:
        log.exception("an empty chunk failed too; the state stays")
        return StepResult(state, (), ENGINE_FAULT)


def apply_result(
    session: LiveSession[S], chunk: DecodedChunk, result: StepResult[S], now_s: float
) -> None:
    """Take one step's outcome over into the live session; `now_s` on the monotonic clock."""
    gaps = list(chunk.gaps)
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
    session.events += [
        Event(
            seq=chunk.seq,
            label=as_label(noticed.label),
            modality=noticed.modality,
            start_s=noticed.start_s,
            end_s=noticed.end_s,
            score=noticed.score,
        )
        for noticed in result.noticed
    ]
    session.events += [
        Event(
            seq=chunk.seq, label=gap.reason, modality="gap", start_s=gap.t0, end_s=gap.t1, score=1.0
        )
        for gap in gaps
    ]
