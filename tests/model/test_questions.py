"""Questions: windows, refusal of nothing, follow-ups, spelling, and generated wordings."""

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttm_lab.wording_templates import HELD_OUT, TRAIN
from ttm_lab.wordings import Split, wordings
from ttm_model.questions.data import kinds, languages, load
from ttm_model.questions.earlier import Earlier
from ttm_model.questions.question import Noun, Question, Refusal
from ttm_model.questions.rules.lexicon import REPAIRABLE
from ttm_model.questions.rules.spelling import respell
from ttm_model.questions.understand import parser, understand
from ttm_model.questions.vocabulary import real_words
from ttm_model.questions.window import Window

NOW_S = 100.0
parse = parser("english").parse


def follow_up(text: str, question: Question, answered: str | None = None):
    earlier = Earlier(question, None if answered is None else Noun(answered))
    return parser("english").follow_up(text, earlier)


def named(question: Question) -> str | None:
    """What a question is about, or hangs on."""
    return question.anchors[0].phrase if question.anchors else question.phrase


WORDED = list(TRAIN)  # the kinds for which wordings are written


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (Window("ago", 20.0, None, 5.0), (75.0, 85.0)),
        (Window("ago", 2.0, None, 5.0), (93.0, 100.0)),
        (Window("ago", 60.0, math.inf, 0.0), (0.0, 40.0)),
        (Window("ago", 10.0, 30.0, 0.0), (70.0, 90.0)),
        (Window("last", 30.0), (70.0, 100.0)),
        (Window("last", 300.0), (0.0, 100.0)),
        (Window("end", 10.0, None, 5.0), (85.0, 100.0)),
        (Window("start", 10.0, None, 5.0), (0.0, 15.0)),
        (Window("between", 30.0, 70.0), (30.0, 70.0)),
        (Window("between", 90.0, 130.0), (90.0, 100.0)),
        (Window("at", 45.0, None, 2.0), (43.0, 47.0)),
        (Window("at", 200.0, None, 2.0), (100.0, 100.0)),
        (Window("since", 60.0), (60.0, 100.0)),
        (Window("until", None, 60.0), (0.0, 60.0)),
    ],
)
def test_window_resolves(window: Window, expected: tuple[float, float]) -> None:
    assert window.resolve(NOW_S) == expected


@given(
    st.sampled_from(["ago", "last", "start", "end", "between", "at", "since", "until"]),
    st.none() | st.floats(0, 1e6),
    st.none() | st.floats(0, 1e6) | st.just(math.inf),
    st.floats(0, 1e3),
    st.floats(allow_nan=True, allow_infinity=True),
)
def test_window_stays_inside_the_media(kind, a_s, b_s, tolerance_s, now_s) -> None:
    low, high = Window(kind, a_s, b_s, tolerance_s).resolve(now_s)
    assert 0.0 <= low <= high
    assert high <= (now_s if math.isfinite(now_s) and now_s > 0 else 0.0)


@pytest.mark.parametrize(
    ("exact", "loose"),
    [
        ("60 seconds ago", "about 60 seconds ago"),
        ("a minute ago", "a minute or so ago"),
        ("two minutes ago", "a couple of minutes ago"),
        ("4 minutes ago", "a few minutes ago"),
        ("90 seconds ago", "a minute or two ago"),
    ],
)
def test_looser_words_give_wider_windows(exact: str, loose: str) -> None:
    sharp, wide = (understand(f"what did you see {w}?").window for w in (exact, loose))
    assert sharp is not None
    assert wide is not None
    assert sharp.a_s == wide.a_s
    assert sharp.tolerance_s < wide.tolerance_s


@pytest.mark.parametrize(
    ("said", "window"),
    [
        ("from 10 to 20 seconds", Window("between", 10.0, 20.0)),
        ("between 20 seconds and 30 seconds", Window("between", 20.0, 30.0)),
        ("between minute 1 and 2", Window("between", 60.0, 120.0)),
        ("from one to three minutes ago", Window("ago", 60.0, 180.0, 2.0)),
        ("from 1 minute and 30 seconds ago", Window("ago", 90.0, None, 18.0)),
        ("from the start until 0:40", Window("between", 0.0, 40.0)),
        ("after 0:30 but before 1:10", Window("between", 30.0, 70.0)),
        ("in the last minute and a half", Window("last", 90.0)),
        ("in the first few seconds", Window("start", 4.0, None, 5.0)),
        ("after the second minute", Window("since", 120.0)),
        ("until the second minute", Window("until", None, 60.0)),
        ("by 0:45", Window("until", None, 45.0, 2.0)),
        ("around 20 seconds in", Window("at", 20.0, None, 4.0)),
        ("more than a minute ago", Window("ago", 60.0, math.inf)),
        ("less than a minute ago", Window("last", 60.0)),
        ("throughout the video", None),
        ("during all this", None),
    ],
)
def test_words_of_time_mean_a_window(said: str, window: Window | None) -> None:
    assert understand(f"did you see a dog {said}?") == Question(
        "presence", Noun("dog", "video"), "video", window=window
    )


@pytest.mark.parametrize(
    ("said", "window"),
    [
        ("vor etwa 20 Sekunden", Window("ago", 20.0, None, 6.0)),
        ("etwa vor 20 Sekunden", Window("ago", 20.0, None, 6.0)),
        ("vor mehr als einer Minute", Window("ago", 60.0, math.inf)),
        ("in den letzten Sekunden", Window("last", 4.0)),
        ("in der letzten Minute", Window("last", 60.0)),
        ("zwischen Sekunde 10 und 20", Window("between", 10.0, 20.0)),
        ("zwischen 1 und 2 Minuten", Window("between", 60.0, 120.0)),
        ("nach 0:30", Window("since", 30.0)),
        ("ab der zweiten Minute", Window("since", 60.0)),
        ("bis zur zweiten Minute", Window("until", None, 120.0)),
        ("bei Minute 2", Window("at", 120.0, None, 2.0)),
    ],
)
def test_german_words_of_time_mean_a_window(said: str, window: Window) -> None:
    understood = parser("german").parse(f"hast du {said} einen Hund gesehen?")
    assert isinstance(understood, Question)
    assert (understood.phrase, understood.window) == ("dog", window)


THINGS = "dog cat bell music 20 0:30 1:10 twenty ? few couple half more than of or bark"
FRAME = sorted(REPAIRABLE | set(THINGS.split()))


def check(understood: object) -> None:
    """What holds of every text."""
    if isinstance(understood, Refusal):
        assert understood.reason in load(understood.language, "refusals")["reasons"]
        return
    assert isinstance(understood, Question)
    assert understood.kind in kinds(understood.language)
    for noun in (understood.thing, *understood.anchors):
        assert noun is None or (noun.phrase.strip() == noun.phrase != "")
    if understood.window is not None:
        low, high = understood.window.resolve(NOW_S)
        assert 0.0 <= low <= high <= NOW_S


@given(st.text(max_size=400))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read(text: str) -> None:
    check(understand(text))
    for language in languages():
        check(parser(language).parse(text))


@given(st.lists(st.sampled_from(FRAME), max_size=16))
@settings(max_examples=600, deadline=None)
def test_any_order_of_its_own_words_is_read(words: list[str]) -> None:
    text = " ".join(words)
    previous = parse(text)
    check(previous)
    for earlier in (previous, parse("did you see a dog?")):
        if isinstance(earlier, Question):
            after = follow_up(text, earlier, "cup")
            assert after is None or isinstance(after, (Question, Refusal))


GERMAN = sorted(
    word
    for name in ("skip", "articles")
    for word in str(load("german", "words")[name]).replace("'", " ").split()
)
SPOKEN = [*GERMAN, "Hund", "gebellt", "wann", "was", "vor", "20"]


@given(st.lists(st.sampled_from(SPOKEN), max_size=12))
@settings(max_examples=200, deadline=None)
def test_any_order_of_german_words_is_read(words: list[str]) -> None:
    check(parser("german").parse(" ".join(words)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t",
        "?" * 20_000,
        "a" * 20_000,
        "a " * 10_000,
        "before " * 2_800,
        "did you see a dog " * 1_100,
        "a-" * 10_000,
        "'" * 20_000,
        "\u200b\u0301" * 9_000,
        "\ufdfa" * 3_999,
        "\ud800 did you see a dog?",
        "9" * 20_000,
        "0:00" * 5_000,
        "\U0001f436" * 4_000,
        "between 1 and 2 and " * 900,
        "most recent " * 1_600,
    ],
)
def test_long_and_odd_texts_are_read(text: str) -> None:
    for language in languages():
        check(parser(language).parse(text))
    check(understand(text))


def test_too_long_says_so() -> None:
    assert parse("did you see a dog " * 1_000) == Refusal("TOO_LONG")


@pytest.mark.parametrize("language", languages())
def test_every_reason_is_one_plain_sentence(language: str) -> None:
    texts = load(language, "refusals")["reasons"].values()
    assert len(texts) >= 15
    assert all(t[0].isupper() and t.endswith(".") and len(t) < 115 for t in texts)


def test_the_vocabulary_of_the_text_model_knows_real_words() -> None:
    near_the_frame = "herd hat beard seed heart where shoe snow tree fist list host past wish watch"
    assert real_words().issuperset(near_the_frame.split())
    assert not real_words() & {"befor", "waht", "yuo", "secnods", "tiems"}


NEAR = "bell bear bee hen hat bowl boat beard heart seed shoe watch whale wheel torch tree owl cow"
NEAR_NOUNS = [
    *NEAR.split(),
    *("bow", "book", "crow", "dime", "fist", "crash helmet", "gold ring", "sports car"),
    *("sewing machine", "tape player", "pencil case", "great dane", "spotted salamander"),
    *("computer mouse", "hockey puck", "minute hand"),
]


@pytest.mark.parametrize("noun", NEAR_NOUNS)
@pytest.mark.parametrize(
    "frame",
    ["did you see a {}?", "when did you see the {}", "what was there before the {}?", "{}?"],
)
def test_the_thing_is_never_respelled(noun: str, frame: str) -> None:
    assert named(parse(frame.format(noun))) == noun


def test_slips_are_repaired_around_the_thing() -> None:
    words = ["waht", "did", "yuo", "see", "befor", "the", "dgo", "20", "secnods", "ago"]
    assert " ".join(respell(words)) == "what did you see before the dgo 20 seconds ago"


FOLLOW_UPS = [
    ("did you see a dog?", "when was that?", None, ("when", "dog", "video")),
    ("did you see a dog?", "and when?", None, ("when", "dog", "video")),
    ("did you see a dog?", "how long ago was that?", None, ("when", "dog", "video")),
    ("did you hear a bell?", "how many times?", None, ("count", "bell", "audio")),
    ("did you hear music?", "for how long?", None, ("how_long", "music", "audio")),
    ("did you see a dog?", "how long was it there?", None, ("how_long", "dog", "video")),
    ("did you see a dog?", "did you hear it too?", None, ("presence", "dog", "audio")),
    ("did you see a dog?", "what about the cat?", None, ("presence", "cat", "video")),
    ("when did you hear a dog?", "and a bell?", None, ("when", "bell", "audio")),
    ("what did you hear?", "when was that?", "dog bark", ("when", "dog bark", "audio")),
    ("when did the dog bark?", "and after that?", None, ("after", "dog bark", None)),
    (
        "what did I show you before the cup?",
        "and before that?",
        "fox",
        ("before", "fox", "video"),
    ),
    ("what did you see before the cup?", "and after the dog?", None, ("after", "dog", "video")),
    (
        "did you hear music?",
        "what did you see while it played?",
        None,
        ("with", "music", "video"),
    ),
    ("did you see a dog?", "what happened next?", None, ("after", "dog", None)),
]


@pytest.mark.parametrize(("first", "text", "answered", "expected"), FOLLOW_UPS)
def test_follow_up(first, text, answered, expected) -> None:
    leaning = follow_up(text, parse(first), answered)
    assert isinstance(leaning, Question)
    assert (leaning.kind, named(leaning), leaning.modality) == expected


@pytest.mark.parametrize(
    ("first", "text", "reason"),
    [
        ("did you hear a dog?", "was it loud?", "ATTRIBUTE"),
        ("did you hear a dog?", "who was it?", "IDENTITY"),
        ("did you see a car?", "what size was it?", "ATTRIBUTE"),
        ("what did you see before the cup?", "and before that?", "REFERENCE"),
    ],
)
def test_follow_up_refuses_with_a_reason(first: str, text: str, reason: str) -> None:
    leaning = follow_up(text, parse(first))
    assert isinstance(leaning, Refusal)
    assert leaning.reason == reason


def test_what_else_leaves_out_what_was_asked_and_answered() -> None:
    leaning = follow_up("anything else?", parse("did you see a dog in the last minute?"), "cup")
    assert isinstance(leaning, Question)
    assert (leaning.kind, {noun.phrase for noun in leaning.anchors}) == ("besides", {"cup", "dog"})
    assert leaning.window == Window("last", 60.0)


def test_follow_up_keeps_the_moment() -> None:
    butterfly = Noun("butterfly", "video", at=(20.0, 24.0))
    earlier = Earlier(parse("what did you see before the cup?"), butterfly)
    begun = parser("english").follow_up("when did it begin?", earlier)
    assert begun.kind == "when"
    assert (begun.thing.phrase, begun.thing.at) == ("butterfly", (20.0, 24.0))
    before = parser("english").follow_up("and before that?", Earlier(begun, butterfly))
    assert (before.kind, before.anchors[0].at) == ("before", (20.0, 24.0))


def test_follow_up_changes_the_window_alone() -> None:
    leaning = follow_up("and in the last minute?", parse("did you see a dog?"))
    assert isinstance(leaning, Question)
    assert leaning.window == Window("last", 60.0)
    assert (leaning.kind, leaning.phrase) == ("presence", "dog")


@pytest.mark.parametrize("text", ["did you see a cat?", "what did you hear?", "asdf", "", "hello"])
def test_what_stands_alone_is_no_follow_up(text: str) -> None:
    assert follow_up(text, parse("did you see a dog?")) is None


SEEN = ["dog", "red fox", "orange"]
HEARD = ["dog bark", "bell", "music", "speech"]
WINDOWS = [
    None,
    Window("ago", 20.0),
    Window("ago", 90.0),
    Window("ago", 10.0, 30.0),
    Window("last", 60.0),
    Window("start", 10.0),
    Window("end", 10.0),
    Window("between", 30.0, 70.0),
    Window("at", 45.0),
    Window("since", 40.0),
    Window("until", None, 80.0),
]


def generated(split: Split) -> list[tuple[str, bool]]:
    """Every generated question with whether the parser got back what it was made from."""
    out = []
    for kind in WORDED:
        anchored = kind in ("before", "after", "with")
        for modality, things in (("video", SEEN), ("audio", HEARD), (None, SEEN)):
            open_kind = kind in ("what", "first", "last")
            for phrase in [None] if open_kind else things:
                for seed, window in enumerate([None] if anchored else WINDOWS):
                    for text in wordings(kind, phrase, modality, window, split=split, seed=seed):
                        got = parse(text)
                        if isinstance(got, Refusal):
                            out.append((text, False))
                            continue
                        edges = got.window and (got.window.kind, got.window.a_s, got.window.b_s)
                        meant = window and (window.kind, window.a_s, window.b_s)
                        same = (got.kind, named(got), got.modality) == (kind, phrase, modality)
                        out.append((text, same and edges == meant))
    return out


def test_every_training_wording_is_understood() -> None:
    results = generated("train")
    assert len(results) > 5_000
    assert [text for text, right in results if not right] == []


def test_held_out_wordings_keep_their_measured_rate() -> None:
    results = generated("held_out")
    rate = sum(right for _, right in results) / len(results)
    print(f"held-out wordings understood: {rate:.3f} of {len(results)}")
    assert rate > 0.75  # measured at 0.81 and not tuned on; a fall below means a regression


@pytest.mark.parametrize("kind", WORDED)
def test_wordings_are_many_and_split(kind: str) -> None:
    for mark in ("v", "a", "-"):
        assert len({text for marks, text in TRAIN[kind] if mark in marks}) >= 8
    train, held = ({text for _, text in table[kind]} for table in (TRAIN, HELD_OUT))
    assert not train & held
    assert held


def test_about_a_fifth_is_held_out() -> None:
    train, held = (sum(map(len, table.values())) for table in (TRAIN, HELD_OUT))
    assert 0.15 < held / (train + held) < 0.25


def test_wordings_follow_their_seed() -> None:
    def first(seed: int) -> list[str]:
        return list(wordings("when", "dog", "video", Window("last", 60.0), seed=seed))

    assert first(3) == first(3)
    assert first(3) != first(4)


def test_wordings_need_their_phrase() -> None:
    with pytest.raises(ValueError, match="phrase"):
        list(wordings("when", None, "video"))


def test_every_language_has_the_same_answers_with_the_same_slots() -> None:
    """A slot may be left out where a language's sentence needs it not, none may be invented."""
    english = load("english", "answers")
    slots = re.compile(r"\{(\w+)\}")
    always = {"saw", "seen", "seemed", "a", "the", "to", "bare"}
    for language in languages()[1:]:
        other = load(language, "answers")
        for section, sentences in english.items():
            assert sentences.keys() <= other[section].keys(), (language, section)
            for name, sentence in sentences.items():
                if isinstance(sentence, str) and section not in ("times", "words"):
                    own = set(slots.findall(other[section][name])) - always
                    assert own <= set(slots.findall(sentence)), (language, section, name)
        reasons = load("english", "refusals")["reasons"].keys()
        assert load(language, "refusals")["reasons"].keys() <= reasons | {"UNKNOWN_THING"}


@pytest.mark.parametrize("text", ["was hast du vor {} Sekunden gesehen", "what was there at {}:00"])
def test_no_number_is_read_as_infinite(text: str) -> None:
    asked = understand(text.format("9" * 400))
    assert not (isinstance(asked, Question) and asked.window and math.isinf(asked.window.a_s or 0))


@pytest.mark.parametrize(
    "text",
    [
        "What did you see at the start and at the end?",
        "Did you hear a bell at 0:30 or at 1:20?",
        "Was hast du am Anfang und am Ende gesehen?",
    ],
)
def test_neither_of_two_times_is_dropped(text: str) -> None:
    asked = understand(text)
    assert isinstance(asked, Refusal)
    assert asked.reason == "TWO_TIMES"
