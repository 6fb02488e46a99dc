"""The text encoder against the sentence-transformers arithmetic and itself."""

import subprocess
import sys
from dataclasses import replace

import pytest
import torch

from ttm_model.encoders import weights
from ttm_model.encoders.text import CACHE_PHRASES, TextEncoder
from ttm_model.errors import WeightsError


@pytest.fixture(scope="module")
def encoder():
    return TextEncoder()


def test_likeness(encoder):
    dog, puppy, car = encoder.encode(["a dog", "a puppy", "a sports car"])
    assert dog @ puppy > 0.6 > dog @ car


def test_unit_length_order_and_no_phrases(encoder):
    phrases = ["a dog", "", "naïve café", "x" * 5000]
    vectors = encoder.encode(phrases)
    assert vectors.shape == (4, 384)
    assert vectors.dtype == torch.float32
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(4))
    assert torch.equal(encoder.encode(phrases[::-1]), vectors.flip(0))
    assert encoder.encode([]).shape == (0, 384)


def test_a_fresh_encoder_gives_the_same_bits(encoder):
    assert torch.equal(TextEncoder().encode(["red fox"]), encoder.encode(["cat", "red fox"])[1:])


def test_cache_is_bounded_and_its_vectors_are_not_shared(encoder):
    first = encoder.encode(["a cache test"])
    first.zero_()
    assert encoder.encode(["a cache test"]).norm() > 0.9
    assert encoder._cached.cache_info().maxsize == CACHE_PHRASES


def test_vectors_can_be_trained_on(encoder):
    head = torch.zeros(384, requires_grad=True)
    (encoder.encode(["a dog"]) @ head).sum().backward()
    assert head.grad is not None
    assert head.grad.norm() > 0.9


def test_agrees_with_sentence_transformers(encoder):
    """The library that the weights were published for."""
    library = pytest.importorskip("sentence_transformers")
    model = library.SentenceTransformer(str(weights.MINILM_L6_V2.locate().parent), device="cpu")
    phrases = ["a dog", "a photo of a red fox, a kind of canine", "naïve café!"]
    expected = torch.from_numpy(model.encode(phrases, normalize_embeddings=True))
    torch.testing.assert_close(encoder.encode(phrases), expected, atol=1e-5, rtol=0)


def test_needs_no_network():
    """Loaded and used in a process that may open no connection."""
    code = (
        "import socket\n"
        "def refuse(*_): raise RuntimeError('a connection was tried')\n"
        "socket.socket.connect = refuse\n"
        "from ttm_model.encoders.text import TextEncoder\n"
        "print(TextEncoder().encode(['a dog']).shape)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "torch.Size([1, 384])"


def test_changed_weights_are_refused(tmp_path):
    wrong = tmp_path / "model.safetensors"
    wrong.write_bytes(b"not the model")
    with pytest.raises(WeightsError, match=r"expected sha256 53aa.*found"):
        TextEncoder(replace(weights.MINILM_L6_V2, locate=lambda: wrong))
