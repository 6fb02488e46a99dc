"""Label space: phrases to classes, posteriors to keys and back, scores to things."""

import json

import pytest
import torch

from ttm_model.encoders.text import TextEncoder
from ttm_model.errors import WeightsError
from ttm_model.labels.sketch import KEPT_CLASSES, KEY_WIDTH, Sketch, make_phi, sparse
from ttm_model.labels.space import DATA, LabelSpace, class_texts, kinds_matrix, load_space
from ttm_model.labels.things import (
    MAX_THINGS,
    PictureCalibration,
    first_scene,
    load_calibration,
    next_scene,
    things,
)
from ttm_model.labels.words import normalise, with_article


@pytest.fixture(scope="module")
def space():
    return load_space("imagenet")


@pytest.fixture(scope="module")
def data():
    return json.loads((DATA / "imagenet.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def text():
    return TextEncoder()


@pytest.fixture(scope="module")
def calibration():
    return load_calibration()


def named(space, phrase):
    match = space.lexicon.find(phrase)
    return set() if match is None else {space.names[c] for c in match.classes}


# --- words ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phrase", "classes"),
    [
        ("tabby cat", {"tabby cat"}),
        ("the tabbies", {"tabby cat"}),
        ("grey foxes", {"grey fox"}),
        ("a gray fox", {"grey fox"}),
        ("wolves", {"grey wolf", "Alaskan tundra wolf", "red wolf", "coyote"}),
        ("geese", {"goose"}),
        ("lady bug", {"ladybug"}),
        ("my old teapot", {"teapot"}),
        ("two big teapots with a crack", {"teapot"}),
        ("Guitar", {"acoustic guitar", "electric guitar"}),
        ("crane", {"crane bird", "construction crane"}),
        ("cell phone", {"mobile phone"}),
        ("a TV", {"television"}),
        ("slug", {"slug"}),
        ("mouse", {"computer mouse"}),
    ],
)
def test_words_name_classes(space, phrase, classes):
    assert named(space, phrase) == classes


def test_a_kind_names_all_its_classes(space):
    dogs, animals = named(space, "dogs"), named(space, "animal")
    assert len(dogs) == 118
    assert {"Chihuahua", "Dalmatian", "dhole"} & dogs == {"Chihuahua", "Dalmatian"} & dogs
    assert "tabby cat" not in dogs
    assert "hot dog" not in dogs
    assert dogs < animals
    assert "teapot" not in animals
    assert {"banana", "lemon", "Granny Smith apple"} <= named(space, "fruit")
    assert {"fire truck", "airliner", "mountain bike"} <= named(space, "vehicle")


def test_knows(space, text):
    phrases = ["teapot", "dog", "person", "my tax return", "happiness", "quantum mechanics"]
    knows = space.query(phrases, text.encode(phrases)).knows.tolist()
    assert knows[0] == knows[1] == 1.0
    assert max(knows[2:]) < 0.2


def test_query_weights(space, text):
    phrases = ["dog", "pooch", "songbird"]
    query = space.query(phrases, text.encode(phrases))
    assert query.weights.shape == (3, 1000)
    assert query.weights[0].sum() == 118
    assert query.matched == ("dog", None, None)
    for row in query.weights[1:]:
        assert row.max() == 1.0
        assert row.min() >= 0.0
    assert space.names[int(query.weights[1].argmax())] in named(space, "dog")
    with pytest.raises(ValueError, match="embeddings: expected"):
        space.query(["dog"], text.encode(phrases))


def test_articles():
    said = [with_article(n) for n in ("tabby cat", "ostrich", "hourglass", "unicycle", "umbrella")]
    assert said == ["a tabby cat", "an ostrich", "an hourglass", "a unicycle", "an umbrella"]
    assert with_article("sunglasses") == "sunglasses"
    assert with_article("red wine") == "red wine"
    assert normalise("The Doctor's  GREY-haired  dog!") == ("doctor", "gray", "haired", "dog")
    assert normalise("") == ()


# --- data ----------------------------------------------------------------------------------------


def test_data_is_complete_and_licensed(data, space):
    assert len(data["classes"]) == len(space) == 1000
    assert len(set(space.names)) == 1000
    assert not [n for n in space.names if any(mark in n for mark in "(),/")]
    assert all(row["description"] and row["kinds"] for row in data["classes"])
    licences = (DATA / "LICENSES.md").read_text("utf-8")
    assert "WordNet 3.0 Copyright 2006 by Princeton University" in licences
    assert "MIT License" in licences
    assert sum(f.stat().st_size for f in DATA.glob("imagenet*.safetensors")) < 3_000_000


def test_shipped_tensors_are_what_the_data_makes(data, space, text):
    for i in (0, 281, 504, 999):
        expected = text.encode(class_texts(data["classes"][i]))
        torch.testing.assert_close(space._embeddings[i], expected, atol=2e-3, rtol=0)
    remade = make_phi(kinds_matrix(data["groups"], 1000))
    agree = (remade * space.sketch.phi).sum(1).abs()  # singular vectors: up to rounding
    assert agree.mean() > 0.99


def test_a_missing_space_is_named(tmp_path):
    with pytest.raises(WeightsError, match="'imagenet' in"):
        load_space("imagenet", tmp_path)
    with pytest.raises(WeightsError, match="imagenet_calibration"):
        load_calibration(tmp_path)


# --- sketch --------------------------------------------------------------------------------------


def peaked(seed, rows=200, classes=1000):
    """Posteriors as confident pictures have them: a peak, siblings, a diffuse rest."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(rows, classes, generator=generator)
    top = torch.randint(classes, (rows, 6), generator=generator)
    gain = torch.tensor([9.0, 7.0, 6.5, 6.0, 5.5, 5.0]) + torch.rand(rows, 6, generator=generator)
    return logits.scatter(1, top, gain).softmax(-1)


def test_keys_come_back(space):
    posteriors = peaked(3)
    keys = space.key(posteriors)
    assert keys.shape == (200, KEY_WIDTH)
    back = space.decode(keys)
    assert back.min() >= 0
    sure = posteriors.amax(1) > 0.4
    assert sure.sum() > 50
    same = back.argmax(1) == posteriors.argmax(1)
    assert same[sure].float().mean() >= 0.97
    assert (back - sparse(posteriors)).abs().sum(1).mean() < 0.25


def test_decoded_scores_are_the_posteriors_mass(space, text):
    posteriors = peaked(4)
    back = space.decode(space.key(posteriors))
    weights = space.query(["dog", "bird"], torch.zeros(2, 384)).weights
    error = (back @ weights.T - posteriors @ weights.T).abs()
    assert error.mean() < 0.05


def test_a_merged_key_holds_both(space):
    one, two = torch.zeros(2, 1000)
    one[281], two[849] = 0.9, 0.8
    merged = (space.key(one) + space.key(two)) / 2
    assert set(space.decode(merged[None])[0].topk(2).indices.tolist()) == {281, 849}


def test_decode_does_not_depend_on_the_other_rows(space):
    keys = space.key(peaked(5, rows=8))
    together = space.decode(keys)
    for i in range(8):
        torch.testing.assert_close(space.decode(keys[i : i + 1])[0], together[i])


def test_few_classes_are_exact():
    generator = torch.Generator().manual_seed(0)
    for classes in (3, 70, 256):
        sketch = Sketch(make_phi(torch.zeros(0, classes)))
        posteriors = torch.randn(5, classes, generator=generator).softmax(-1)
        weights = torch.rand(4, classes, generator=generator)
        key = sketch.key(posteriors)
        assert key.shape == (5, KEY_WIDTH)
        torch.testing.assert_close(sketch.decode(key), posteriors)
        torch.testing.assert_close(key @ sketch.query_key(weights).T, posteriors @ weights.T)


def test_sparse_keeps_the_largest():
    posteriors = peaked(6, rows=3)
    kept = sparse(posteriors)
    assert (kept > 0).sum(1).tolist() == [KEPT_CLASSES] * 3
    assert torch.equal(kept.amax(1), posteriors.amax(1))


def test_a_space_of_other_classes(text):
    rows = [
        {"name": "dog bark", "synonyms": ["barking", "woof"]},
        {"name": "speech", "synonyms": ["voice", "talking"]},
        {"name": "music"},
    ]
    embeddings = torch.stack([text.encode(class_texts(r)) for r in rows])
    groups = [{"words": ["animal sound"], "ranks": [1], "classes": [0], "hyponyms": 1}]
    small = LabelSpace(rows, embeddings, groups)
    phrases = ["woof", "someone talking", "animal sounds", "a song"]
    query = small.query(phrases, text.encode(phrases))
    assert query.weights.argmax(1).tolist() == [0, 1, 0, 2]
    with pytest.raises(ValueError, match=r"expected \(3, 2, width\)"):
        LabelSpace(rows, embeddings[:2])


# --- things --------------------------------------------------------------------------------------


def scores(*peaks):
    """Whole and cell scores of a picture with a class at some cells: (class, rows, columns)."""
    cells = torch.zeros(7, 9, 1000)
    for index, rows, columns in peaks:
        cells[rows, columns, index] = 24.0
    cells = cells.view(1, 63, 1000)
    return cells.mean(1), cells


def neutral():
    return PictureCalibration(
        torch.zeros(1000), torch.zeros(1000), torch.tensor([0.0, 1.0, 1.0]), torch.zeros(2)
    )


def test_two_things_in_one_picture():
    left, right = slice(0, 5), slice(5, 9)
    found = things(
        *scores((10, slice(0, 7), left), (20, slice(0, 7), right)), first_scene(1000), neutral()
    )
    assert found.posteriors.shape == (1, MAX_THINGS, 1000)
    classes = found.posteriors[0, found.mask[0]].argmax(-1).tolist()
    assert {10, 20} <= set(classes)
    assert (found.salience[~found.mask] == 0).all()
    assert (found.posteriors[~found.mask] == 0).all()


def test_the_scene_is_taken_off_and_is_a_value():
    calibration, scene = neutral(), first_scene(1000)
    whole, cells = scores((10, slice(0, 7), slice(0, 9)))
    at_first = things(whole, cells, scene, calibration)
    kept = scene.clone()
    later = scene
    for _ in range(200):
        later = next_scene(later, whole[0], calibration)
    assert torch.equal(scene, kept)
    used_to = things(whole, cells, later, calibration)
    assert at_first.posteriors[0, 0, 10] > 0.9
    assert used_to.posteriors[0, 0, 10] < 0.2
    assert used_to.salience[0, 0] < at_first.salience[0, 0]


def test_rows_do_not_depend_on_each_other(calibration):
    generator = torch.Generator().manual_seed(1)
    cells = torch.randn(5, 63, 1000, generator=generator) * 3
    whole = cells.mean(1)
    scene = torch.randn(5, 1000, generator=generator)
    together = things(whole, cells, scene, calibration)
    for i in range(5):
        alone = things(whole[i : i + 1], cells[i : i + 1], scene[i], calibration)
        assert torch.equal(alone.posteriors[0], together.posteriors[i])
        assert torch.equal(alone.salience[0], together.salience[i])
        assert torch.equal(alone.mask[0], together.mask[i])


def test_probability_grows_with_the_score(calibration):
    p = calibration.probability(torch.linspace(0, 1, 50))
    assert (p.diff() >= 0).all()
    assert 0 <= float(p[0]) < 0.3
    assert 0.7 < float(p[-1]) <= 1
