"""Questions of a varied population of users: two tables that must pass wholly, one that is locked.

The rows of `locked.txt` were written before the parser was made to fit `dev.txt`, and are measured,
not fitted: whoever makes a rule for one of them must move it to another table.
"""

from collections import Counter
from pathlib import Path

import pytest

from ttm_model.questions import Kind, ParsedQuestion, parse
from ttm_model.questions.guard import names_a_thing
from ttm_model.questions.spelling import respell
from ttm_model.questions.wordlist import listed

TABLES = Path(__file__).parent / "question_tables"
UNDERSTOOD, WRONG = 0.85, 0.09  # shares of the locked rows; measured at 0.858 and 0.085
_SENSE = {"video": "v", "audio": "a", None: "-"}


def rows(name: str) -> list[tuple[str, str, str]]:
    """(kind heading, question, expected readings) of a table."""
    found, heading = [], ""
    for line in (TABLES / f"{name}.txt").read_text("utf-8").splitlines():
        if line.startswith("## "):
            heading = line[3:]
        elif line and not line.startswith("#"):
            text, expected = line.split(" | ", 1)
            found.append((heading, text, expected))
    return found


def window_of(parsed: ParsedQuestion) -> str | None:
    window = parsed.window
    if window is None:
        return None
    return ":".join([window.kind, *[f"{e:g}" for e in (window.a_s, window.b_s) if e is not None]])


def fits(parsed: ParsedQuestion, reading: str) -> bool:
    """Whether a question was understood as one reading of the table says."""
    parts = [part.strip() for part in reading.split(" | ")]
    kind, _, phrase = parts[0].partition(" ")
    if kind == "UNSUPPORTED":
        return parsed.kind is Kind.UNSUPPORTED
    told: dict[str, str] = {}
    for extra in parts[2:]:
        key, equals, value = extra.partition("=")
        told |= {key: value} if equals else {"neg": extra} if extra == "neg" else {"window": extra}
    return (
        parsed.kind.name == kind
        and (parsed.phrase or "-") == phrase
        and _SENSE[parsed.modality] in parts[1]
        and window_of(parsed) == told.get("window")
        and parsed.negated == ("neg" in told)
        and parsed.order == told.get("order")
        and parsed.target == told.get("target")
        and _SENSE[parsed.anchor_modality] in told.get("anchor", "-")
    )


def understood(text: str, expected: str) -> bool:
    return any(fits(parse(text), reading) for reading in expected.split(" ; "))


@pytest.mark.parametrize(
    ("text", "expected"), [row[1:] for name in ("dev", "practice") for row in rows(name)]
)
def test_understands(text: str, expected: str) -> None:
    assert understood(text, expected), parse(text)


def test_locked_questions_keep_their_measured_rate() -> None:
    right, total, wrong = Counter[str](), Counter[str](), 0
    for heading, text, expected in rows("locked"):
        total[heading] += 1
        if understood(text, expected):
            right[heading] += 1
            continue
        parsed = parse(text)
        wrong += parsed.supported
        print(f"{'wrong' if parsed.supported else 'not understood'}: {text}\n    {parsed}")
    print({heading: f"{right[heading]} of {n}" for heading, n in total.items()})
    assert sum(total.values()) > 200
    assert sum(right.values()) / sum(total.values()) >= UNDERSTOOD
    assert wrong / sum(total.values()) <= WRONG


def test_tables_share_no_question() -> None:
    texts = [text for name in ("dev", "practice", "locked") for _, text, _ in rows(name)]
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
    meant = parse(base)
    assert meant.supported
    for before in BEFORE:
        for after in AFTER:
            for text in (f"{before}{base}{after}", f"{before}{base}{after}".upper()):
                assert parse(text) == meant, text


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
    assert " ".join(respell(listed(slips))) == meant
    real = "did you see the dog sign at least once"
    assert " ".join(respell(listed(real))) == real
