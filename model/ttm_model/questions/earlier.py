"""The question before, as a follow-up leans on it. Knows no grammar."""

from __future__ import annotations

from dataclasses import dataclass

from ttm_model.questions.question import Noun, Question


@dataclass(frozen=True, slots=True)
class Earlier:
    """The question before, and the thing that its answer named, where it named one."""

    question: Question
    answered: Noun | None = None
