"""A store that forgets its newest chunks, as a replica that takes over may have lost them."""

from __future__ import annotations

from redis import Redis


def fall_back(redis: Redis, sid: str, to: int) -> None:
    """Undo what came after chunk `to` of a session of half seconds, as if it were never written."""
    meta, stream = f"ttm:{{{sid}}}:meta", f"ttm:{{{sid}}}:in"
    entries = redis.xrange(stream)
    redis.delete(stream)  # a stream's last id never goes back: it has to be made anew
    for entry, fields in entries:
        if int(entry.split(b"-")[0]) <= to:
            redis.xadd(stream, fields, entry)
    redis.hset(meta, mapping={"durable": to, "last_t": repr((to - 1) * 0.5)})
