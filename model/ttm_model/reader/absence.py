"""What to say of what was not found: not received, forgotten, unknown, something like it, or no.

Knows no kinds of question.
"""

from __future__ import annotations

from dataclasses import replace

from ttm_model.labels.found import denial
from ttm_model.reader.scoring import KNOWN, Search
from ttm_model.reader.speech import clock
from ttm_model.reader.telling import Asked, Tools
from ttm_protocol.answers import Answer, ModalityName

MAYBE = 0.5  # what is partly forgotten may have been there or not
LEAST_DENIAL = 0.5  # what is likelier there than not is not denied
NOTHING_P = 0.7  # most that "nothing" can be: half of all things have no class


def absent(tools: Tools, asked: Asked, search: Search) -> Answer:
    """Why a named thing was not found."""
    answer = not_received(tools, asked, search.modalities)
    if answer is not None:
        return answer
    modality = search.modalities[0] if len(search.modalities) == 1 else None
    if search.knows < KNOWN:
        text = tools.speech.say("absence", "unknown", phrase=_as_asked(asked, search))
        return tools.tell(asked, "cannot_tell", text, 0.0)
    floor_s = tools.memory.coverage_since_s(modality)
    if search.forgotten or (asked.limited and asked.window[1] <= floor_s):
        text = tools.speech.say(
            "absence", "forgotten", thing=search.phrase, before=clock(floor_s), modality=modality
        )
        return tools.tell(asked, "may_have_forgotten", text, MAYBE)
    return _something_like_it(tools, asked, search) or _denied(tools, asked, search, modality)


def _as_asked(asked: Asked, search: Search) -> str:
    """What the asker called it, in the asker's language."""
    nouns = [noun for noun in (asked.question.thing, *asked.question.anchors) if noun]
    said = next((noun.said for noun in nouns if noun.phrase == search.phrase), None)
    return said or search.phrase


def _something_like_it(tools: Tools, asked: Asked, search: Search) -> Answer | None:
    near = tools.scorer.nearest(search, asked.window)
    if near is None:
        return None
    best, likeness = near
    text = tools.speech.say(
        "absence",
        "near",
        thing=search.phrase,
        like=tools.speech.named(best.slot.name),
        modality=best.slot.modality,
        placed=tools.placed(best.slot),
    )
    answer = tools.tell(asked, "answered", text, best.sure * likeness, [best.slot.evidence])
    return replace(answer, when=tools.times(best.slot))


def _denied(tools: Tools, asked: Asked, search: Search, modality: ModalityName | None) -> Answer:
    if "video" in search.blind and modality is None:  # "was someone there": who is silent is missed
        text = tools.speech.say("absence", "blind", thing=search.phrase, modality="audio")
        return tools.tell(asked, "cannot_tell", text, 0.0)
    if search.blind and modality is None:
        modality = "video"
    sure = denial(tools.scorer.found_rate(search), search.best_p)
    if sure < LEAST_DENIAL:
        text = tools.speech.say("absence", "perhaps", thing=search.phrase, modality=modality)
        return tools.tell(asked, "cannot_tell", text, 0.0)
    name = "denied_negated" if asked.question.negated else "denied"
    within = tools.speech.say("absence", "within") if asked.limited else ""
    text = tools.speech.say("absence", name, thing=search.phrase, modality=modality, within=within)
    return tools.tell(asked, "not_seen", text, sure)


def not_received(tools: Tools, asked: Asked, modalities: tuple[ModalityName, ...]) -> Answer | None:
    """That none of the senses got anything in the time asked about; None where one did."""
    if any(tools.memory.got(modality, asked.window) for modality in modalities):
        return None
    if tools.memory.clock_s <= 0.0 and not any(tools.memory.received.values()):
        return tools.tell(asked, "not_received", tools.speech.say("absence", "nothing_yet"), 1.0)
    what = modalities[0] if len(modalities) == 1 else "any"
    when = "then" if asked.limited else "so_far"
    text = tools.speech.say("absence", f"no_{what}_{when}")
    return tools.tell(asked, "not_received", text, 1.0)


def nothing(tools: Tools, asked: Asked, modality: ModalityName | None) -> Answer:
    """That nothing of what was asked about, or nothing at all, was recognised in that time."""
    if asked.question.phrase is not None:  # "what vehicles": others may have been there
        search = tools.scorer.search(asked.question.phrase, modality, asked.window)
        return absent(tools, asked, search)
    senses = (modality,) if modality is not None else tuple(tools.spaces)
    answer = not_received(tools, asked, senses)
    if answer is not None:
        return answer
    floor_s = tools.memory.coverage_since_s(modality)
    if asked.window[1] <= floor_s or (asked.window[0] < floor_s and not asked.limited):
        text = tools.speech.say("absence", "all_forgotten", before=clock(floor_s))
        return tools.tell(asked, "may_have_forgotten", text, MAYBE)
    within = tools.speech.say("absence", "within") if asked.limited else ""
    text = tools.speech.say("absence", "nothing", modality=modality, within=within)
    return tools.tell(asked, "not_seen", text, NOTHING_P)
