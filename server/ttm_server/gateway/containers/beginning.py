"""Where a container connection goes on in its session. Asks the store, knows no decoder."""

from __future__ import annotations

from msgspec import UNSET

from ttm_protocol.messages import Start, read_chunk
from ttm_server.gateway.containers.decoder import Beginning
from ttm_server.store import GatewayStore


async def beginning_of(
    store: GatewayStore, session_id: str, next_seq: int, start: Start
) -> Beginning:
    """The next chunk's number and media time: the end of the last chunk, applied or not."""
    zero_s = None if start.t is UNSET else float(start.t)
    # In this order: a chunk that is applied in between is in one of the two all the same.
    waiting = await store.read_chunks(session_id, next_seq - 2, 1) if next_seq > 1 else []
    end_s = (await store.session(session_id)).media_s
    for _, payload in waiting:
        end_s = max(end_s, read_chunk(payload).end_s)
    has_media = next_seq > 1 or end_s > 0.0
    return Beginning(next_seq, end_s if has_media else None, end_s, zero_s)
