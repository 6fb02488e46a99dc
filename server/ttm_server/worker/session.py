"""One session that this worker owns: its live state and positions. Knows no store and no torch."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ttm_server.media import DecodedChunk
from ttm_server.protocol import Event, Gap
from ttm_server.store.types import Ask

S = TypeVar("S")
ANSWERED_KEPT = 256  # replies that may still show as pending in a look-up already under way


@dataclass(slots=True)
class LiveSession(Generic[S]):
    """state = fold(chunks 1..applied), of which chunks 1..committed are in the store."""

    session_id: str
    fence: str
    state: S
    applied: int
    committed: int
    gaps: list[Gap]
    media_s: float
    fetched: int = 0
    decoded: deque[DecodedChunk] = field(default_factory=deque)
    events: list[Event] = field(default_factory=list)
    asks: dict[str, Ask] = field(default_factory=dict)
    answered: deque[str] = field(default_factory=lambda: deque(maxlen=ANSWERED_KEPT))
    room: asyncio.Event = field(default_factory=asyncio.Event)
    committed_at_s: float = 0.0
    active_at_s: float = 0.0
    committing: bool = False
    lost: bool = False

    @property
    def dirty(self) -> bool:
        """Whether there are steps that are not committed yet."""
        return self.applied > self.committed

    @property
    def caught_up(self) -> bool:
        """Whether nothing that was fetched waits for a step."""
        return not self.decoded and self.fetched == self.applied

    def take_due_asks(self) -> list[Ask]:
        """Remove and return the questions whose barrier has been applied."""
        due = [ask for ask in self.asks.values() if ask.barrier <= self.applied]
        for ask in due:
            del self.asks[ask.ask_id]
            self.answered.append(ask.ask_id)
        return due
