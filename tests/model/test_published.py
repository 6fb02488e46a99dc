"""Published units of other sizes than the reference vectors have, against arithmetic in numpy.

The arithmetic here is written from the description in `reference/README.md`'s source, in float64,
and is first held against the reference vectors itself.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from ttm_lab import parity
from ttm_lab.published.flax_params import config_of, load_arrays, load_unit

FILES = sorted((Path(__file__).parent / "reference").glob("*.npz"))
PREFIX = "params/unit_function/"
# What the published code says where nobody asks otherwise; the last four it always uses.
PUBLISHED = {
    "process_size": 8,
    "memory_size": 64,
    "memory_mode": "TL",
    "processing_unit": "transformer",
    "num_layers": 1,
    "mlp_dim": 512,
    "num_heads": 12,
    "use_positional_embedding": False,
    "mha_read_write_heads": 8,
    "adderase_tokens": 8,
    "bottleneck": 64,
    "mixer_sequence_mlp_dim": 128,
}


# --- the arithmetic -------------------------------------------------------------------------------


class Arithmetic:
    """A published unit's step from Flax leaves: memory (B, m, D), inputs (B, n, D)."""

    def __init__(self, config, leaves):
        self.c, self.p = config, {k: v.astype(np.float64) for k, v in leaves.items()}

    def step(self, memory, inputs):
        c = self.c
        x = self.placed("read_pos_embed", np.concatenate([memory, inputs], axis=1))
        output = self.process(self.learned(0, x))
        if c["memory_mode"] == "TL-AddErase":
            return self.add_erase(memory, output), output
        x = np.concatenate([memory, inputs, output], axis=1)
        return self.learned(1, self.placed("write_pos_embed", x)), output

    def placed(self, name, x):
        return x + self.p[f"{name}/pos_embedding"] if self.c["use_positional_embedding"] else x

    def learned(self, index, x):
        if self.c["memory_mode"] == "TL-MHA":
            name = f"TokenLearnerMHA_{index}"
            queries = np.repeat(self.p[f"{name}/tokens"], len(x), axis=0)
            return self.attend(f"{name}/attn", queries, x)
        name = f"TokenLearnerModuleV11_{index}"
        scores = self.mlp(f"{name}/token_masking", self.norm(f"{name}/LayerNorm_0", x))
        return softmax(scores.swapaxes(1, 2)) @ x

    def process(self, x):
        layers, kind = range(self.c["num_layers"]), self.c["processing_unit"]
        if kind == "transformer":
            x = x + self.p["Encoder_0/posembed_input/pos_embedding"]
            for i in layers:
                name = f"Encoder_0/encoderblock_{i}"
                y = self.norm(f"{name}/LayerNorm_0", x)
                x = x + self.attend(f"{name}/MultiHeadDotProductAttention_0", y, y)
                x = x + self.mlp(f"{name}/MlpBlock_0", self.norm(f"{name}/LayerNorm_1", x))
            return self.norm("Encoder_0/encoder_norm", x)
        if kind == "mixer":
            for i in layers:
                name = f"MixerBlock_{i}"
                y = self.norm(f"{name}/LayerNorm_0", x).swapaxes(1, 2)
                x = x + self.mlp(f"{name}/token_mixing", y).swapaxes(1, 2)
                x = x + self.mlp(f"{name}/channel_mixing", self.norm(f"{name}/LayerNorm_1", x))
            return self.norm("LayerNorm_0", x)
        for i in layers:
            x = self.mlp(f"MlpBlock_{i}", self.norm(f"LayerNorm_{i}", x))
        return self.norm(f"LayerNorm_{self.c['num_layers']}", x)

    def add_erase(self, memory, output):
        name = "TokenAddEraseWrite_0"
        looked = self.mlp(f"{name}/MlpBlock_0", self.norm(f"{name}/LayerNorm_0", memory))
        s = softmax(looked.swapaxes(1, 2))[..., None]  # (B, j, m, 1)
        e, a = (
            self.mlp(
                f"{name}/MlpBlock_{first + 1}",
                self.mlp(
                    f"{name}/MlpBlock_{first}",
                    self.norm(f"{name}/LayerNorm_{norm}", output).swapaxes(1, 2),
                ).swapaxes(1, 2),
            )[:, :, None]  # (B, j, 1, D)
            for norm, first in ((1, 1), (2, 3))
        )
        return memory * (1 - s * e).prod(axis=1) + (1 - s * a).mean(axis=1)

    def norm(self, name, x):
        deviation = x - x.mean(axis=-1, keepdims=True)
        scaled = deviation / np.sqrt((deviation**2).mean(axis=-1, keepdims=True) + 1e-6)
        return scaled * self.p[f"{name}/scale"] + self.p[f"{name}/bias"]

    def dense(self, name, x):
        return x @ self.p[f"{name}/kernel"] + self.p[f"{name}/bias"]

    def mlp(self, name, x):
        x = self.dense(f"{name}/Dense_0", x)
        x = x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))) / 2
        return self.dense(f"{name}/Dense_1", x)

    def attend(self, name, queries, context):
        def projected(part, x):
            kernel, bias = self.p[f"{name}/{part}/kernel"], self.p[f"{name}/{part}/bias"]
            return np.einsum("bnd,dhk->bhnk", x, kernel) + bias[:, None]

        q, k, v = (
            projected("query", queries),
            projected("key", context),
            projected("value", context),
        )
        mixed = softmax(q @ k.swapaxes(2, 3) / np.sqrt(q.shape[-1])) @ v
        out = np.einsum("bhnk,hkd->bnd", mixed, self.p[f"{name}/out/kernel"])
        return out + self.p[f"{name}/out/bias"]


def softmax(scores):
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


# --- files of any size ----------------------------------------------------------------------------


def shapes_of(c):
    """Name and shape of every leaf of a unit; the published code's, written out."""
    d, r, m, n = c["dim"], c["process_size"], c["memory_size"], c["tokens"]
    shapes = {}

    def norm(name):
        shapes[f"{name}/scale"] = shapes[f"{name}/bias"] = (d,)

    def mlp(name, inside, hidden, outside):
        for layer, (a, b) in enumerate(((inside, hidden), (hidden, outside))):
            shapes[f"{name}/Dense_{layer}/kernel"] = (a, b)
            shapes[f"{name}/Dense_{layer}/bias"] = (b,)

    def attention(name, heads):
        for part in ("query", "key", "value"):
            shapes[f"{name}/{part}/kernel"] = (d, heads, d // heads)
            shapes[f"{name}/{part}/bias"] = (heads, d // heads)
        shapes[f"{name}/out/kernel"], shapes[f"{name}/out/bias"] = (heads, d // heads, d), (d,)

    def learner(index, tokens):
        if c["memory_mode"] == "TL-MHA":
            shapes[f"TokenLearnerMHA_{index}/tokens"] = (1, tokens, d)
            attention(f"TokenLearnerMHA_{index}/attn", c["mha_read_write_heads"])
        else:
            norm(f"TokenLearnerModuleV11_{index}/LayerNorm_0")
            mlp(f"TokenLearnerModuleV11_{index}/token_masking", d, c["bottleneck"], tokens)

    learner(0, r)
    if c["memory_mode"] == "TL-AddErase":
        j, hidden = c["adderase_tokens"], c["bottleneck"]
        for i in range(3):
            norm(f"TokenAddEraseWrite_0/LayerNorm_{i}")
        for i, (a, b) in enumerate(((d, j), (r, j), (d, d), (r, j), (d, d))):
            mlp(f"TokenAddEraseWrite_0/MlpBlock_{i}", a, hidden, b)
    else:
        learner(1, m)
    for i in range(c["num_layers"]):
        if c["processing_unit"] == "transformer":
            block = f"Encoder_0/encoderblock_{i}"
            attention(f"{block}/MultiHeadDotProductAttention_0", c["num_heads"])
            mlp(f"{block}/MlpBlock_0", d, c["mlp_dim"], d)
        elif c["processing_unit"] == "mixer":
            block = f"MixerBlock_{i}"
            mlp(f"{block}/token_mixing", r, c["mixer_sequence_mlp_dim"], r)
            mlp(f"{block}/channel_mixing", d, c["mlp_dim"], d)
        else:
            norm(f"LayerNorm_{i}")
            mlp(f"MlpBlock_{i}", d, c["mlp_dim"], d)
            continue
        norm(f"{block}/LayerNorm_0")
        norm(f"{block}/LayerNorm_1")
    if c["processing_unit"] == "transformer":
        shapes["Encoder_0/posembed_input/pos_embedding"] = (1, r, d)
        norm("Encoder_0/encoder_norm")
    else:
        norm("LayerNorm_0" if c["processing_unit"] == "mixer" else f"LayerNorm_{c['num_layers']}")
    if c["use_positional_embedding"]:
        shapes["read_pos_embed/pos_embedding"] = (1, m + n, d)
        shapes["write_pos_embed/pos_embedding"] = (1, m + n + r, d)
    return shapes


def write_file(path, given, leaves, steps=3):
    """A file of reference vectors whose config says `given`, computed with all the sizes."""
    sizes = PUBLISHED | given
    generator = np.random.default_rng(7)
    inputs = generator.normal(size=(2, steps, sizes["tokens"], sizes["dim"]))
    unit = Arithmetic(sizes, leaves)
    memory = np.zeros((2, sizes["memory_size"], sizes["dim"]))
    outputs, memories = [], []
    inputs = inputs.astype(np.float32)
    for t in range(steps):
        memory, output = unit.step(memory, inputs[:, t])
        outputs.append(output)
        memories.append(memory)
    np.savez(
        path,
        config_json=np.frombuffer(json.dumps(given).encode(), np.uint8),
        inputs=inputs,
        outputs=np.stack(outputs, 1),
        memory_per_step=np.stack(memories, 1),
        **{PREFIX + name: value for name, value in leaves.items()},
    )
    return path


def random_leaves(sizes):
    generator = np.random.default_rng(3)
    return {
        name: (
            generator.normal(size=shape, scale=0.4 * shape[0] ** -0.5 if len(shape) > 1 else 0.1)
            + (1.0 if name.endswith("scale") else 0.0)
        ).astype(np.float32)
        for name, shape in shapes_of(sizes).items()
    }


def agrees(path):
    results = parity.compare(path)
    assert results.keys() >= {"outputs", "memory_per_step"}
    return all(within for _, within in results.values())


SMALL = {"dim": 48, "tokens": 5, "process_size": 3, "memory_size": 7, "num_layers": 2}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_arithmetic_of_this_file_agrees_with_the_reference_vectors(path):
    arrays = load_arrays(path)
    config = json.loads(bytes(arrays["config_json"]).decode())
    leaves = {k.removeprefix(PREFIX): v for k, v in arrays.items() if k.startswith(PREFIX)}
    unused = {"write_pos_embed/pos_embedding"} if config["memory_mode"] == "TL-AddErase" else set()
    shapes = {name: shape for name, shape in shapes_of(config).items() if name not in unused}
    assert {k: v.shape for k, v in leaves.items() if k not in unused} == shapes
    unit = Arithmetic(config, leaves)
    memory = np.zeros_like(arrays["memory_final"], np.float64)
    for t in range(arrays["inputs"].shape[1]):
        memory, output = unit.step(memory, arrays["inputs"][:, t])
        np.testing.assert_allclose(output, arrays["outputs"][:, t], rtol=2e-5, atol=2e-5)
    np.testing.assert_allclose(memory, arrays["memory_final"], rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("hidden", [16, 64, 512])
@pytest.mark.parametrize("processor", ["transformer", "mixer", "mlp"])
def test_every_processor_takes_its_hidden_size_from_the_file(tmp_path, processor, hidden):
    given = SMALL | {"processing_unit": processor, "mlp_dim": hidden, "num_heads": 4}
    path = tmp_path / "unit.npz"
    assert agrees(write_file(path, given, random_leaves(PUBLISHED | given)))


@pytest.mark.parametrize("mode", ["TL", "TL-MHA", "TL-AddErase"])
@pytest.mark.parametrize("processor", ["transformer", "mixer", "mlp"])
def test_sizes_that_a_file_does_not_name_are_the_published_ones(tmp_path, mode, processor):
    given = SMALL | {"memory_mode": mode, "processing_unit": processor}
    assert agrees(write_file(tmp_path / "unit.npz", given, random_leaves(PUBLISHED | given)))


def test_a_file_that_names_only_what_has_no_default_loads(tmp_path):
    given = {"dim": 48, "tokens": 5}
    assert agrees(write_file(tmp_path / "unit.npz", given, random_leaves(PUBLISHED | given)))


@pytest.mark.parametrize(
    ("mode", "size"),
    [
        ("TL", {"bottleneck": 32}),
        ("TL-MHA", {"mha_read_write_heads": 4}),
        ("TL-AddErase", {"adderase_tokens": 5, "bottleneck": 24}),
    ],
)
def test_sizes_that_a_file_names_are_taken_from_it(tmp_path, mode, size):
    given = SMALL | {"memory_mode": mode, "use_positional_embedding": True} | size
    given |= {"processing_unit": "mixer", "mixer_sequence_mlp_dim": 40}
    assert agrees(write_file(tmp_path / "unit.npz", given, random_leaves(PUBLISHED | given)))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_reference_file_without_the_published_constants_gives_the_same_unit(path):
    arrays = load_arrays(path)
    config = json.loads(bytes(arrays["config_json"]).decode())
    constants = ("mha_read_write_heads", "adderase_tokens", "bottleneck", "mixer_sequence_mlp_dim")
    shorter = {name: value for name, value in config.items() if name not in constants}
    without = arrays | {"config_json": np.frombuffer(json.dumps(shorter).encode(), np.uint8)}
    assert config_of(without) == config_of(arrays)


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"dim": 32}, "config_json: tokens missing"),
        ({"tokens": 7}, "config_json: dim missing"),
        ({"dim": 32, "tokens": 7, "mlp_dim": 0}, "mlp_dim is 0, must be a whole number"),
        ({"dim": 32, "tokens": 7, "mlp_dim": "64"}, "mlp_dim is '64', must be a whole number"),
        ({"dim": 32, "tokens": 7, "memory_mode": "TL-New"}, "memory_mode is 'TL-New', not one of"),
        ({"dim": 32, "tokens": 7, "processing_unit": "rnn"}, "processing_unit is 'rnn', not one"),
    ],
)
def test_a_config_that_cannot_be_is_refused_by_name(config, told):
    with pytest.raises(ValueError, match=told):
        config_of({"config_json": np.frombuffer(json.dumps(config).encode(), np.uint8)})


@pytest.mark.parametrize("name", ["mha_read_write_heads", "num_heads"])
def test_another_number_of_heads_than_the_parameters_have_is_refused(name):
    """The numbers would fit; the heads would be mixed up."""
    arrays = load_arrays(next(path for path in FILES if path.stem == "tl-mha_transformer"))
    config = json.loads(bytes(arrays["config_json"]).decode()) | {name: 2}
    arrays["config_json"] = np.frombuffer(json.dumps(config).encode(), np.uint8)
    with pytest.raises(ValueError, match=r"query/kernel: \d heads, the unit has 2"):
        load_unit(arrays)
