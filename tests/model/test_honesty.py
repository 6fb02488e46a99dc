"""What a person may rely on: answers from composed memories whose content is known."""

import pytest

from memories import Film, spaces
from question_readings import rows
from ttm_model.asking import Asking
from ttm_model.kinds.answering import answer, summarise
from ttm_model.questions.understand import understand

LENGTH_S = 120.0
BOTH = {"video": ((0.0, LENGTH_S),), "audio": ((0.0, LENGTH_S),)}


@pytest.fixture(scope="module")
def film():
    film = Film().show("banana", 4, 8).show("umbrella", 14, 18).play("music", 20, 30)
    film.show("Egyptian cat", 34, 38).play("dog barking", 44, 46).show("espresso", 50, 54)
    return film.show("laptop", 60, 64).play("doorbell", 70, 72).show("golden retriever", 80, 84)


@pytest.fixture(scope="module")
def ask(film):
    return film.asker(LENGTH_S, received=BOTH)


def film_of(rows_of_things):
    """Everything that can be named of some rows, one thing after the other, and its length."""
    film, shown, at_s = Film(), set(), 2.0
    for things in rows_of_things:
        for thing in things.split(", "):
            for name, tell in (("see", film.show), ("hear", film.play)):
                if (name, thing) in shown:
                    continue
                try:
                    tell(thing, at_s, at_s + 2.0)
                except ValueError:
                    continue
                shown.add((name, thing))
                at_s += 3.0
    return film, at_s + 2.0


def test_no_predicate_is_swallowed():
    """Of more than 100 questions whose things are all in memory none is answered with a yes."""
    asked = [(text, things.partition(" | ")[0]) for _, text, things in rows("predicates")]
    film, length_s = film_of(things for _, things in asked)
    memory = film.memory(length_s)
    told = {text: answer(Asking(text, understand(text)), memory, spaces()) for text, _ in asked}
    assert len(told) > 100
    assert [text for text, one in told.items() if one.answer.lower().startswith("yes")] == []
    unsure = sum(one.state == "cannot_tell" for one in told.values())
    assert unsure / len(told) > 0.85
    known = sum(bool(one.evidence) for one in told.values() if one.state == "cannot_tell")
    assert known / unsure > 0.7  # the part that is known is told


@pytest.mark.parametrize(
    ("text", "known", "unknown"),
    [
        ("Did you see a red umbrella?", "an umbrella", "red I cannot tell"),
        ("Did someone walk past the laptop?", "a laptop", "walk past"),
        ("Did the dog bark angrily?", "a dog bark", "angrily"),
        ("When did you see my brother's umbrella?", "an umbrella", "brother"),
    ],
)
def test_what_is_known_is_told_and_what_is_not_is_named(ask, text, known, unknown):
    told = ask(text)
    assert (told.state, told.confidence) == ("cannot_tell", 0.0)
    assert known in told.answer
    assert unknown in told.answer
    assert told.evidence


def test_a_denial_is_no_surer_than_the_sense_is_good(ask):
    for thing in ("rabbit", "car", "guitar", "pizza", "elephant", "book"):
        rate = spaces()["video"].found_rate(thing)
        told = ask(f"Did you see a {thing}?")
        assert told.state == "not_seen", thing
        assert told.confidence <= 1.0 / (2.0 - rate) + 1e-9, thing
        assert told.confidence < 0.95, thing


def test_nothing_received_is_not_nothing_seen():
    film = Film().show("banana", 4, 8).show("umbrella", 14, 18)
    deaf = film.asker(LENGTH_S, received={"video": ((0.0, LENGTH_S),), "audio": ()})
    assert deaf("Did you hear a bell?").state == "not_received"
    assert deaf("What did you hear?").answer == "I have received no sound yet."
    assert deaf("Did you see a banana?").state == "answered"
    late = film.asker(LENGTH_S, received={"video": ((0.0, LENGTH_S),), "audio": ((40.0, 120.0),)})
    told = late("Did you hear a bell in the first 20 seconds?")
    assert (told.state, told.answer) == (
        "not_received",
        "No sound was received in that time.",
    )
    assert late("Did you hear a bell in the last 20 seconds?").state == "not_seen"
    nothing = Film().asker(0.5, received={"video": (), "audio": ()})
    assert nothing("What did you see?").state == "not_received"


def test_a_standing_background_is_no_answer_to_first_last_before_and_after():
    film = Film().show("desk", 0, 60).show("banana", 10, 14).show("umbrella", 30, 34)
    film.show("laptop", 50, 54)
    ask = film.asker(60)
    first = ask("What was the first thing you saw?")
    assert first.evidence[0].name == "banana"
    assert "desk was there nearly all the time" in first.answer
    assert ask("What was the last thing you saw?").evidence[0].name.startswith("laptop")
    assert ask("What did you see before the umbrella?").evidence[0].name == "banana"
    assert ask("What did you see after the umbrella?").evidence[0].name.startswith("laptop")


def test_what_comes_back_again_and_again_is_said_as_such():
    film = Film().show("banana", 12, 14)
    for start_s in range(0, 60, 10):
        film.play("doorbell", start_s + 5, start_s + 6)
    told = film.asker(70)("What did you hear before the banana?")
    assert "again and again" in told.answer


def test_one_thing_has_one_score(film, ask):
    memory = film.memory(LENGTH_S)
    shown = {slot.index: slot.evidence.score for slot in memory.events}
    for text in ("Did you see a banana?", "What did you see?", "When did you hear music?"):
        for evidence in ask(text).evidence:
            assert evidence.score == pytest.approx(shown[evidence.slot])
    for evidence in summarise(memory, spaces()).stood_out:
        assert evidence.score == pytest.approx(shown[evidence.slot])


def test_everyday_names_come_first_and_the_class_stays_in_the_evidence(ask):
    told = ask("What did you see between 0:33 and 0:39?")
    assert "I saw a cat" in told.answer
    assert (told.evidence[0].name, told.evidence[0].label) == ("cat", "Egyptian Mau")
    assert "dog" in ask("What was the last thing you saw?").answer


def test_a_neighbour_is_told_with_less_certainty_instead_of_a_denial(ask):
    told = ask("Did you see a mug?")
    assert told.state == "answered"
    assert "it looked like coffee" in told.answer
    assert told.confidence < ask("Did you see an espresso?").confidence
    assert ask("Did you see a violin?").state == "not_seen"


def test_ago_counts_only_while_the_stream_goes_on(ask):
    live = ask("When did you see the banana?")
    assert "about 2 minutes ago" in live.answer
    ended = ask("When did you see the banana?", live=False)
    assert "ago" not in ended.answer
    assert "of the recording" in ended.answer
    known = ask("When did you see the banana?", live=False, wall_zero=1_800_000_000.0)
    assert "08:00 UTC" in known.answer
    assert known.when.wall_clock == "2027-01-15T08:00:04Z"


def test_follow_ups_keep_the_moment():
    film = Film().show("butterfly", 10, 14).show("cup", 20, 24).show("banana", 40, 44)
    film.show("laptop", 50, 54).show("butterfly", 60, 64).show("umbrella", 70, 74)
    ask = film.asker(80)
    assert ask("What did you see before the umbrella?").evidence[0].name == "butterfly"
    assert ask("When did it begin?").when.start_s == 60.0
    before = ask("And before that?")
    assert before.evidence[0].start_s == 50.0
    assert ask("How long was it there?").when.start_s == 50.0


def test_who_spoke_is_asked_about_again_as_they():
    ask = Film().play("speech", 47, 50).show("espresso", 60, 64).asker(80)
    assert ask("Did someone talk?").state == "answered"
    told = ask("How long did they speak?")
    assert (told.state, told.answer) == (
        "answered",
        "I heard speech for about 3 seconds, from 0:47 to 0:50.",
    )
    assert "coffee" in ask("What did you see after that?").answer
    assert "I saw coffee" in ask("When did it begin?").answer


@pytest.mark.parametrize("text", ["¿viste un perro?", "as-tu vu un chien ?", "hai visto un cane?"])
def test_a_language_that_is_not_supported_is_told(ask, text):
    told = ask(text)
    assert told.state == "cannot_tell"
    assert "English and German" in told.answer


@pytest.mark.parametrize(
    ("text", "state", "told"),
    [
        ("Which vehicles did you see?", "not_seen", "No, I have not seen a vehicle."),
        ("What was the first insect you saw?", "not_seen", "No, I have not seen an insect."),
        ("What flurbles did you hear?", "cannot_tell", "flurble is nothing that I can recognise"),
        ("What was the last flurble you saw?", "cannot_tell", "flurble is nothing that I"),
    ],
)
def test_that_none_of_a_kind_was_there_does_not_deny_the_rest(ask, text, state, told):
    answered = ask(text)
    assert answered.state == state
    assert told in answered.answer
