"""Follow-ups: a question that leans on the one before, through what a conversation remembers."""

import json

import pytest

from ttm_model.questions import Kind, parse
from ttm_model.questions.context import Context, understand


def remembered(text, answered=None):
    """A context that has been stored and read again."""
    context = Context(parse(text), answered)
    return Context.from_plain(json.loads(json.dumps(context.to_plain())))


@pytest.mark.parametrize(
    "text",
    ["Did you see a dog in the last minute?", "What did you hear between 0:10 and 0:20?", "hm?"],
)
def test_a_context_survives_storing(text):
    assert remembered(text, "x") == Context(parse(text), "x")


def test_a_follow_up_leans_on_what_was_answered():
    before = remembered("What did you see before the cup?", "fox")
    parsed = understand("and before that?", before)
    assert (parsed.kind, parsed.phrase) == (Kind.BEFORE, "fox")


def test_a_new_question_stands_alone():
    before = remembered("What did you see before the cup?", "fox")
    assert understand("Did you hear a bell?", before) == parse("Did you hear a bell?")


def test_when_was_that():
    parsed = understand("when was that?", remembered("Did you see a dog?", "dog"))
    assert (parsed.kind, parsed.phrase) == (Kind.WHEN, "dog")


def test_what_memory_does_not_keep_cannot_be_told():
    parsed = understand("was it loud?", remembered("Did you hear a bell?", "bell"))
    assert parsed.kind is Kind.UNSUPPORTED
    assert parsed.reason


@pytest.mark.parametrize("wrong", [{}, {"parsed": {}}, {"parsed": {"kind": "x", "window": None}}])
def test_what_is_no_context_is_refused(wrong):
    with pytest.raises(ValueError, match=r"context|Kind"):
        Context.from_plain(wrong)
