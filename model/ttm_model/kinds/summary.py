"""What happened, by stretches of time: both senses, how often, what stood out, what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ttm_model.kinds.kind import Kind
from ttm_model.kinds.listing import senses
from ttm_model.kinds.words import beside_things
from ttm_model.reader.absence import nothing
from ttm_model.reader.events import called, grouped, reportable
from ttm_model.reader.found import Window
from ttm_model.reader.speech import clock
from ttm_model.reader.telling import Asked, Tools, sentence
from ttm_model.reader.view import Slot
from ttm_protocol.answers import Answer, ModalityName, Stretch, Summary, SummaryItem

STRETCHES = 5  # told in one summary
QUIET_S = 15.0  # a pause this long ends a stretch
STOOD_OUT = 3
SURE_P = 0.75  # of what is said to stand out
SENSES: tuple[ModalityName, ...] = ("video", "audio")


def answer(asked: Asked, tools: Tools) -> Answer:
    """The summary in sentences; its parts are what `structure` gives."""
    slots = reportable(tools.scorer, asked.window, asked.modality)
    if not slots:
        return beside_things(asked, tools, nothing(tools, asked, asked.modality))
    told = structure(asked, tools)
    answer = tools.of_slots(asked, told.text, _surest(slots))
    return beside_things(asked, tools, replace(answer, when=None, alternatives=()))


def structure(asked: Asked, tools: Tools) -> Summary:
    """What happened in the window, by stretches of time."""
    slots = reportable(tools.scorer, asked.window, asked.modality)
    moving = [slot for slot in slots if called(slot) not in tools.background]
    parts = list(_stretches(moving, asked.window))
    standing = tuple(name for _, name in sorted({called(s) for s in slots} & tools.background))
    stood_out = _rare(moving)
    return Summary(
        text=" ".join(map(sentence, _sentences(asked, tools, parts, standing, stood_out))),
        since_s=asked.window[0],
        until_s=asked.window[1],
        stretches=tuple(_stretch(part, asked.window) for part in parts),
        background=standing,
        stood_out=tuple(slot.evidence for slot in stood_out),
        as_of_s=tools.memory.clock_s,
        coverage_since_s=tools.coverage_since_s(asked.modality),
    )


def _stretches(slots: Sequence[Slot], window: Window) -> Iterator[list[Slot]]:
    """Slots by stretches: a new one after a pause, and when one has had its share of the time."""
    longest_s = max(QUIET_S, (window[1] - window[0]) / STRETCHES)
    part: list[Slot] = []
    for slot in slots:
        until_s = max((one.end_s for one in part), default=slot.start_s)
        full = bool(part) and slot.start_s - part[0].start_s >= longest_s
        if part and (slot.start_s - until_s >= QUIET_S or full):
            yield part
            part = []
        part.append(slot)
    if part:
        yield part


def _edges(part: Sequence[Slot], window: Window) -> Window:
    start_s = max(window[0], min(slot.start_s for slot in part))
    return start_s, min(window[1], max(slot.end_s for slot in part))


def _stretch(part: Sequence[Slot], window: Window) -> Stretch:
    start_s, end_s = _edges(part, window)
    items = tuple(
        SummaryItem(
            modality=group.modality,
            name=group.name,
            count=group.count,
            first_s=group.slots[0].start_s,
            last_s=max(slot.end_s for slot in group.slots),
        )
        for group in grouped(part)
    )
    return Stretch(start_s=start_s, end_s=end_s, items=items)


def _surest(slots: Sequence[Slot]) -> list[Slot]:
    """One slot of each thing, the surest, in order of time."""
    best = [max(group.slots, key=lambda slot: slot.name_p) for group in grouped(slots)]
    return sorted(best, key=lambda slot: slot.start_s)


def _rare(slots: Sequence[Slot]) -> list[Slot]:
    """What came once and was clear, where other things came more often."""
    groups = grouped(slots)
    if len(groups) <= STOOD_OUT:
        return []
    once = [group.slots[0] for group in groups if group.count == 1 and group.p >= SURE_P]
    return sorted(once, key=lambda slot: -slot.name_p)[:STOOD_OUT]


def _sentences(
    asked: Asked,
    tools: Tools,
    parts: Sequence[Sequence[Slot]],
    standing: Sequence[str],
    stood_out: Sequence[Slot],
) -> Iterator[str]:
    speech = tools.speech
    if standing:
        things = speech.listed([speech.named(name, "a") for name in standing])
        yield speech.say("summary", "background", things=things)
    for part in parts:
        start_s, end_s = _edges(part, asked.window)
        yield speech.say(
            "summary", "stretch", span=speech.span(start_s, end_s), things=senses(tools, part)
        )
    if not parts and not standing:
        yield speech.say("summary", "nothing")
    if stood_out:
        things = speech.listed([speech.named(slot.name) for slot in stood_out])
        yield speech.say("summary", "stood_out", things=things)
    yield from _missing(asked, tools)


def _missing(asked: Asked, tools: Tools) -> Iterator[str]:
    """What of the time is forgotten, or was never received."""
    floor_s = tools.coverage_since_s(asked.modality)
    if floor_s > asked.window[0]:
        yield tools.speech.say("summary", "forgotten", before=clock(floor_s))
    for modality in SENSES:
        if asked.modality not in (None, modality):
            continue
        if modality in tools.spaces and not tools.memory.got(modality, asked.window):
            yield tools.speech.say("summary", f"no_{modality}")


KIND = Kind("summary", answer)
