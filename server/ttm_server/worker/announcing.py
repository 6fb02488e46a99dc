"""Tell gateways which memories this worker can continue, again and again. Knows no session."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import msgspec

from ttm_protocol.errors import StoreUnavailable
from ttm_server.store import ModelAnnounced, WorkerStore, fingerprint
from ttm_server.store.models import ANNOUNCE_EVERY_S, MAX_VOCABULARY_BYTES
from ttm_server.worker.engine import Engine

log = logging.getLogger(__name__)


def described(engine: Engine[Any]) -> ModelAnnounced:
    """What there is to announce of an engine, taken from the memory before the first chunk."""
    memory = engine.dump(engine.initial())
    shape = engine.memory_info | {"bytes": len(memory)}
    return ModelAnnounced(
        model=engine.model_info,
        memory=shape,
        fingerprint=fingerprint(memory),
        vocabulary=_bounded(engine.vocabulary()),
    )


def _bounded(vocabulary: dict[str, Any]) -> dict[str, Any] | None:
    """The vocabulary, where it is not larger than the store takes."""
    size = len(msgspec.json.encode(vocabulary))
    if size <= MAX_VOCABULARY_BYTES:
        return vocabulary
    log.warning("vocabulary: %d bytes, at most %d are announced", size, MAX_VOCABULARY_BYTES)
    return None


async def announce(store: WorkerStore, announced: ModelAnnounced) -> None:
    """Run until cancelled; a store that is away hears it the next time."""
    while True:
        try:
            await store.announce_model(announced)
        except StoreUnavailable as error:
            log.debug("announcing the model: %s", error)
        await asyncio.sleep(ANNOUNCE_EVERY_S)
