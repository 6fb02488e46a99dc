"""What there was an exact time before or after something else."""

from __future__ import annotations

from dataclasses import replace

from ttm_model.kinds.between import room_of
from ttm_model.kinds.kind import Kind
from ttm_model.reader.occurrences import occurrences
from ttm_model.reader.speech import clock
from ttm_model.reader.telling import Asked, Tools
from ttm_protocol.answers import Answer

LEAST_TOLERANCE_S = 1.0
TOLERANCE = 0.1  # of the distance: people say "ten seconds" of nine and of eleven


def answer(asked: Asked, tools: Tools) -> Answer:
    """What was there around that moment: counted from the anchor's end, or back from its start."""
    distance_s = asked.question.offset_s
    assert distance_s is not None
    found = occurrences(tools, asked, asked.question.anchors[0])
    if isinstance(found, Answer):
        return found
    anchor = found.meant(asked.question.anchors[0])
    edge_s = anchor.event.start_s if distance_s < 0 else anchor.event.end_s
    moment_s = edge_s + distance_s
    if not 0.0 <= moment_s <= tools.memory.clock_s:
        text = tools.speech.say("offset", "outside", thing=found.phrase)
        return tools.tell(asked, "not_received", text, 1.0, [anchor.event.evidence])
    slack_s = max(LEAST_TOLERANCE_S, TOLERANCE * abs(distance_s)) + anchor.event.uncertainty_s
    window = (max(0.0, moment_s - slack_s), min(tools.memory.clock_s, moment_s + slack_s))
    within = replace(asked, window=window, limited=True)
    told = room_of(within).answer(within, tools)
    lead = tools.speech.say(
        "offset", "lead", thing=found.phrase, at=clock(moment_s), span=tools.span(anchor.event)
    )
    return replace(
        told,
        answer=f"{lead} {told.answer}",
        confidence=min(told.confidence, anchor.sure),
        evidence=(*told.evidence, anchor.event.evidence),
    )


KIND = Kind("offset", answer, needs=("anchors", "offset_s"))
