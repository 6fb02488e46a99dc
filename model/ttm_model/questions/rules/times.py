"""The words of time of English: its table, with the words that the rest of its data tells."""

from __future__ import annotations

from ttm_model.questions.data import any_of, load
from ttm_model.questions.rules.lexicon import CONNECTIVES, LANGUAGE, MEDIA, UNITS
from ttm_model.questions.timetable import TimeTable

TIMES = TimeTable(
    load(LANGUAGE, "times") | {"units": UNITS}, connective=any_of(CONNECTIVES), media=any_of(MEDIA)
)
