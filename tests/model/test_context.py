"""Follow-ups: a question that leans on the one before, through what a conversation remembers."""

import json

import pytest

from ttm_model.questions.question import Noun, Refusal
from ttm_model.questions.understand import Context, understand


def remembered(text, answered=None):
    """A context that has been stored and read again."""
    context = Context(understand(text), None if answered is None else Noun(answered, at=(1.0, 2.0)))
    return Context.from_plain(json.loads(json.dumps(context.to_plain())))


@pytest.mark.parametrize(
    "text",
    ["Did you see a dog in the last minute?", "What did you hear between the dog and the cat?"],
)
def test_a_context_survives_storing(text):
    assert remembered(text, "x") == Context(understand(text), Noun("x", at=(1.0, 2.0)))


def test_a_follow_up_leans_on_what_was_answered():
    before = remembered("What did you see before the cup?", "fox")
    parsed = understand("and before that?", before)
    assert (parsed.kind, parsed.anchors[0].phrase) == ("before", "fox")


def test_a_new_question_stands_alone():
    before = remembered("What did you see before the cup?", "fox")
    assert understand("Did you hear a bell?", before) == understand("Did you hear a bell?")


def test_when_was_that():
    parsed = understand("when was that?", remembered("Did you see a dog?", "dog"))
    assert (parsed.kind, parsed.phrase) == ("when", "dog")


def test_what_memory_does_not_keep_cannot_be_told():
    parsed = understand("was it loud?", remembered("Did you hear a bell?", "bell"))
    assert parsed == Refusal("ATTRIBUTE")


@pytest.mark.parametrize(
    "wrong", [{}, {"question": {}}, {"question": {"kind": "x"}, "answered": None}]
)
def test_what_is_no_context_is_refused(wrong):
    with pytest.raises(ValueError, match="context"):
        Context.from_plain(wrong)
