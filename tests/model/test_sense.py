"""What the spaces know of everyday language, and how sure a denial is."""

import json
import tomllib
from itertools import pairwise
from math import sqrt
from pathlib import Path

import pytest
import torch

from ttm_lab.evaluation.found_rates import Example, Fit, fit
from ttm_lab.evaluation.not_seen import asked, denials, named
from ttm_lab.evaluation.seen_clips import SeenClip, Shown, load_clips, save_clips
from ttm_model.encoders.sound_classes import VOICE_CLASSES
from ttm_model.encoders.text import TextEncoder
from ttm_model.engines.spaces import PICTURES, SOUNDS, TextSpace
from ttm_model.errors import WeightsError
from ttm_model.labels.class_keys import ClassKeys
from ttm_model.labels.found import denial, load_rates
from ttm_model.labels.picture_keys import load_picture_keys
from ttm_model.labels.plain import DATA, load_plain
from ttm_model.labels.sounds import sound_space
from ttm_model.labels.space import load_space
from ttm_model.tagger.classes import TAGGER_CLASSES, kind_groups

TABLES = Path(__file__).parents[1] / "data"
KNOWN = 0.35  # from here a reader takes silence for absence


@pytest.fixture(scope="module")
def sights():
    return TextSpace(load_space("imagenet"), load_picture_keys(), TextEncoder(), PICTURES)


@pytest.fixture(scope="module")
def sounds():
    text = TextEncoder()
    space = sound_space(TAGGER_CLASSES, text, kind_groups())
    return TextSpace(space, ClassKeys(len(space)), text, SOUNDS)


@pytest.fixture(scope="module")
def voices():
    text = TextEncoder()
    space = sound_space(VOICE_CLASSES, text)
    return TextSpace(space, ClassKeys(len(space)), text, SOUNDS)


# --- everyday names ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("tabby cat", "cat"),
        ("Egyptian Mau", "cat"),
        ("Golden Retriever", "dog"),
        ("espresso machine", "coffee maker"),
        ("sports car", "car"),
        ("banana", "banana"),
        ("fire truck", "fire truck"),
        ("brambling", "bird"),
        ("king penguin", "penguin"),
        ("cleaver", "knife"),
    ],
)
def test_classes_have_everyday_words(sights, name, word):
    assert sights.everyday(sights.names.index(name)) == word


def test_every_class_has_a_word_by_which_it_is_found(sights, sounds, voices):
    table = tomllib.loads((DATA / "everyday.toml").read_text("utf-8"))
    assert list(table["pictures"]) == list(sights.names)
    assert set(table["sounds"]) == {*sounds.names, *voices.names}
    for space in (sights, sounds, voices):
        for cls, name in enumerate(space.names):
            assert space.phrase(space.everyday(cls)).weights[cls] == 1.0, name


def test_everyday_meanings_are_those_of_classes(sights, sounds):
    for section, space in (("pictures", sights), ("sounds", sounds)):
        for word, meant in load_plain(section).means.items():
            assert {space.names[c] for c in named(space, word)} == set(meant)


def test_missing_lists_are_named(tmp_path):
    with pytest.raises(WeightsError, match=r"everyday\.toml"):
        load_plain("pictures", tmp_path)


# --- what is not known ---------------------------------------------------------------------------


def test_what_has_no_class_is_not_known(sights):
    phrases = (TABLES / "unknown_sights.txt").read_text("utf-8").split("\n")[1:-1]
    assert len(phrases) > 100
    assert [p for p in phrases if sights.covers(p) >= KNOWN] == []


def test_what_has_a_class_is_known(sights):
    phrases = (TABLES / "known_sights.txt").read_text("utf-8").split("\n")[1:-1]
    assert len(phrases) > 60
    assert [p for p in phrases if sights.covers(p) < KNOWN] == []


@pytest.mark.parametrize(
    "phrase", ["my old rocking horse", "two prairie dogs", "sea horses", "fish tank"]
)
def test_a_compound_is_not_what_its_last_word_names(sights, phrase):
    key = sights.phrase(phrase)
    assert (key.knows, key.breadth) == (0.0, 0.0)
    assert sights.presence(0.0, key.breadth) == 0.0


def test_a_class_keeps_its_own_compound(sights, sounds):
    for space, phrase in ((sights, "teddy bear"), (sights, "sea lion"), (sounds, "mouth organ")):
        assert space.covers(phrase) == 1.0


def test_likeness_does_not_rest_on_a_modifier(sights):
    """A fire truck is no fire, an ambulance no ambulance driver."""
    for phrase, name in (("fire", "fire truck"), ("ambulance driver", "ambulance")):
        assert sights.phrase(phrase).weights[sights.names.index(name)] < 1e-6


# --- near neighbours -----------------------------------------------------------------------------


def pairs(which):
    table = tomllib.loads((TABLES / "near_pairs.toml").read_text("utf-8"))
    return [tuple(line.split(": ")) for line in table[which].strip().split("\n")]


def is_near(space, asked_for, seen):
    classes = sorted(named(space, seen))
    return any(float(near.weights[classes].sum()) > 0 for near in space.near(asked_for))


def test_near_pairs_are_found_precisely(sights):
    right = [pair for pair in pairs("near") if is_near(sights, *pair)]
    wrong = [pair for pair in pairs("far") if is_near(sights, *pair)]
    assert len(right) / len(pairs("near")) >= 0.95
    assert len(right) / (len(right) + len(wrong)) >= 0.97, wrong


def test_neighbours_are_not_what_was_asked_for(sights, sounds):
    for space, phrases in ((sights, ("mug", "pot of tea", "puppy")), (sounds, ("dog",))):
        for phrase in phrases:
            own = space.phrase(phrase).weights
            found = space.near(phrase)
            assert found
            for near in found:
                assert not bool((near.weights * own).any())
                assert near.breadth >= 1.0
                assert 0.0 < near.likeness < 1.0


def test_what_has_no_class_can_have_neighbours(sights):
    assert [near.name for near in sights.near("donkey")] == ["horse"]
    assert sights.near("happiness") == ()


# --- how sure a denial is ------------------------------------------------------------------------


def test_denial_at_its_ends():
    assert denial(0.0, 0.0) == 0.5
    assert denial(1.0, 0.0) == 1.0
    assert denial(0.9, 0.0) == pytest.approx(10 / 11)
    assert denial(0.9, 1.0) == 0.0
    assert denial(0.5, 0.0) < 0.67


def test_denial_falls_with_candidates_and_rises_with_the_sense():
    by_candidate = [denial(0.8, p / 20) for p in range(21)]
    assert all(a > b for a, b in pairwise(by_candidate))
    by_rate = [denial(r / 20, 0.01) for r in range(21)]
    assert all(a < b for a, b in pairwise(by_rate))


def test_what_is_covered_in_part_is_found_in_part(sights):
    assert sights.found_rate("shirt") < sights.found_rate("T-shirt")
    assert sights.found_rate("happiness") == 0.0
    assert 0.3 < sights.found_rate("dog") < 0.95


def test_sounds_are_found_as_the_card_says(sounds):
    assert sounds.found_rate("speech") > 0.95
    assert sounds.found_rate("someone talking") > 0.95
    assert sounds.found_rate("dog bark") < 0.4  # .19 of half seconds of unheard recordings
    assert denial(sounds.found_rate("car horn"), 0.0) < 0.55


def test_rates_cover_both_spaces(sights, sounds, voices):
    data = json.loads((DATA / "found_rates.json").read_text("utf-8"))
    assert set(data["pictures"]["classes"]) == set(sights.names)
    for space, sense in ((sights, "pictures"), (sounds, "sounds"), (voices, "sounds")):
        rates = load_rates(sense, space.space)
        assert len(rates.classes) == len(space.names)
        assert all(0.0 <= rate <= 1.0 for rate in rates.classes)


def test_missing_rates_are_named(sights, tmp_path):
    with pytest.raises(WeightsError, match=r"found_rates\.json"):
        load_rates("pictures", sights.space, tmp_path)


def test_rates_are_drawn_towards_their_kind():
    kind, other = frozenset(range(4)), frozenset({9})
    examples = [Example(frozenset({c}), 1.0) for c in (0, 1, 2)] + [Example(other, 0.0)] * 3
    fitted = Fit(tuple(examples), (kind,), 2.0)
    assert fitted.mean == 0.5
    unseen, seen = fitted.rate(frozenset({3})), fitted.rate(frozenset({0}))
    assert fitted.mean < unseen < seen < 1.0
    assert fitted.rate(other) < fitted.rate(frozenset({8})) == fitted.mean


def test_strength_follows_how_alike_examples_are():
    """Where a class's examples agree, they are believed; where they do not, hardly."""
    alike = [Example(frozenset({c}), float(c % 2)) for c in range(8) for _ in range(6)]
    mixed = [Example(frozenset({c}), float(k % 2)) for c in range(8) for k in range(6)]
    assert fit(alike, []).strength < fit(mixed, []).strength


def test_clips_come_back(tmp_path):
    clip = SeenClip(
        "wall",
        (Shown("mug.png", "mug", 1.0, 4.0),),
        torch.tensor([1.0]),
        torch.tensor([4.5]),
        torch.tensor([[504, 967]], dtype=torch.int16),
        torch.tensor([[0.75, 0.25]], dtype=torch.float16),
    )
    empty = SeenClip("sky", (), *(torch.zeros(0) for _ in range(4)))
    save_clips([clip, empty], tmp_path / "clips.safetensors")
    back, none = load_clips(tmp_path / "clips.safetensors")
    assert (back.scene, back.shown) == (clip.scene, clip.shown)
    assert torch.equal(back.posteriors(1000)[0, [504, 967]], torch.tensor([0.75, 0.25]))
    assert (none.scene, len(none.start_s)) == ("sky", 0)


def test_not_seen_is_as_sure_as_it_says(sights):
    """On clips of things and scenes that the rates never met."""
    clips = load_clips(TABLES / "not_seen.safetensors")
    there = [one for _, _, one in asked(sights, clips)]
    assert there.count(True) == there.count(False) > 100
    given = denials(sights, clips)
    for low, high in ((0.0, 0.5), (0.5, 0.65), (0.65, 0.7), (0.7, 0.75), (0.75, 1.0)):
        inside = [one for one in given if low <= one.confidence < high]
        if len(inside) < 15:
            continue
        said = sum(one.confidence for one in inside) / len(inside)
        true = sum(one.true for one in inside) / len(inside)
        spread = sqrt(said * (1.0 - said) / len(inside))
        assert true > said - 2.6 * spread, (low, said, true, len(inside))
    error = sum(one.confidence - one.true for one in given) / len(given)
    assert abs(error) < 2.6 * sqrt(0.25 / len(given))
    assert max(one.confidence for one in given) < 0.95
