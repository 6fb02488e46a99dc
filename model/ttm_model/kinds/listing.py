"""Lists of what was there, for the kinds that answer with one: grouped, in order, complete."""

from __future__ import annotations

from collections.abc import Sequence

from ttm_model.reader.events import Group, grouped
from ttm_model.reader.telling import Asked, Tools
from ttm_model.reader.view import Slot
from ttm_protocol.answers import Answer

NAMED = 12  # things named in one sentence; the rest are counted


def named(tools: Tools, groups: Sequence[Group]) -> str:
    """'a cat (3 times), a dog and 2 more'."""
    names = []
    for group in groups[:NAMED]:
        name = tools.speech.named(group.name)
        if group.count > 1:
            name += tools.speech.say("list", "times", times=tools.speech.times(group.count))
        names.append(name)
    if len(groups) > NAMED:
        names.append(tools.speech.say("list", "more", count=len(groups) - NAMED))
    return tools.speech.listed(names)


def senses(tools: Tools, slots: Sequence[Slot]) -> str:
    """'I saw a cat and a dog, and heard a bell': by sense, the one that came first first."""
    groups = grouped(slots)
    parts: list[str] = []
    for modality in dict.fromkeys(group.modality for group in groups):
        of = [group for group in groups if group.modality == modality]
        name = "and_then" if parts else "only"
        parts.append(tools.speech.say("list", name, modality=modality, things=named(tools, of)))
    return "".join(parts)


def listed(tools: Tools, asked: Asked, slots: Sequence[Slot], lead: str = "") -> Answer:
    """An answer that lists what slots hold."""
    text = lead + senses(tools, slots)
    if len(slots) == 1:
        text += f" {tools.placed(slots[0])}"
    return tools.of_slots(asked, text, slots)
