"""What there was, all of it or at a time."""

from __future__ import annotations

from ttm_model.kinds.kind import Kind
from ttm_model.kinds.listing import listed
from ttm_model.kinds.words import beside_things
from ttm_model.reader.absence import nothing
from ttm_model.reader.events import reportable
from ttm_model.reader.telling import Asked, Tools
from ttm_protocol.answers import Answer


def answer(asked: Asked, tools: Tools) -> Answer:
    """Everything of the sense and the category in the window, in order."""
    category = asked.question.phrase
    slots = reportable(tools.scorer, asked.window, asked.modality, category)
    if not slots:
        return beside_things(asked, tools, nothing(tools, asked, asked.modality))
    return beside_things(asked, tools, listed(tools, asked, slots))


KIND = Kind("what", answer)
