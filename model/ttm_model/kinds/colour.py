"""What colour something was."""

from __future__ import annotations

from ttm_model.kinds.kind import Kind
from ttm_model.looks import told
from ttm_model.reader.absence import absent
from ttm_model.reader.coloured import looked
from ttm_model.reader.found import Hit
from ttm_model.reader.telling import Asked, Tools
from ttm_protocol.answers import Answer

OTHERS = 3  # further looks told in one sentence


def answer(asked: Asked, tools: Tools) -> Answer:
    """The colours where it was surest, and others that it had at other times."""
    found = tools.scorer.find(asked.thing, asked.window)
    hits = found.first.hits
    if not hits:
        return absent(tools, asked, found.first)
    clear = [hit for hit in hits if colours_of(hit)]
    best = max(clear or hits, key=lambda hit: hit.p)
    phrase = found.first.phrase
    if not clear:
        text = tools.speech.say(
            "colour", "untold", thing=phrase, modality="video", placed=tools.placed(best.slot)
        )
        return tools.tell(asked, "cannot_tell", text, 0.0, [hit.slot.evidence for hit in hits])
    colours = colours_of(best)
    text = tools.speech.say(
        "colour",
        "told",
        thing=phrase,
        colours=tools.colours(colours),
        placed=tools.placed(best.slot),
    )
    others = [hit for hit in clear if colours_of(hit)[0] != colours[0]]
    for hit in others[-OTHERS:]:
        text += tools.speech.say(
            "colour", "also", span=tools.span(hit.slot), colours=tools.colours(colours_of(hit))
        )
    sure = best.sure * looked(best.slot, colours[0])
    events = [best.slot, *(hit.slot for hit in others)]
    return tools.with_unread(tools.of_events(asked, text, events, sure), found.unread)


def colours_of(hit: Hit) -> tuple[str, ...]:
    """The colours that are told of what was found; none where they are not clear."""
    return told(hit.slot.looks.colours) if hit.slot.looks else ()


KIND = Kind("colour", answer, needs=("thing",))
