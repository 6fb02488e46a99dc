"""Questions of a varied population of users: tables to be fitted to, and some that are locked.

The rows of the `locked` tables were written before the code and are measured, not fitted: whoever
makes a rule for one of them must move it to another table.
"""

from collections import Counter

import pytest

from question_readings import rows, told, understood_as
from ttm_model.questions.question import Question
from ttm_model.questions.rules.guard import names_a_thing
from ttm_model.questions.rules.spelling import respell
from ttm_model.questions.understand import understand

FITTED = ("dev", "practice", "dev2", "dev_de")
# Tables that do not pass wholly: the least share that is understood and the most that is understood
# as something else, each as measured. No rule was made for a row of the locked ones.
RATES = {
    # Seven rows of these three ask for words, people, colours or places, which were refused when
    # they were written and are answered now: they count as wrong.
    "locked": (0.88, 0.10),
    "locked2": (0.81, 0.07),
    "locked_de": (0.87, 0.04),
    "locked6": (0.94, 0.02),
    "locked6_de": (0.96, 0.02),
    "dev3": (0.98, 0.01),
    "dev4": (0.96, 0.02),
    "dev5": (0.96, 0.02),
    "dev2_de": (0.98, 0.01),
    "dev6": (0.99, 0.01),
    "dev6_de": (0.98, 0.02),
}
ALL = (*FITTED, *RATES)


@pytest.mark.parametrize(("text", "expected"), [row[1:] for name in FITTED for row in rows(name)])
def test_understands(text: str, expected: str) -> None:
    assert understood_as(text, expected), told(text)


@pytest.mark.parametrize("name", RATES)
def test_tables_keep_their_measured_rate(name: str) -> None:
    right, total, wrong = Counter[str](), Counter[str](), 0
    for heading, text, expected in rows(name):
        total[heading] += 1
        if understood_as(text, expected):
            right[heading] += 1
        else:
            wrong += isinstance(told(text), Question)
    count = sum(total.values())
    print({heading: f"{right[heading]} of {n}" for heading, n in total.items()})
    print(f"{name}: {sum(right.values()) / count:.3f} of {count} right, {wrong / count:.3f} wrong")
    least, most = RATES[name]
    assert sum(right.values()) / count >= least
    assert wrong / count <= most


def test_tables_share_no_question() -> None:
    texts = [text for name in ALL for _, text, _ in rows(name)]
    assert len(set(texts)) == len(texts)


BASES = [
    "did you see a dog",
    "have you heard any music",
    "did you see a dog in the last minute",
    "what did you see 20 seconds ago",
    "what was on screen at 0:45",
    "what happened between 0:30 and 1:10",
    "when did the dog bark",
    "when did you see the red fox",
    "how long ago did you see the cat",
    "how many times did the bell ring",
    "how long did the music last",
    "what did you hear before the bell",
    "what did you see after the dog barked",
    "what was on screen when the dog barked",
    "what was the first thing you saw",
    "what is the most recent sound",
    "was there a cat after 0:30",
    "did the phone ring before 1:30",
]
BEFORE = [
    "",
    "hey ",
    "ok so ",
    "can you tell me ",
    "would you mind telling me ",
    "I'd like to know, ",
    "do you happen to remember ",
    "quick question: ",
    "excuse me, ",
    "by the way ",
]
AFTER = ["", "?", " please", ", if you can say", " mate", " by any chance?", "?? thank you"]


@pytest.mark.parametrize("base", BASES)
def test_politeness_changes_no_meaning(base: str) -> None:
    meant = understand(base)
    assert isinstance(meant, Question)
    for before in BEFORE:
        for after in AFTER:
            for text in (f"{before}{base}{after}", f"{before}{base}{after}".upper()):
                assert understand(text) == meant, text


@pytest.mark.parametrize(
    "phrase",
    ["dog", "black and white cat", "saw", "can", "gold ring", "salt and pepper shaker", "news"],
)
def test_names(phrase: str) -> None:
    assert names_a_thing(phrase)


@pytest.mark.parametrize(
    "phrase",
    ["dog how", "number of times dog", "secs ago dog", "moment i saw", "dog , cat", "dog in 2019"],
)
def test_words_left_over_are_no_name(phrase: str) -> None:
    assert not names_a_thing(phrase)


def test_slips_in_words_for_sounds_are_repaired() -> None:
    slips, meant = "when did the cow mooo or the bel rnig", "when did the cow mooo or the bell ring"
    assert " ".join(respell(slips.split())) == meant
    real = "did you see the dog sign at least once"
    assert " ".join(respell(real.split())) == real
