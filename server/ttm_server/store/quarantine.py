"""What is said of a session that is set aside. Knows neither keys nor connections."""

from __future__ import annotations

import datetime

from ttm_protocol.errors import Quarantined


def quarantined(until_ms: int) -> Quarantined:
    """The error for a session that is set aside until `until_ms`, on the store's clock."""
    until = datetime.datetime.fromtimestamp(until_ms // 1000, datetime.UTC)
    return Quarantined(
        f"session_id: set aside until {until:%Y-%m-%dT%H:%M:%SZ}, because its media ended its "
        "worker again and again; replacing its memory lets it go on at once",
        field="session_id",
    )
