"""Label space: phrases to classes, features to things, their keys, and back."""

import json

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from ttm_model.encoders.efficientnet_lite import FEATURES
from ttm_model.encoders.picture import PictureEncoder
from ttm_model.encoders.text import TextEncoder
from ttm_model.errors import WeightsError
from ttm_model.labels.class_keys import ClassKeys
from ttm_model.labels.grid import EVERYWHERE, WHOLE, WINDOWS
from ttm_model.labels.picture_keys import (
    KEY_WIDTH,
    SHARPNESS,
    first_scene,
    load_picture_keys,
    next_scene,
)
from ttm_model.labels.plain import DATA
from ttm_model.labels.space import LabelSpace, class_texts, load_space
from ttm_model.labels.things import MAX_THINGS, Looking, load_calibration
from ttm_model.labels.words import normalise, with_article
from ttm_model.nibbles import pack, unpack

skdata = pytest.importorskip("skimage.data", reason="scikit-image holds the test photographs")


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


@pytest.fixture(scope="module")
def picture_keys():
    return load_picture_keys()


@pytest.fixture(scope="module")
def encoder():
    return PictureEncoder("cpu")


@pytest.fixture(scope="module")
def classifier(encoder):
    return encoder.classifier


@pytest.fixture(scope="module")
def photographs(encoder):
    """Cells of a cat, of a coffee and of a rocket, and which is tall."""
    taken = [skdata.chelsea(), skdata.coffee(), np.rot90(skdata.rocket()).copy()]
    features = encoder.encode(taken)
    return list(zip(features.cells, features.tall, strict=True))


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


def test_a_missing_space_is_named(tmp_path):
    with pytest.raises(WeightsError, match="'imagenet' in"):
        load_space("imagenet", tmp_path)
    with pytest.raises(WeightsError, match="imagenet_calibration"):
        load_calibration(tmp_path)
    with pytest.raises(WeightsError, match="picture_keys"):
        load_picture_keys(tmp_path)


# --- keys ----------------------------------------------------------------------------------------


def test_the_directions_are_the_classifiers_own(picture_keys, classifier):
    """Orthonormal up to how they are stored, and what of the weights they leave out is small."""
    to_key = picture_keys.directions
    torch.testing.assert_close(to_key.T @ to_key, torch.eye(KEY_WIDTH), atol=2e-3, rtol=0)
    weight = classifier.weight - classifier.weight.mean(dim=0)
    sizes = torch.linalg.svdvals(weight).square()
    kept = (weight @ to_key).square().sum()
    assert float(kept) == pytest.approx(float(sizes[:KEY_WIDTH].sum()), rel=1e-3)


def test_a_key_of_a_clear_picture_names_what_it_shows(space, picture_keys, photographs):
    keys = torch.stack([picture_keys.key_of(cells, tall, WHOLE) for cells, tall in photographs])
    best = picture_keys.decode(keys).topk(3).indices
    named = [{space.names[c] for c in row} for row in best.tolist()]
    assert "Egyptian Mau" in named[0]
    assert "espresso" in named[1]


def test_a_nudge_keeps_the_likeness_and_gives_the_name_back(picture_keys, classifier, photographs):
    """Classes that the directions alone confuse are told apart; hardly anything turns."""
    names, cosines = {"plain": 0, "nudged": 0}, []
    for cells, _ in photographs:
        beyond = picture_keys.beyond(cells, first_scene())
        features = torch.stack(
            [picture_keys.shown(beyond, within)[0] for within in (EVERYWHERE, *WINDOWS)]
        )
        plain, nudged = picture_keys.key(features), picture_keys.named(features, classifier)
        cosines.append(torch.cosine_similarity(plain, nudged))
        own = classifier.scores(features) - classifier.bias
        best = (own * SHARPNESS + picture_keys.offset).argmax(dim=1)
        for way, keys in (("plain", plain), ("nudged", nudged)):
            names[way] += int((picture_keys.decode(keys).argmax(dim=1) == best).sum())
    assert float(torch.cat(cosines).min()) > 0.97
    assert names["nudged"] > names["plain"]


def test_a_key_holds_four_bits_without_loss_of_its_name(picture_keys, photographs):
    keys = torch.stack([picture_keys.key_of(cells, tall, WHOLE) for cells, tall in photographs])
    back = unpack(*pack(keys))
    assert torch.equal(*(picture_keys.decode(k).argmax(dim=1) for k in (keys, back)))
    assert (torch.cosine_similarity(keys, back) > 0.97).all()


def test_merged_keys_are_like_both(picture_keys, photographs):
    cat, coffee, rocket = (picture_keys.key_of(cells, t, WHOLE) for cells, t in photographs)
    merged = F.normalize(cat, dim=0) + F.normalize(coffee, dim=0)
    likes = [float(picture_keys.likeness(merged[None], one[None])) for one in (cat, coffee, rocket)]
    assert min(likes[:2]) > 0.6
    assert likes[2] < 0.2


def test_nothing_is_in_a_key_of_zeros(picture_keys):
    assert not picture_keys.decode(torch.zeros(3, KEY_WIDTH)).any()


def test_decode_does_not_depend_on_the_other_rows(picture_keys):
    keys = torch.randn(8, KEY_WIDTH, generator=torch.Generator().manual_seed(5)) / 16
    together = picture_keys.decode(keys)
    assert float(together.min()) >= 0.0
    assert (together.sum(dim=1) < 1.0).all()
    for i in range(8):
        torch.testing.assert_close(picture_keys.decode(keys[i : i + 1])[0], together[i])


def test_likeness_is_of_direction_and_grows_with_examples(picture_keys):
    generator = torch.Generator().manual_seed(2)
    thing, other = torch.randn(2, KEY_WIDTH, generator=generator)
    examples = thing + torch.randn(8, KEY_WIDTH, generator=generator)
    key = (thing + torch.randn(KEY_WIDTH, generator=generator))[None]
    one, eight = (float(picture_keys.likeness(key, examples[:n])) for n in (1, 8))
    assert one < eight
    assert float(picture_keys.likeness(other[None], examples)) < 0.05
    torch.testing.assert_close(
        picture_keys.likeness(key, examples), picture_keys.likeness(9 * key, examples / 3)
    )
    assert not picture_keys.likeness(key, examples[:0]).any()


def test_keys_of_few_classes_are_exact_and_alike_by_class():
    generator = torch.Generator().manual_seed(0)
    for classes in (3, 70, 256):
        keys = ClassKeys(classes)
        posteriors = torch.randn(5, classes, generator=generator).softmax(-1)
        key = keys.key(posteriors)
        assert key.shape == (5, KEY_WIDTH)
        torch.testing.assert_close(keys.decode(key), posteriors)
        single = keys.key(torch.eye(classes)[:3])
        assert (keys.likeness(single, single[:1]) > 0.9).tolist() == [True, False, False]
    with pytest.raises(ValueError, match="257"):
        ClassKeys(257)


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


def shown(*things):
    """Cells (63, 1280) of a picture that shows a class in some (rows, columns), else the usual."""

    def made(keys, classifier):
        cells = keys.usual.expand(7, 9, FEATURES).clone()
        for cls, rows, columns in things:
            row = classifier.weight[cls] - classifier.weight.mean(dim=0)
            cells[rows, columns] += 40.0 * row / row.norm()
        return cells.flatten(0, 1)

    return made


ALL_ROWS = slice(0, 7)


@pytest.fixture(scope="module")
def looking(classifier, picture_keys, calibration):
    return Looking(classifier, picture_keys, calibration)


def test_two_things_in_one_picture_and_where_they_are(looking):
    cells = shown((10, ALL_ROWS, slice(0, 4)), (700, ALL_ROWS, slice(5, 9)))
    cells = cells(looking.keys, looking.classifier)
    for tall in (False, True):
        sights = looking.things(cells, tall, first_scene())
        assert 2 <= len(sights) <= MAX_THINGS
        found = looking.keys.decode(torch.stack([s.key for s in sights])).argmax(dim=1).tolist()
        assert {10, 700} <= set(found)
        start, end = (1, 3) if tall else (0, 2)  # a tall picture's long side goes down
        left, right = (sights[found.index(cls)].box for cls in (10, 700))
        assert left[end] <= 4 / 9 + 1e-6
        assert right[start] >= 5 / 9 - 1e-6
        assert all(0.0 <= s.salience <= 1.0 for s in sights)


def test_the_scene_is_taken_off_and_is_a_value(looking):
    cells = shown((10, ALL_ROWS, slice(0, 9)))(looking.keys, looking.classifier)
    at_first = looking.things(cells, False, first_scene())[0]
    scene = later = first_scene()
    for _ in range(200):
        later = next_scene(later, cells, looking.keys)
    assert not scene.any()
    used_to = looking.things(cells, False, later)[0]
    assert float(looking.keys.decode(at_first.key[None])[0, 10]) > 0.9
    assert float(looking.keys.decode(used_to.key[None])[0, 10]) < 0.2
    assert used_to.salience < at_first.salience


def test_the_box_is_around_the_thing_and_not_the_window(looking):
    cells = shown((10, slice(2, 4), slice(6, 8)))(looking.keys, looking.classifier)
    sight = looking.things(cells, False, first_scene())[0]
    assert sight.box == pytest.approx((6 / 9, 2 / 7, 8 / 9, 4 / 7))
    turned = looking.things(cells, True, first_scene())[0]
    assert turned.box == pytest.approx((2 / 7, 6 / 9, 4 / 7, 8 / 9))
    assert torch.equal(turned.key, sight.key)


def test_a_boxs_key_is_of_what_lies_in_it(looking):
    both = shown((10, ALL_ROWS, slice(0, 4)), (700, ALL_ROWS, slice(5, 9)))
    both = both(looking.keys, looking.classifier)
    halves = [((0.0, 0.0, 0.5, 1.0), 10), ((0.5, 0.0, 1.0, 1.0), 700)]
    for box, cls in halves:
        key = looking.keys.key_of(both, False, box)
        assert int(looking.keys.decode(key[None]).argmax()) == cls
    # Less than half of any cell: the one that is covered most.
    key = looking.keys.key_of(both, False, (0.01, 0.01, 0.05, 0.05), first_scene())
    assert int(looking.keys.decode(key[None]).argmax()) == 10


def test_a_picture_of_nothing_has_a_key_and_a_place(looking):
    plain = looking.keys.usual.expand(63, FEATURES)
    (sight, *_) = looking.things(plain, False, first_scene())
    assert sight.box == WHOLE
    assert float(sight.key.norm()) < 1e-6
