"""The picture network against known pictures, the published arithmetic and itself in batches."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from ttm_model.encoders import efficientnet_lite, weights
from ttm_model.encoders.efficientnet_onnx import GRAPH, OnnxFeatures
from ttm_model.encoders.picture import CELLS, PictureEncoder, fit
from ttm_model.errors import WeightsError
from ttm_model.labels.space import load_space

skdata = pytest.importorskip("skimage.data", reason="scikit-image holds the test photographs")


@pytest.fixture(scope="module")
def encoder():
    return PictureEncoder("cpu")


@pytest.fixture(scope="module")
def photographs():
    return [skdata.chelsea(), skdata.coffee(), np.rot90(skdata.rocket()).copy()]


@pytest.fixture(scope="module")
def state():
    path = weights.verified_path(weights.EFFICIENTNET_LITE0)
    return torch.load(path, map_location="cpu", weights_only=True)


def test_names_a_cat_and_a_coffee(encoder, photographs):
    names = load_space("imagenet").names
    whole = encoder.classifier.scores(encoder.encode(photographs).cells.mean(1))
    best = [[names[i] for i in row.topk(3).indices] for row in whole]
    assert "Egyptian Mau" in best[0]
    assert "espresso" in best[1]


def test_a_picture_alone_equals_itself_among_others(encoder, photographs):
    alone = [encoder.encode([p]) for p in photographs]
    among = encoder.encode([photographs[2], photographs[0], photographs[1], photographs[0]])
    for place, k in enumerate((2, 0, 1, 0)):
        assert torch.equal(among.cells[place], alone[k].cells[0])
        assert among.tall[place] == alone[k].tall[0] == (k == 2)


def test_result_does_not_depend_on_the_thread_count(encoder, photographs):
    before = torch.get_num_threads()
    results = []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            results.append(encoder.encode(photographs[:1]))
    finally:
        torch.set_num_threads(before)
    assert torch.equal(results[0].cells, results[1].cells)


def test_folded_network_equals_the_unfolded_arithmetic(encoder, photographs, state):
    """The same state dict, run layer by layer with its batch normalisations where they were."""

    def layer(x, conv, norm, stride, relu6):
        weight = state[f"{conv}.weight"]
        kernel = weight.shape[2]
        size = -(-x.shape[-1] // stride)
        around = max((size - 1) * stride + kernel - x.shape[-1], 0)
        pad = (around // 2, around - around // 2)
        groups = weight.shape[0] if weight.shape[1] == 1 else 1
        x = F.conv2d(F.pad(x, pad * 2), weight, None, stride, 0, 1, groups)
        mean, var, gain, shift = (
            state[f"{norm}.{p}"] for p in ("running_mean", "running_var", "weight", "bias")
        )
        x = F.batch_norm(x, mean, var, gain, shift, eps=1e-3)
        return F.relu6(x) if relu6 else x

    x = (torch.from_numpy(fit(photographs[0]).copy()).float() - 127) / 128
    x = layer(x.permute(2, 0, 1)[None], "_conv_stem", "_bn0", 2, True)
    strides = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1]
    for i, stride in enumerate(strides):
        at, y = f"_blocks.{i}", x
        if f"{at}._expand_conv.weight" in state:
            y = layer(y, f"{at}._expand_conv", f"{at}._bn0", 1, True)
        y = layer(y, f"{at}._depthwise_conv", f"{at}._bn1", stride, True)
        y = layer(y, f"{at}._project_conv", f"{at}._bn2", 1, False)
        x = x + y if x.shape == y.shape else y
    x = layer(x, "_conv_head", "_bn1", 1, True)
    got = encoder.encode(photographs[:1]).cells[0]  # (63, 1280)
    torch.testing.assert_close(got, x[0].flatten(1).T, atol=1e-3, rtol=0)
    expected = F.linear(x.mean((2, 3)), state["_fc.weight"], state["_fc.bias"])[0]
    torch.testing.assert_close(encoder.classifier.scores(got).mean(0), expected, atol=1e-3, rtol=0)


def test_the_graph_computes_what_the_network_does(encoder, photographs, state):
    """ONNX Runtime against torch, the same weights, both ways up."""
    network = efficientnet_lite.EfficientNetLite0(state)
    for picture in photographs:
        x = (torch.from_numpy(fit(picture).copy())[None].float() - 127) / 128
        with torch.no_grad():
            expected = network(x.permute(0, 3, 1, 2))[0]
        got = encoder.encode([picture])
        grid = got.cells[0].view(7, 9, -1)
        shaped = grid.transpose(0, 1) if got.tall[0] else grid
        torch.testing.assert_close(shaped, expected, atol=1e-4, rtol=0)


def test_a_graph_that_does_not_fit_the_network_is_refused(state, tmp_path):
    network = efficientnet_lite.EfficientNetLite0(state)
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(GRAPH.read_bytes()[:-200])
    for graph in (broken, tmp_path / "none.onnx"):
        with pytest.raises(WeightsError, match=graph.name):
            OnnxFeatures(network, graph)


def test_cells_tell_where_a_thing_is(encoder, photographs):
    """A cat pasted on the left half of a grey picture is known by the left cells."""
    picture = np.full((224, 576, 3), 127, np.uint8)
    picture[:, :288] = fit(photographs[0])
    space = load_space("imagenet")
    cat = space.query(["cat"], torch.zeros(1, 384)).weights[0]
    for view in (picture, picture.transpose(1, 0, 2).copy()):
        scores = encoder.classifier.scores(encoder.encode([view]).cells[0])
        cells = scores.softmax(-1) @ cat  # (63,)
        grid = cells.view(7, 9)  # the long side is always last
        assert grid[:, :4].mean() > 3 * grid[:, 5:].mean()


def test_shapes_and_no_pictures(encoder):
    none = encoder.encode([])
    assert none.cells.shape == (0, CELLS, 1280)
    assert none.tall == ()


def test_fit_keeps_the_whole_picture_and_refuses_other_arrays():
    wide = np.zeros((50, 300, 3), np.uint8)
    wide[:, :30] = 255
    fitted = fit(wide)
    assert fitted.shape == (224, 288, 3)
    assert fitted.dtype == np.uint8
    assert fitted[:, :26].min() > 250
    assert fitted[:, 32:].max() < 5
    assert fit(fitted) is fitted
    assert np.array_equal(fit(wide.transpose(1, 0, 2).copy()), fitted.transpose(1, 0, 2))
    for wrong in (wide[..., 0], wide.astype(np.float32), wide[:, :, :2], wide[:0]):
        with pytest.raises(ValueError, match="picture: expected"):
            fit(wrong)


def test_a_state_dict_that_differs_is_refused(state):
    with pytest.raises(WeightsError, match=r"unexpected.*surplus"):
        efficientnet_lite.EfficientNetLite0({**state, "surplus": torch.zeros(1)})
    with pytest.raises(WeightsError, match=r"lacks '_bn1\.bias'"):
        efficientnet_lite.EfficientNetLite0({k: v for k, v in state.items() if k != "_bn1.bias"})
    with pytest.raises(WeightsError, match=r"'_fc\.bias' has shape \(10,\), expected \(1000,\)"):
        efficientnet_lite.EfficientNetLite0({**state, "_fc.bias": torch.zeros(10)})


def test_a_changed_weight_file_is_refused(tmp_path):
    source = weights.EFFICIENTNET_LITE0.locate()
    data = bytearray(source.read_bytes())
    data[-1000] ^= 1
    changed = tmp_path / "changed.pth"
    changed.write_bytes(data)
    pinned = replace(weights.EFFICIENTNET_LITE0, locate=lambda: changed)
    with pytest.raises(WeightsError) as caught:
        PictureEncoder("cpu", pinned)
    assert str(changed) in str(caught.value)
    assert pinned.sha256 in str(caught.value)
    missing = replace(pinned, locate=lambda: tmp_path / "none.pth")
    with pytest.raises(WeightsError, match=r"cannot read .*none\.pth"):
        weights.verified_path(missing)


def test_a_missing_package_is_named():
    with pytest.raises(WeightsError, match="no_such_package_here"):
        weights.in_package("no_such_package_here", "model.bin")()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_agrees_with_the_cpu_and_with_itself_in_batches(encoder, photographs):
    cuda = PictureEncoder("cuda")
    many = [photographs[i % 3] for i in range(19)]
    alone, among = cuda.encode(photographs[:1]), cuda.encode(many)
    for place in range(0, 19, 3):
        assert torch.equal(among.cells[place], alone.cells[0])
    expected = encoder.encode(photographs[:1]).cells
    torch.testing.assert_close(alone.cells.cpu(), expected, atol=0.05, rtol=0)
