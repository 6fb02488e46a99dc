"""Whether a session's media clock and the wall clock ran alongside. Knows numbers, no store."""

from __future__ import annotations

MIN_MEDIA_S = 5.0  # less is sent in as good as no time by a file as well
SLACK_S = 2.0
SLACK_SHARE = 0.05
STALE_AFTER_S = 15.0


def is_live(connection: bytes, beat_ms: int, now_ms: int) -> bool:
    """Whether a client is connected: its heartbeat is younger than STALE_AFTER_S."""
    # A heartbeat from the future was written before the clock was put back.
    return bool(connection) and abs(now_ms - beat_ms) < STALE_AFTER_S * 1000


def wall_zero(record: list[bytes | None]) -> float | None:
    """Unix time of media second 0, or None where the media did not come in as it happened.

    `record`: when the first chunk came (Unix milliseconds) and the media second of its end, then
    the same of the newest one; the first is empty where the memory was not made from this stream
    alone. A camera's two spans agree; a file that is sent as fast as it can, and a stream that
    paused, have none.
    """
    first_at, first_s, last_at, last_s = record
    if not (first_at and first_s and last_at and last_s):
        return None
    media_s = float(last_s) - float(first_s)
    wall_s = (float(last_at) - float(first_at)) / 1000
    if media_s < MIN_MEDIA_S or abs(wall_s - media_s) > max(SLACK_S, SLACK_SHARE * media_s):
        return None
    return float(first_at) / 1000 - float(first_s)
