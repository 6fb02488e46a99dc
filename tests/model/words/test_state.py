"""The words tier: bounded, exact, and what it says about what it forgot is true."""

import itertools
import zlib

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ttm_model.serial import from_bytes, to_bytes
from ttm_model.slow import Line, Utterance, Word
from ttm_model.words import spoken, written
from ttm_model.words.state import SPEC, WordsState, entries, floors, read, said
from ttm_model.words.texts import clean, pieces
from ttm_protocol.errors import StateIncompatible

BOX = (0.1, 0.2, 0.6, 0.3)


def key_of(text):
    """A unit vector that depends on nothing but the text."""
    generator = torch.Generator().manual_seed(zlib.crc32(text.encode()))
    return torch.nn.functional.normalize(torch.randn(384, generator=generator), dim=0)


def utterance(text, start_s=0.0, end_s=None, p=0.9, language="en"):
    words = text.split()
    end_s = start_s + 0.4 * max(1, len(words)) if end_s is None else end_s
    step_s = (end_s - start_s) / max(1, len(words))
    timed = tuple(
        Word(f" {word}", start_s + n * step_s, start_s + (n + 1) * step_s, p)
        for n, word in enumerate(words)
    )
    return Utterance(text, start_s, end_s, timed, language, p)


def spoke(state, text, start_s=0.0, **more):
    return said(state, utterance(text, start_s, **more), key_of(text))


def saw(state, at_s, *texts, until_s=None, p=0.8, box=BOX):
    lines = tuple(Line(text, box, p) for text in texts)
    keys = torch.stack([key_of(text) for text in texts]) if texts else torch.zeros(0, 384)
    return read(state, at_s, at_s + 0.5 if until_s is None else until_s, lines, keys)


def stored(state):
    return to_bytes(state.tensors(), "words")


def loaded(data):
    return WordsState.from_tensors(from_bytes(data, "words", SPEC))


# What may happen: something is said, or a picture with some lines is read.
WORDS = st.lists(
    st.one_of(
        st.sampled_from(
            ["the", "cat", "EXIT", "42", "Straße", "naïve", "don't", "Πέτρος", "東京駅"]
        ),
        st.text(min_size=1, max_size=12),
    ),
    max_size=12,
).map(" ".join)
happenings = st.lists(
    st.tuples(
        st.sampled_from(["said", "read"]), st.floats(0, 30), WORDS, st.floats(-0.5, 1.5), WORDS
    ),
    max_size=25,
)


def folded(happened, state=None, clock_s=0.0):
    state = WordsState.initial() if state is None else state
    for kind, pause_s, text, p, other in happened:
        clock_s += pause_s
        if kind == "said":
            state = spoke(state, text, clock_s, p=p)
        else:
            state = saw(state, clock_s, text, other, p=p)
    return state, clock_s


@given(happenings, st.data())
@settings(max_examples=30, deadline=None)
def test_a_fold_split_anywhere_gives_the_same_bytes_of_the_same_length(happened, data):
    at = data.draw(st.integers(0, len(happened)))
    whole, _ = folded(happened)
    before, clock_s = folded(happened[:at])
    after, _ = folded(happened[at:], loaded(stored(before)), clock_s)
    assert stored(after) == stored(whole)
    assert len(stored(whole)) == len(stored(WordsState.initial()))


def test_its_bytes_stay_within_the_budget():
    assert len(stored(WordsState.initial())) < 110_000
    assert spoken.PLACES >= 160


@given(happenings)
@settings(max_examples=30, deadline=None)
def test_everything_is_there_until_a_place_is_wanted(happened):
    state, _ = folded(happened)
    spoken_texts = [clean(text) for kind, _, text, _, _ in happened if kind == "said"]
    kept = [entry.text for entry in entries(state) if entry.kind == "speech"]
    assert kept == [text for text in spoken_texts if text]
    assert floors(state) == {"speech": 0.0, "text": 0.0}


def test_an_utterance_comes_back_with_its_words_and_times():
    words = (
        Word(" Hello", 10.0, 10.4, 0.9),
        Word(" forty", 10.5, 10.9, 0.9),
        Word("-two", 10.9, 11.2, 0.9),
        Word(" dogs!", 12.0, 12.4, 0.9),
    )
    state = said(
        WordsState.initial(),
        Utterance(" Hello forty-two dogs!", 9.8, 12.5, words, "en", 0.75),
        key_of("x"),
    )
    (entry,) = entries(state)
    assert (entry.kind, entry.text, entry.language) == ("speech", "Hello forty-two dogs!", "en")
    assert (entry.start_s, entry.end_s, entry.count, entry.box) == (9.8, 12.5, 1, None)
    assert entry.p == pytest.approx(0.75, abs=1 / 255)
    assert [word.text for word in entry.words] == ["Hello", "forty-two", "dogs!"]
    for word, start_s in zip(entry.words, (10.0, 10.5, 12.0), strict=True):
        assert start_s - spoken.START_STEP_S <= word.start_s <= start_s
    assert [word.end_s for word in entry.words] == [
        *(word.start_s for word in entry.words[1:]),
        12.5,
    ]
    assert float(entry.key @ key_of("x")) > 0.985


def test_words_of_a_language_without_spaces_are_timed_as_far_as_they_can_be():
    words = (Word("東京", 1.0, 1.5, 0.9), Word("駅です", 1.5, 2.0, 0.9))
    state = said(
        WordsState.initial(), Utterance("東京駅です", 1.0, 2.0, words, "ja", 0.9), key_of("y")
    )
    (entry,) = entries(state)
    assert [(word.text, word.start_s, word.end_s) for word in entry.words] == [
        ("東京駅です", 1.0, 2.0)
    ]


def test_an_utterance_without_words_or_text_is_no_trouble():
    state = said(WordsState.initial(), Utterance("one two", 1.0, 2.0, (), "??", 2.0), key_of("z"))
    (entry,) = entries(state)
    assert [word.start_s for word in entry.words] == [1.0, 1.0]
    assert (entry.p, entry.language) == (1.0, "")
    assert spoke(state, " \n\t\u200b", 5.0) is not None
    assert len(entries(spoke(state, " \n\t\u200b", 5.0))) == 1


def test_a_long_text_is_cut_between_words_marked_and_nothing_of_it_is_lost():
    text = " ".join(f"word{n}" for n in range(100))
    state = spoke(WordsState.initial(), text, 100.0, end_s=110.0)
    found = entries(state)
    assert len(found) > 1
    assert all(entry.text.endswith("…") for entry in found[:-1])
    assert not found[-1].text.endswith("…")
    assert " ".join(entry.text.removesuffix("…") for entry in found) == text
    assert [word.text for entry in found for word in entry.words] == text.split()
    assert all(a.end_s == b.start_s for a, b in itertools.pairwise(found))
    assert (found[0].start_s, found[-1].end_s) == (100.0, 110.0)
    starts_s = [word.start_s for entry in found for word in entry.words]
    assert starts_s == sorted(starts_s)
    assert starts_s[50] == pytest.approx(105.0, abs=spoken.START_STEP_S + 1e-6)


@given(st.text(max_size=300), st.integers(8, 40), st.integers(1, 5))
def test_pieces_fit_and_hold_every_letter(text, max_bytes, max_words):
    plain = clean(text)
    parts = pieces(plain, max_bytes, max_words)
    assert all(len(part.encode()) <= max_bytes for part in parts)
    assert all(len(part.split()) <= max_words for part in parts)
    together = "".join(part.removesuffix("…") for part in parts[:-1]) + "".join(parts[-1:])
    assert together.replace(" ", "") == plain.replace(" ", "")
    assert clean(plain) == plain


# --- room -----------------------------------------------------------------------------------------


def test_what_ended_after_the_floor_is_all_there_and_much_is():
    state = WordsState.initial()
    for n in range(400):
        state = spoke(state, f"this is sentence number {n}", 5.0 * n, end_s=5.0 * n + 2.0)
    kept = [entry.start_s for entry in entries(state)]
    assert len(kept) == spoken.PLACES
    floor_s = floors(state)["speech"]
    complete = [5.0 * n for n in range(400) if 5.0 * n + 2.0 > floor_s]
    assert kept[-len(complete) :] == complete
    assert len(complete) >= 128  # twice what is asked for
    assert floors(state)["text"] == 0.0


def test_of_the_oldest_the_one_most_like_another_goes_first():
    state = WordsState.initial()
    for n in range(spoken.PLACES):
        text = "yes" if n in (3, 40, 150) else f"a sentence of its own, {n}"
        state = spoke(state, text, 5.0 * n, end_s=5.0 * n + 2.0)
    after = spoke(state, "one more", 5000.0)
    assert entries(after)[3].start_s == 20.0  # the first "yes", of 15 s, has gone
    assert floors(after)["speech"] == 17.0
    again = spoke(after, "and one more", 5010.0)
    assert [entry.start_s for entry in entries(again) if entry.text == "yes"] == [750.0]
    assert floors(again)["speech"] == 202.0


def test_the_same_bytes_whatever_went_before_in_the_process():
    one = WordsState.initial()
    for n in range(spoken.PLACES + 20):
        one = spoke(one, f"line {n % 7} of {n}", float(n))
    other = WordsState.initial()
    for n in range(spoken.PLACES + 20):
        other = loaded(stored(spoke(other, f"line {n % 7} of {n}", float(n))))
    assert stored(one) == stored(other)


# --- written lines --------------------------------------------------------------------------------


def test_a_line_that_stands_on_is_one_event_in_its_surest_reading():
    state = saw(WordsState.initial(), 1.0, "Emergency exlt", p=0.6)
    state = saw(state, 5.0, "EMERGENCY EXIT", p=0.9)
    state = saw(state, 12.0, "Emergency exi", p=0.5)
    (entry,) = entries(state)
    assert (entry.text, entry.start_s, entry.end_s) == ("EMERGENCY EXIT", 1.0, 12.5)
    assert (entry.count, entry.kind, entry.language, entry.words) == (1, "text", "", ())
    assert entry.box == pytest.approx(BOX, abs=1 / 255)


def test_a_line_that_comes_again_later_is_another_event():
    state = saw(WordsState.initial(), 1.0, "Open")
    state = saw(state, 60.0, "Open")
    assert [(e.start_s, e.end_s) for e in entries(state)] == [(1.0, 1.5), (60.0, 60.5)]


@pytest.mark.parametrize(
    ("one", "other"), [("Room 12", "Room 13"), ("EXIT", "EDIT"), ("Push", "Pull"), ("Ja", "Na")]
)
def test_lines_that_only_look_alike_are_told_apart(one, other):
    state = saw(saw(WordsState.initial(), 1.0, one), 2.0, other)
    assert [entry.text for entry in entries(state)] == [one, other]


def test_old_appearances_of_a_line_are_joined_before_anything_is_forgotten():
    state = WordsState.initial()
    for n in range(written.PLACES):
        state = saw(state, 100.0 * n, "Platform" if n in (2, 5) else f"poster {n}")
    state = saw(state, 90_000.0, "One more")
    joined = [entry for entry in entries(state) if entry.text == "Platform"]
    assert [(e.start_s, e.end_s, e.count) for e in joined] == [(200.0, 500.5, 2)]
    assert floors(state)["text"] == 0.0
    assert len(entries(state)) == written.PLACES
    state = saw(state, 91_000.0, "And more")
    assert floors(state)["text"] > 0.0


def test_what_was_written_after_the_floor_is_all_there():
    state = WordsState.initial()
    for n in range(150):
        state = saw(state, 20.0 * n, f"Sign {n}", f"Notice for {n}")
    floor_s = floors(state)["text"]
    kept = {entry.text for entry in entries(state)}
    for n in range(150):
        if 20.0 * n + 0.5 > floor_s:
            assert {f"Sign {n}", f"Notice for {n}"} <= kept


# --- stored values that cannot be -----------------------------------------------------------------


def some():
    state = WordsState.initial()
    state = spoke(state, "hello you", 1.0)
    state = spoke(state, "hello again", 5.0)
    return saw(saw(state, 1.0, "Exit"), 30.0, "Way out")


def put(name, index, value):
    def change(tensors):
        tensors[name][index] = value

    return change


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("spoken.count", put("spoken.count", 0, 3)),
        ("spoken.count", put("spoken.count", 0, -1)),
        ("spoken.count", put("spoken.count", 0, spoken.PLACES + 1)),
        ("written.count", put("written.count", 0, 1)),
        ("spoken.floor_s", put("spoken.floor_s", 0, float("nan"))),
        ("written.floor_s", put("written.floor_s", 0, -1.0)),
        ("spoken.text", put("spoken.text", (0, 0), 0xFF)),
        ("spoken.text", put("spoken.text", (0, 1), 0)),
        ("spoken.text", put("spoken.text", (0, 1), 7)),
        ("spoken.text", put("spoken.text", (5, 0), 65)),
        ("spoken.times", put("spoken.times", (0, 0), float("inf"))),
        ("spoken.times", put("spoken.times", (0, 1), 0.5)),
        ("spoken.times", put("spoken.times", (0, 0), 5.5)),
        ("spoken.times", put("spoken.times", (9, 0), 1.0)),
        ("spoken.keys", put("spoken.keys", (1, 0), 0x10)),
        ("spoken.keys", put("spoken.keys", (1, 0), 0x01)),
        ("spoken.starts", put("spoken.starts", (0, 0), 200)),
        ("spoken.starts", put("spoken.starts", (0, 2), 1)),
        ("spoken.language", put("spoken.language", (0, 0), 0)),
        ("spoken.language", put("spoken.language", (0, 1), 200)),
        ("spoken.p", put("spoken.p", 100, 1)),
        ("written.box", put("written.box", (0, 0), 255)),
        ("written.seen", put("written.seen", 0, 0)),
        ("written.seen", put("written.seen", 50, 1)),
        ("written.text", put("written.text", (1, 0), 0x20)),
    ],
)
def test_a_state_that_cannot_be_is_refused_by_the_name_of_its_field(name, change):
    tensors = {key: tensor.clone() for key, tensor in some().tensors().items()}
    WordsState.from_tensors(tensors)
    change(tensors)
    with pytest.raises(StateIncompatible, match=rf"words\.{name.split('.')[0]}\."):
        WordsState.from_tensors(tensors)
