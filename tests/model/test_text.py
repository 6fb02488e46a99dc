"""The text encoder against the sentence-transformers arithmetic and itself."""

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


def test_agrees_with_transformers(encoder):
    """The loader that the weights were published for, where it can be imported."""
    from ttm_model.encoders import torchaudio_shim

    torchaudio_shim.load()  # transformers imports torchaudio
    transformers = pytest.importorskip("transformers")
    folder = weights.MINILM_L6_V2.locate().parent
    transformers.utils.logging.disable_progress_bar()
    model = transformers.AutoModel.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    for phrase in ["a dog", "a photo of a red fox, a kind of canine", "naïve café!"]:
        with torch.no_grad():
            hidden = model(**tokenizer(phrase, return_tensors="pt")).last_hidden_state
        expected = torch.nn.functional.normalize(hidden.mean(1), dim=1)
        torch.testing.assert_close(encoder.encode([phrase]), expected, atol=1e-5, rtol=0)


def test_needs_no_general_loader():
    """Start-up is a fifth of a second because nothing but torch and tokenizers is imported."""
    import subprocess

    code = (
        "import sys; from ttm_model.encoders.text import TextEncoder; TextEncoder().encode(['a']);"
        "print('transformers' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_changed_weights_are_refused(tmp_path):
    wrong = tmp_path / "model.safetensors"
    wrong.write_bytes(b"not the model")
    with pytest.raises(WeightsError, match=r"expected sha256 53aa.*found"):
        TextEncoder(replace(weights.MINILM_L6_V2, locate=lambda: wrong))
