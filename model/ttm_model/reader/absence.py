"""What to say of what was not found: not received, forgotten, unknown, something like it, or no.

Knows no kinds of question.
"""

from __future__ import annotations

from dataclasses import replace

from ttm_model.labels.found import denial
from ttm_model.looks import told
from ttm_model.questions.question import Modality, Noun
from ttm_model.reader.coloured import ANYTHING, colours_in
from ttm_model.reader.found import Search
from ttm_model.reader.scoring import KNOWN
from ttm_model.reader.speech import clock
from ttm_model.reader.telling import Asked, Tools
from ttm_model.reader.unsaid import but_mentioned
from ttm_protocol.answers import Answer, ModalityName

MAYBE = 0.5  # what is partly forgotten may have been there or not
LEAST_DENIAL = 0.5  # what is likelier there than not is not denied
OTHER_COLOUR_P = 0.8  # that none had the colour asked for, where one had another
NOTHING_P = 0.7  # most that "nothing" can be: half of all things have no class


def absent(tools: Tools, asked: Asked, search: Search) -> Answer:
    """Why a named thing was not found, and that it was spoken of, where it was."""
    noun = _noun(asked, search)
    answer = _absent(tools, asked, search)
    return but_mentioned(tools, asked, noun, answer) if noun is not None else answer


def _absent(tools: Tools, asked: Asked, search: Search) -> Answer:
    answer = not_received(tools, asked, search.modalities)
    if answer is not None:
        return answer
    modality = search.modalities[0] if len(search.modalities) == 1 else None
    if search.knows < KNOWN:
        text = tools.speech.say("absence", "unknown", phrase=_as_asked(asked, search))
        return tools.tell(asked, "cannot_tell", text, 0.0)
    if search.otherwise:
        return _otherwise(tools, asked, search)
    floor_s = tools.memory.coverage_since_s(modality)
    if search.person:
        floor_s = max(floor_s, tools.memory.people_floor_s)
    if search.forgotten or (asked.limited and asked.window[1] <= floor_s):
        text = tools.speech.say(
            "absence", "forgotten", thing=search.phrase, before=clock(floor_s), modality=modality
        )
        return tools.tell(asked, "may_have_forgotten", text, MAYBE)
    return _something_like_it(tools, asked, search) or _denied(tools, asked, search, modality)


def _noun(asked: Asked, search: Search) -> Noun | None:
    """The noun that was looked for, in the asker's language."""
    nouns = [noun for noun in (asked.question.thing, *asked.question.anchors) if noun]
    same = [noun for noun in nouns if noun.phrase == search.phrase]
    plain = Noun(search.phrase) if len(nouns) == 1 and not search.person else None
    return same[0] if same else plain


def _as_asked(asked: Asked, search: Search) -> str:
    noun = _noun(asked, search)
    return (noun and noun.said) or search.phrase


def _otherwise(tools: Tools, asked: Asked, search: Search) -> Answer:
    """That it was there, but looked otherwise."""
    best = max(search.otherwise, key=lambda hit: hit.p)
    colours = told(best.slot.looks.colours) if best.slot.looks else ()
    phrase = (
        best.slot.name if search.phrase.endswith(f" {ANYTHING}") else colours_in(search.phrase)[1]
    )
    other = tools.speech.named(phrase)
    if colours:
        looked = tools.speech.say("absence", "otherwise_looked", colours=tools.colours(colours))
        other = f"{other} ({looked})"
    text = tools.speech.say(
        "absence",
        "otherwise",
        thing=search.phrase,
        other=other,
        modality="video",
        within=_within(tools, asked),
        placed=tools.placed(best.slot),
    )
    return tools.tell(asked, "not_seen", text, best.sure * OTHER_COLOUR_P, [best.slot.evidence])


def _within(tools: Tools, asked: Asked) -> str:
    return tools.speech.say("absence", "within") if asked.limited else ""


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
    noun = _noun(asked, search) or asked.question.thing
    if search.person and noun is not None and noun.edge:
        name = f"denied_{noun.edge}"
    within = _within(tools, asked)
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


def nothing(tools: Tools, asked: Asked, modality: Modality | None) -> Answer:
    """That nothing of what was asked about, or nothing at all, was recognised in that time."""
    if asked.question.phrase is not None:  # "what vehicles": others may have been there
        search = tools.scorer.search(asked.question.phrase, modality, asked.window)
        return absent(tools, asked, search)
    answer = not_received(tools, asked, tools.scorer.wanted(modality))
    if answer is not None:
        return answer
    floor_s = tools.coverage_since_s(modality)
    if asked.window[1] <= floor_s or (asked.window[0] < floor_s and not asked.limited):
        text = tools.speech.say("absence", "all_forgotten", before=clock(floor_s))
        return tools.tell(asked, "may_have_forgotten", text, MAYBE)
    within = _within(tools, asked)
    text = tools.speech.say("absence", "nothing", modality=modality, within=within)
    return tools.tell(asked, "not_seen", text, NOTHING_P)
