"""What a kind of question declares: its name, the slots it needs, and how it is answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ttm_model.questions.question import Question
from ttm_model.reader.telling import Asked, Tools
from ttm_protocol.answers import Answer

Slot = Literal["thing", "anchors", "order", "number", "offset_s"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of question. `needs`: slots without which it cannot be answered."""

    name: str
    answer: Callable[[Asked, Tools], Answer]
    needs: tuple[Slot, ...] = ()

    def takes(self, question: Question) -> bool:
        """Whether a question has every slot that the kind needs."""
        return all(getattr(question, slot) not in (None, ()) for slot in self.needs)
