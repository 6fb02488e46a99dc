"""The German nouns and verbs: every class has a name, and every German word one meaning."""

import json
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

import ttm_model.questions
from ttm_model.encoders.sound_classes import VOICE_CLASSES
from ttm_model.labels.lexicon import Lexicon
from ttm_model.labels.plain import DATA
from ttm_model.labels.sounds import TOLD_AS
from ttm_model.tagger.classes import TAGGER_CLASSES, kind_groups

GERMAN = Path(ttm_model.questions.__file__).parent / "german"
PEOPLE = {"person", "man", "woman", "child", "someone", "people"}


@pytest.fixture(scope="module")
def table():
    return tomllib.loads((GERMAN / "nouns.toml").read_text("utf-8"))


@pytest.fixture(scope="module")
def nouns(table):
    return {name: row for name, row in table.items() if name != "ambiguous"}


@pytest.fixture(scope="module")
def verbs():
    return tomllib.loads((GERMAN / "verbs_of_sound.toml").read_text("utf-8"))


def folded(word):
    """A word as it may be typed: "Küche" and "kueche" are one."""
    word = word.lower()
    for letter, spelling in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        word = word.replace(letter, spelling)
    return word


def words_of(row):
    return [row["s"], *([row["p"]] if "p" in row else []), *row.get("also", [])]


def test_every_picture_class_has_a_german_name(nouns):
    rows = json.loads((DATA / "imagenet.json").read_text("utf-8"))["classes"]
    assert {row["name"].lower() for row in rows} - nouns.keys() == set()


@pytest.mark.parametrize("classes", [TAGGER_CLASSES, VOICE_CLASSES])
def test_every_sound_class_has_a_german_name(nouns, classes):
    told = {TOLD_AS.get(sound.name, sound.name) for sound in classes}
    assert told - nouns.keys() == set()


def test_every_kind_of_sound_and_the_words_for_people_have_a_german_name(nouns):
    kinds = {kind["words"][0].removeprefix("an ").removeprefix("a ") for kind in kind_groups()}
    kinds = {kind.removeprefix("the ") for kind in kinds}
    assert (kinds | PEOPLE) - nouns.keys() == set()


def test_a_line_has_a_gender_a_singular_and_no_field_that_nobody_reads(nouns):
    for name, row in nouns.items():
        assert name == name.lower().strip()
        assert row["g"] in {"m", "f", "n", "pl"}, name
        assert row.keys() <= {"g", "s", "p", "a", "d", "also"}, name
        assert row["g"] != "pl" or row.keys().isdisjoint({"p", "a", "d"}), name
        words = words_of(row)
        assert all(word and word == word.strip() for word in words), name
        assert row["s"] not in row.get("also", []), name
        assert len(row.get("also", [])) == len(set(row.get("also", []))), name


def test_only_a_case_that_differs_is_written_down(nouns):
    for name, row in nouns.items():
        assert row["s"] not in {row.get("a"), row.get("d")}, name
        assert "a" not in row or row["g"] == "m", f"{name}: only a masculine has an accusative"
        assert "a" not in row or "d" in row, name


def test_a_german_word_means_one_thing_or_says_which(table, nouns):
    meanings, spelt = defaultdict(set), {}
    for name, row in nouns.items():
        for word in words_of(row):
            meanings[folded(word)].add(name)
            spelt[folded(word)] = word
    several = {spelt[word]: names for word, names in meanings.items() if len(names) > 1}
    assert several.keys() == table["ambiguous"].keys()
    for word, name in table["ambiguous"].items():
        assert name in several[word], word


def test_a_verb_of_sound_has_its_forms_and_its_english(verbs):
    of_form = defaultdict(set)
    for lemma, row in verbs.items():
        assert row.keys() <= {"forms", "split", "particle", "alone", "after", "self"}, lemma
        assert lemma in row["forms"]
        assert len(row["forms"]) >= 4, f"{lemma}: present, past, participle, infinitive"
        assert row["alone"], lemma
        assert row["after"], lemma
        assert ("split" in row) == ("particle" in row), lemma
        if "particle" in row:
            assert all(form.startswith(row["particle"]) for form in row["forms"]), lemma
        for form in row["forms"]:
            of_form[folded(form)].add(lemma)
    assert {form: lemmas for form, lemmas in of_form.items() if len(lemmas) > 1} == {}


@pytest.mark.parametrize(
    ("lemma", "maker", "heard"),
    [
        ("bellen", "dog", "dog bark"),
        ("miauen", "cat", "cat meow"),
        ("krähen", "rooster", "rooster"),
        ("quaken", "duck", "duck quack"),
        ("quaken", "frog", "frog"),
        ("summen", "bee", "buzzing insect"),
        ("schreien", "baby", "baby crying"),
        ("lachen", "man", "laughter"),
        ("reden", "woman", "speech"),
        ("klingeln", "phone", "telephone ring"),
        ("läuten", "church bell", "church bell"),
        ("hupen", "car", "car horn"),
        ("klopfen", "door", "knocking"),
        ("ticken", "clock", "clock ticking"),
        ("knistern", "fire", "fire crackling"),
    ],
)
def test_a_verb_with_its_maker_finds_the_sound_class(verbs, lemma, maker, heard):
    row = verbs[lemma]
    phrase = maker if row.get("self") else f"{maker} {row['after']}"
    rows = [{"name": sound.name, "synonyms": sound.texts} for sound in TAGGER_CLASSES]
    match = Lexicon(rows, kind_groups(), {}).find(phrase)
    assert match is not None
    assert [rows[index]["name"] for index in match.classes] == [heard]
