"""Finding what was mentioned: the words, the words misheard, and what was only meant."""

import pytest
import torch

from model.words.test_state import utterance
from ttm_model.encoders.text import TextEncoder
from ttm_model.slow import Line
from ttm_model.words.near import near
from ttm_model.words.numbers import read_number
from ttm_model.words.search import find, times_said
from ttm_model.words.state import WordsState, entries, read, said
from ttm_model.words.stems import stems
from ttm_model.words.tokens import tokens


@pytest.fixture(scope="module")
def text():
    return TextEncoder()


def memory(text, *sentences, language="en"):
    state = WordsState.initial()
    for number, sentence in enumerate(sentences):
        spoken = utterance(sentence, 10.0 * number, language=language)
        state = said(state, spoken, text.encode([sentence])[0])
    return entries(state)


def ways(mentions):
    return [(mention.how, mention.said) for mention in mentions]


# --- the words themselves -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "phrase", "found"),
    [
        ("The dog is barking.", "dog", "dog"),
        ("The DOG is barking.", "dogs", "DOG"),
        ("Two dogs, she said.", "the dog", "dogs,"),
        ("That is the dog's bowl.", "dog", "dog's"),
        ("The children were tired.", "child", "children"),
        ("He carried knives.", "knife", "knives."),
        ("They were running away.", "run", "running"),
        ("I stopped at the shop.", "stop", "stopped"),
        ("It cost forty-two euros.", "42", "forty-two"),
        ("It cost 42 euros.", "forty two", "42"),
        ("It was in nineteen eighty four.", "1984", "nineteen eighty four."),
        ("One hundred and five people came.", "105", "One hundred and five"),
        ("We need 1,500 of them.", "1500", "1,500"),
        ("It is on the twenty first of May.", "21st", "twenty first"),
        ("My key board is broken.", "keyboard", "key board"),
        ("My keyboard is broken.", "key board", "keyboard"),
        ("The blue folder is here.", "the blue folder", "blue folder"),
        ("It's a well-known rock'n'roll song.", "well known", "well-known"),
        ("Call Jürgen, please.", "jürgen", "Jürgen,"),
    ],
)
def test_words_are_found_whatever_their_form(text, sentence, phrase, found):
    mentions = find(memory(text, "Nothing of it.", sentence, "Nor here."), phrase, text)
    assert ways(mentions) == [("exact", found)]
    assert mentions[0].p == 1.0
    assert mentions[0].entry.text == sentence


@pytest.mark.parametrize(
    ("sentence", "phrase", "found"),
    [
        ("Die Hunde bellen.", "Hund", "Hunde"),
        ("Hast du die Bücher gesehen?", "Buch", "Bücher"),
        ("Meine Tasse ist weg.", "Tassen", "Tasse"),
        ("Es waren zweiundvierzig Leute.", "42", "zweiundvierzig"),
        ("Das macht dreihundertfünf Euro.", "305", "dreihundertfünf"),
        ("Auf der Straße.", "strassen", "Straße."),
        ("Der rote Ordner ist hier.", "der rote Ordner", "rote Ordner"),
    ],
)
def test_german_words_are_found_whatever_their_form(text, sentence, phrase, found):
    mentions = find(memory(text, "Nichts davon.", sentence, language="de"), phrase, text)
    assert ways(mentions) == [("exact", found)]


@pytest.mark.parametrize(
    ("sentence", "phrase"),
    [
        ("There is a deep cut in it.", "cat"),
        ("The horse was tired.", "house"),
        ("Is there any news?", "new"),
        ("In the evening we left.", "even"),
        ("Put it on the plate.", "place"),
        ("I met a person.", "prison"),
        ("He read 43 pages.", "42"),
        ("It was in 1985.", "1984"),
        ("Her glasses broke.", "glass"),
        ("A catalogue of it.", "cat"),
        ("The carpet is red.", "car"),
        ("That is a bargain.", "bar"),
        ("We were there.", "where"),
        ("The desert is hot.", "dessert" * 2),
        ("The folder is blue.", "blue whale"),
    ],
)
def test_other_words_are_not_what_was_asked_for(text, sentence, phrase):
    mentions = find(memory(text, sentence), phrase, text)
    assert [m for m in mentions if m.how != "meaning"] == []


def test_every_occurrence_counts_and_has_the_time_of_its_words(text):
    found = find(memory(text, "Hello, hello you!", "Nobody there?", "Hello again."), "hello", text)
    exact = [mention for mention in found if mention.how == "exact"]
    assert times_said(found) == 3
    assert [mention.start_s for mention in exact] == pytest.approx([0.0, 0.4, 20.0], abs=0.06)
    assert exact[0].end_s == pytest.approx(0.4, abs=0.06)
    assert exact[1].end_s < exact[1].entry.end_s


def test_a_line_is_found_with_its_interval_and_counted_as_often_as_it_appeared(text):
    state = read(
        WordsState.initial(),
        5.0,
        6.0,
        (Line("EMERGENCY EXIT 42", (0, 0, 1, 1), 0.9),),
        text.encode(["EMERGENCY EXIT 42"]),
    )
    for phrase in ("exit", "42", "emergency exits"):
        (mention,) = find(entries(state), phrase, text)
        assert (mention.how, mention.start_s, mention.end_s) == ("exact", 5.0, 6.0)
        assert times_said((mention,)) == 1


def test_nothing_is_found_of_nothing(text):
    some = memory(text, "The dog is barking.")
    assert find((), "dog", text) == ()
    for nothing in ("", "  ", "?!"):
        assert [m for m in find(some, nothing, text) if m.how != "meaning"] == []


# --- misheard -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "heard"),
    [
        ("metronome", "metronom"),
        ("photosynthesis", "fotosynthesis"),
        ("kathryn", "catherine"),
        ("philharmonic", "filharmonic"),
        ("xylophone", "zylophone"),
        ("schroeder", "schröder"),
        ("mississippi", "missisipi"),
        ("umbrellla", "umbrella"),
    ],
)
def test_a_word_misheard_is_near(text, wanted, heard):
    assert 0.8 <= near(wanted, heard, text.knows) <= 1.0
    found = find(memory(text, f"She said {heard} yesterday."), wanted, text)
    assert ways(found) == [("fuzzy", heard)]
    assert times_said(found) == 0  # the words themselves were not understood


@pytest.mark.parametrize(
    ("wanted", "heard"),
    [
        ("cat", "cut"),
        ("cats", "cuts"),
        ("house", "horse"),
        ("light", "night"),
        ("table", "cable"),
        ("bread", "break"),
        ("person", "prison"),
        ("picture", "pitcher"),
        ("friday", "fridge"),
        ("kitchen", "chicken"),
        ("marketing", "market"),
        ("12345", "12346"),
    ],
)
def test_a_word_that_only_looks_alike_is_not(text, wanted, heard):
    assert near(wanted, heard, text.knows) == 0.0


def test_all_words_of_a_phrase_apart_are_nearly_it(text):
    (mention,) = find(memory(text, "The meeting is on Monday."), "a meeting on Monday", text)
    assert (mention.how, mention.said) == ("fuzzy", "meeting is on Monday.")


# --- meant ----------------------------------------------------------------------------------------


def test_what_is_only_meant_is_told_as_meant(text):
    talk = memory(
        text,
        "The dog has been barking at the postman all morning.",
        "Could you put two more potatoes in the pan?",
        "The train to Hamburg leaves from platform seven.",
        "My jacket is still at the dry cleaner's.",
    )
    (mention,) = find(talk, "a pet", text)
    assert (mention.how, mention.said) == ("meaning", "dog")
    assert 0.5 <= mention.p < 1.0
    assert times_said((mention,)) == 0
    assert find(talk, "astronomy", text) == ()


def test_other_languages_are_not_searched_by_an_english_meaning(text):
    talk = memory(text, "Der Hund hat den ganzen Morgen gebellt.", language="de")
    assert find(talk, "ein Haustier", text) == ()
    assert ways(find(talk, "Hunde", text)) == [("exact", "Hund")]


# --- what it is made of ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "language", "number"),
    [
        ("twenty twenty five", "en", ("2025", 3)),
        ("five thousand and twelve men", "en", ("5012", 4)),
        ("two hundred thousand", "en", ("200000", 3)),
        ("hundred", "en", ("100", 1)),
        ("fortieth", "en", ("40th", 1)),
        ("nine hundred and ninety ninth", "en", ("999th", 5)),
        ("two dogs", "en", ("2", 1)),
        ("and two", "en", None),
        ("elf", "de", ("11", 1)),
        ("elf", "en", None),
        ("neunundneunzig", "de", ("99", 1)),
        ("hundert", "de", ("100", 1)),
        ("dreissigtausend", "de", ("30000", 1)),
    ],
)
def test_numbers(words, language, number):
    assert read_number(words.split(), language) == number


def test_tokens_know_the_words_they_came_of():
    found = tokens("Forty-two of 1,000 'dogs' (say) — rock 3.5", "en")
    assert [(token.text, token.first, token.last) for token in found] == [
        ("42", 0, 0),
        ("of", 1, 1),
        ("1000", 2, 2),
        ("dogs", 3, 3),
        ("say", 4, 4),
        ("rock", 6, 6),
        ("3.5", 7, 7),
    ]


@pytest.mark.parametrize("word", ["news", "glasses", "evening", "bus", "this", "ring", "species"])
def test_words_that_only_look_inflected_are_left_whole(word):
    assert stems(word, "en") == {word}


def test_the_same_search_finds_the_same_whatever_was_searched_before(text):
    talk = memory(text, "The dog is barking.", "I like this pizza.")
    first = [(m.how, m.p, m.said) for m in find(talk, "food", text)]
    for phrase in ("cat", "a pet", "music"):
        find(talk, phrase, text)
    assert [(m.how, m.p, m.said) for m in find(talk, "food", TextEncoder())] == first
    assert torch.equal(talk[0].key, memory(text, "The dog is barking.")[0].key)
