"""What the senses say they know: every class by some kind, and true of the settings."""

import json

import pytest

from ttm_model.encoders.text import TextEncoder
from ttm_model.engines.vocabulary import vocabulary
from ttm_model.labels.sounds import sound_space
from ttm_model.labels.space import load_space
from ttm_model.tagger.classes import TAGGER_CLASSES, kind_groups
from ttm_protocol.answers import Vocabulary, from_plain
from ttm_server.store.models import MAX_VOCABULARY_BYTES


@pytest.fixture(scope="module")
def spaces():
    return load_space("imagenet"), sound_space(TAGGER_CLASSES, TextEncoder(), kind_groups())


def told(spaces, speech="tiny.en", reading=True, people=True):
    return vocabulary("lite", *spaces, kind_groups(), speech, reading, people)


def test_every_class_is_named_and_every_kind_has_some(spaces):
    plain = told(spaces)
    known = from_plain(plain, Vocabulary)
    by_sense = {sense.sense: sense for sense in known.senses}
    assert list(by_sense) == ["sight", "sound", "speech", "reading", "people"]
    for sense, space in zip(("sight", "sound"), spaces, strict=True):
        assert by_sense[sense].classes == len(space)
        names = {name for kind in by_sense[sense].kinds for name in kind.classes}
        assert names == set(space.everyday)
        assert all(kind.count >= len(kind.classes) > 0 for kind in by_sense[sense].kinds)
    kinds = {kind.name: kind for kind in by_sense["sight"].kinds}
    assert "dog" in kinds["dogs"].classes
    assert kinds["dogs"].count == 118
    assert kinds["animals"].count > kinds["birds"].count
    assert len(json.dumps(plain)) < MAX_VOCABULARY_BYTES


def test_what_is_switched_off_says_so(spaces):
    def on(**settings):
        known = from_plain(told(spaces, **settings), Vocabulary)
        return {sense.sense for sense in known.senses if sense.on}

    assert on() == {"sight", "sound", "speech", "reading", "people"}
    assert on(speech="off") == {"sight", "sound", "reading", "people"}
    assert on(reading=False, people=False) == {"sight", "sound", "speech"}


def test_it_says_which_languages_and_that_nobody_is_identified(spaces):
    def about(sense, **settings):
        known = from_plain(told(spaces, **settings), Vocabulary)
        return next(each.about for each in known.senses if each.sense == sense)

    assert "English" in about("speech", speech="tiny.en")
    assert "hundred languages" in about("speech", speech="base")
    assert "Nobody is identified" in about("people")
