"""The reader on hand-made memories: every kind of question, every state. The label space is a fake
neighbour of ten classes; unit, state and parser are real."""

import pytest
import torch

from ttm_model.asking import Asking
from ttm_model.kinds import answering, listing
from ttm_model.kinds.answering import answer
from ttm_model.questions import data
from ttm_model.questions.understand import understand
from ttm_model.reader.laying_out import view
from ttm_model.reader.speech import speech
from ttm_model.reader.view import Near, PhraseWeights
from ttm_model.ttm.layout import Layout, Modality
from ttm_model.ttm.rule import S0Rule
from ttm_model.ttm.tokens import InputTokens
from ttm_model.ttm.unit import SlotUnit, UnitConfig

KINDS_ASKED = sorted({kind for language in data.languages() for kind in data.kinds(language)})
SIGHTS = ("cup", "cat", "dog", "castle", "rocket", "umbrella", "hammer", "hen", "koala", "boat")
SOUNDS = ("speech", "music", "bell")
NEIGHBOURS = {"mug": (("cup", 0.6),)}
FOUND_RATES = {"koala": 0.4}
KINDS = {"animal": ("cat", "dog", "hen", "koala"), "someone talking": ("speech",)}


class Space:
    def __init__(self, names):
        self.names = tuple(names)

    def phrase(self, phrase):
        wanted = KINDS.get(phrase, (phrase,))
        weights = torch.tensor([float(name in wanted) for name in self.names])
        return PhraseWeights(weights, 1.0 if weights.any() else 0.0)

    def named(self, phrase):
        known = (*self.names, *KINDS)
        return (phrase,) if phrase in known else tuple(w for w in phrase.split() if w in known)

    def near(self, phrase):
        near = [(name, like) for name, like in NEIGHBOURS.get(phrase, ()) if name in self.names]
        weights = [torch.tensor([float(n == name) for n in self.names]) for name, _ in near]
        return tuple(Near(name, w, like) for (name, like), w in zip(near, weights, strict=True))

    def everyday(self, cls):
        return self.names[cls]

    def found_rate(self, phrase):
        return FOUND_RATES.get(phrase, 1.0)

    def decode(self, tokens):
        return tokens[:, : len(self.names)].clamp(0, 1)

    def presence(self, score, breadth):
        return min(1.0, max(0.0, score))

    def naming(self, share):
        return min(1.0, max(0.0, share))


SPACES = {"video": Space(SIGHTS), "audio": Space(SOUNDS)}
NO_ARCHIVE = Layout(events=64, archive=0, reserved_events=16)


class Film:
    """Things on a timeline, folded by the real unit half a second at a time."""

    def __init__(self, layout=None, rule=None):
        config = UnitConfig(layout=layout or Layout(), rule=rule or S0Rule())
        self.unit = SlotUnit(config).eval()
        self.shown = []

    def show(self, name, start_s, end_s, p=0.9):
        self.shown.append((name, start_s, end_s, p))
        return self

    def fold(self, length_s):
        state = self.unit.initial(1)
        dim = self.unit.config.layout.dim
        with torch.inference_mode():
            for step in range(round(length_s * 2)):
                start_s = step * 0.5
                tokens = InputTokens.empty(1, 4, dim)
                mask = torch.zeros(1, 4, dtype=torch.bool)
                now = [item for item in self.shown if item[1] <= start_s < item[2]]
                for place, (name, _, _, p) in enumerate(now):
                    names = SIGHTS if name in SIGHTS else SOUNDS
                    kind = Modality.VIDEO if name in SIGHTS else Modality.AUDIO
                    tokens.keys[0, place, names.index(name)] = p
                    tokens.modality[0, place] = int(kind)
                    tokens.salience[0, place] = p
                    tokens.start_s[0, place] = start_s
                    tokens.end_s[0, place] = start_s + 0.5
                    mask[0, place] = True
                tokens.clock_s[0] = start_s + 0.5
                state, _ = self.unit.step(state, tokens, mask)
        return state

    def asker(self, length_s, **told):
        memory = view(self.fold(length_s), self.unit.config.layout, SPACES, **told)

        def ask(text, **limits):
            return answer(Asking(text, understand(text), **limits), memory, SPACES)

        return ask


@pytest.fixture(scope="module")
def ask():
    film = Film().show("cup", 4, 8).show("cat", 10, 14).show("speech", 11, 16)
    film.show("castle", 20, 24).show("music", 22, 30).show("cup", 40, 44).show("rocket", 42, 46)
    film.show("bell", 50, 51).show("bell", 55, 56).show("bell", 60, 61)
    return film.asker(90)


def labels(answer):
    return [item.label for item in answer.evidence]


def test_presence_with_time_and_evidence(ask):
    answer = ask("Did you see a cat?")
    assert answer.state == "answered"
    assert answer.answer == "Yes, I saw a cat about 75 seconds ago, from 0:10 to 0:14."
    assert (answer.when.start_s, answer.when.end_s, answer.when.ago_s) == (10.0, 14.0, 76.0)
    assert labels(answer) == ["cat"]
    assert answer.confidence == pytest.approx(0.9, abs=1e-3)
    assert (answer.as_of_s, answer.coverage_since_s) == (90.0, 0.0)


def test_a_kind_finds_its_members_and_says_what_it_looked_like(ask):
    answer = ask("Did you see an animal?")
    assert answer.state == "answered"
    assert "it looked like a cat" in answer.answer


def test_absence_is_said_and_sure(ask):
    answer = ask("Did you see a dog?")
    assert (answer.state, answer.when, answer.evidence) == ("not_seen", None, ())
    assert answer.answer == "No, I have not seen a dog."
    assert answer.confidence > 0.9


def test_what_no_class_covers_cannot_be_told(ask):
    answer = ask("Did you see my tax return?")
    assert answer.state == "cannot_tell"
    assert answer.confidence == 0.0


def test_a_sound_is_not_a_sight(ask):
    assert ask("Did you hear music?").state == "answered"
    assert ask("Did you see a bell?").state == "cannot_tell"


@pytest.mark.parametrize(
    ("question", "start_s"),
    [
        ("When did you see the cup?", 40.0),
        ("When did you first see the cup?", 4.0),
        ("When was the last time you saw the cup?", 40.0),
        ("How long ago did you see a castle?", 20.0),
        ("When did someone talk?", 11.0),
    ],
)
def test_when(ask, question, start_s):
    answer = ask(question)
    assert answer.state == "answered"
    assert answer.when.start_s == start_s


def test_counting(ask):
    answer = ask("How many times did you hear a bell?")
    assert "three times" in answer.answer
    assert sum(item.count for item in answer.evidence) == 3
    assert "twice" in ask("How many times did you see a cup?").answer


def test_before_after_and_with(ask):
    assert labels(ask("What did you see before the castle?"))[0] == "cat"
    assert labels(ask("What did you see after the castle?"))[0] == "cup"
    assert labels(ask("What did you hear after the castle?"))[0] == "music"
    assert labels(ask("What did you see while the music was playing?"))[0] == "castle"
    together = ask("What did you see after the cat and before the rocket?")
    assert together.state in {"answered", "cannot_tell"}


def test_things_that_begin_together_are_told_together():
    ask = Film().show("hen", 2, 5).show("boat", 2.5, 5).show("cup", 8, 10).asker(15)
    assert labels(ask("What did you see before the cup?"))[:2] == ["hen", "boat"]


def test_an_anchor_that_was_not_there(ask):
    answer = ask("What did you see before the umbrella?")
    assert answer.state == "not_seen"
    assert "umbrella" in answer.answer


def test_nothing_before_the_first(ask):
    answer = ask("What did you see before the cat?")
    assert labels(answer)[0] == "cup"
    film = Film().show("cup", 4, 8).asker(20)
    assert film("What did you see before the cup?").state == "not_seen"


def test_first_and_last(ask):
    assert labels(ask("What was the first thing you saw?")) == ["cup"]
    assert labels(ask("What was the last thing you saw?")) == ["rocket"]
    assert labels(ask("What was the last thing you heard?")) == ["bell"]
    assert labels(ask("What was the first animal you saw?")) == ["cat"]


def test_what_at_a_time(ask):
    assert labels(ask("What did you see between 0:19 and 0:25?")) == ["castle"]
    assert labels(ask("What did you see 47 seconds ago?")) == ["cup", "rocket"]
    assert ask("What did you see between 0:30 and 0:35?").state == "not_seen"
    assert set(labels(ask("What did you see?"))) == {"cup", "cat", "castle", "rocket"}


def test_limits_of_the_request_restrict_the_time(ask):
    assert ask("Did you see a cup?", since_s=50.0).state == "not_seen"
    assert ask("Did you see a cup?", until_s=10.0).when.start_s == 4.0
    assert "twice" not in ask("How many times did you see a cup?", since_s=30.0).answer
    assert ask("Did you see a cup?", since_s=500.0).state == "not_seen"


def test_how_long(ask):
    assert "8 seconds" in ask("How long did the music play?").answer


def test_a_question_that_is_not_supported_says_why(ask):
    answer = ask("What colour was the cup?")
    assert (answer.state, answer.confidence) == ("cannot_tell", 0.0)
    assert "colour" in answer.answer


def test_what_was_evicted_may_have_been_forgotten():
    film = Film(NO_ARCHIVE, S0Rule(merge_cos=2.0)).show("cup", 2, 4)
    for i in range(70):
        film.show(SIGHTS[1 + i % 9], 8 + 6 * i, 10 + 6 * i)
    ask = film.asker(440)
    answer = ask("Did you see a cup?")
    assert answer.state == "may_have_forgotten"
    assert answer.coverage_since_s > 4.0
    assert ask("What was the first thing you saw?").state == "may_have_forgotten"
    assert ask("What did you see at the start?").state == "may_have_forgotten"
    assert ask("Did you see a boat?").state == "answered"


def test_zeroed_memory_abstains_and_swapped_memory_swaps_answers():
    one, other = Film().show("cat", 2, 5), Film().show("dog", 2, 5)
    asks = [one.asker(10), other.asker(10)]
    assert [ask("Did you see a cat?").state for ask in asks] == ["answered", "not_seen"]
    state = one.fold(10)
    assert not bool((state.archive.modality >= 0).any())
    zeroed = state.updated(tokens=torch.zeros_like(state.tokens))
    memory = view(zeroed, one.unit.config.layout, SPACES)
    for question in ("Did you see a cat?", "What did you see?", "When did you see the cat?"):
        assert answer(Asking(question, understand(question)), memory, SPACES).state == "not_seen"


def film_of_66_cats(layout=None):
    film = Film(layout)
    for i in range(66):
        film.show("cat", 4 + 6 * i, 6 + 6 * i)
    return film


def test_what_comes_again_more_often_than_there_are_slots_is_counted_with_exact_times():
    ask = film_of_66_cats().asker(410)
    answer = ask("When did you first see a cat?")
    assert (answer.when.start_s, answer.when.uncertainty_s) == (4.0, 0.5)
    assert "66 times" in ask("How many times did you see a cat?").answer


def test_merged_slots_widen_the_uncertainty():
    film = film_of_66_cats(NO_ARCHIVE)
    answer = film.asker(410)("When did you first see a cat?")
    assert answer.when.uncertainty_s > 0.5
    counted = film.asker(410)("How many times did you see a cat?")
    assert "about 66 times" in counted.answer


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "just now"),
        (1, "1 second ago"),
        (12.4, "12 seconds ago"),
        (47, "about 45 seconds ago"),
        (94, "about 95 seconds ago"),
        (150, "about 2.5 minutes ago"),
        (3000, "about 50 minutes ago"),
        (9000, "about 2.5 hours ago"),
    ],
)
def test_how_long_ago_in_words(seconds, text):
    assert speech("english").ago(seconds) == text


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("cat", "a cat"),
        ("umbrella", "an umbrella"),
        ("unicycle", "a unicycle"),
        ("hourglass", "an hourglass"),
        ("music", "music"),
        ("sunglasses", "sunglasses"),
        ("bus", "a bus"),
        ("espresso", "espresso"),
    ],
)
def test_articles(label, text):
    assert speech("english").named(label) == text


# --- the kinds that list, order and compare -------------------------------------------------------


def test_what_lists_everything_in_order_with_how_often(ask):
    assert ask("What did you see?").answer == ("I saw a cup (twice), a cat, a castle and a rocket.")
    everything = ask("List everything, in order.").answer
    assert everything.startswith("I saw a cup (twice)")
    assert "; I heard speech, music and a bell (three times)" in everything


def test_a_long_list_counts_what_it_does_not_name():
    film = Film()
    for i, name in enumerate((*SIGHTS, *SOUNDS)):
        film.show(name, 2 + 3 * i, 4 + 3 * i)
    told = film.asker(60)("what did you notice")
    assert all(name in told.answer for name in ("cup", "boat", "speech", "bell"))
    assert len(told.evidence) == 13
    assert listing.NAMED == 12


def test_a_summary_tells_stretches_both_senses_and_what_stood_out(ask):
    told = ask("Catch me up")
    assert told.state == "answered"
    for part in ("0:04", "a cup", "I heard speech", "a bell (twice)", "What stood out"):
        assert part in told.answer, part
    last = ask("What did I miss in the last 40 seconds?").answer
    assert "bell" in last
    assert "castle" not in last


def test_a_summary_says_what_is_missing():
    film = Film().show("cup", 4, 8).show("cat", 10, 14)
    told = film.asker(60, received={"video": ((0.0, 60.0),), "audio": ()})("Give me a summary")
    assert "No sound was received" in told.answer


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Which came first, the castle or the cat?", "the cat came first"),
        ("Did you see the rocket or the castle first?", "the castle came first"),
        ("Which came last, the castle or the cat?", "the castle came last"),
        ("Which did you hear last, the music or the bell?", "the bell came last"),
    ],
)
def test_two_things_are_compared(ask, text, first):
    told = ask(text)
    assert told.answer.lower().startswith(first)
    assert len(told.evidence) == 2


def test_what_was_not_there_is_not_compared(ask):
    told = ask("Which came first, the castle or the umbrella?")
    assert told.state == "not_seen"
    assert "I saw a castle" in told.answer


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("What was the second thing I showed you?", "cat"),
        ("the third thing you saw", "castle"),
        ("What was the second to last thing you saw?", "castle"),
        ("What was the second sound?", "music"),
    ],
)
def test_things_are_numbered(ask, text, name):
    assert labels(ask(text)) == [name]


def test_times_of_one_thing_are_numbered(ask):
    assert ask("When was the second time the bell rang?").when.start_s == 55.0
    assert "only three times" in ask("When did the bell ring for the fifth time?").answer
    assert ask("What was the ninth thing you saw?").state == "not_seen"


def test_between_two_things(ask):
    told = ask("What did you see between the cat and the rocket?")
    assert labels(told)[:2] == ["castle", "cup"]
    assert ask("Did you hear music between the cat and the rocket?").state == "answered"
    assert ask("Did you see a boat between the cat and the rocket?").state == "not_seen"
    assert ask("What came between the cat and the koala?").state == "not_seen"


def test_an_exact_time_from_something(ask):
    assert "rocket" in labels(ask("What did you see 20 seconds after the castle?"))
    assert labels(ask("What did you see ten seconds before the castle?"))[0] == "cat"
    assert ask("What did you see two minutes after the castle?").state == "not_received"


def test_besides(ask):
    told = ask("What else did you see apart from the cup?")
    assert set(labels(told)) == {"cat", "castle", "rocket"}
    assert ask("What did you hear besides the bell in the last 50 seconds?").state == "not_seen"
    ask_alone = Film().show("cup", 4, 8).asker(20)
    assert ask_alone("What did you see other than the cup?").state == "not_seen"


def test_whether_one_was_before_another(ask):
    assert ask("Did you see the cat before the castle?").answer.startswith("Yes")
    assert ask("Did you see the rocket before the castle?").answer.startswith("Not before")
    assert ask("Did the bell ring after the music?").answer.startswith("Yes")


@pytest.mark.parametrize("kind", KINDS_ASKED)
def test_every_kind_has_its_slots_and_data(kind):
    """A kind that a language can ask is one that has a room, and takes what its own data gives."""
    assert kind in answering.KINDS


def test_a_question_in_german_is_answered_in_german(ask):
    told = ask("Hast du eine Katze gesehen?")
    assert told.state == "answered"
    assert told.answer.startswith("Ja")
    assert "eine Katze" in told.answer
    assert ask("Hast du einen Hund gesehen?").answer.startswith("Nein")
    assert "dreimal" in ask("Wie oft hast du die Glocke gehört?").answer
