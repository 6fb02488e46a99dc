"""torchaudio imports beside a CPU torch, and is left alone where its extension loads."""

import importlib
import sys
from types import ModuleType

import pytest
import torch

from ttm_model.encoders import torchaudio_shim


@pytest.fixture(autouse=True)
def _fresh_torchaudio():
    """Each test starts without torchaudio, and leaves the modules as it found them."""
    kept = {n: m for n, m in sys.modules.items() if n.split(".")[0] == "torchaudio"}
    for name in kept:
        del sys.modules[name]
    yield
    for name in [n for n in sys.modules if n.split(".")[0] == "torchaudio"]:
        del sys.modules[name]
    sys.modules.update(kept)


def _real_import_raises(error):
    """Make the first import of torchaudio leave a half-imported package behind and fail."""
    real, calls = importlib.import_module, []

    def import_module(name, package=None):
        if name == "torchaudio" and not calls:
            calls.append(name)
            sys.modules["torchaudio.half"] = ModuleType("torchaudio.half")
            raise error
        return real(name, package)

    return import_module


def test_without_its_extension_the_signal_processing_works(monkeypatch):
    broken = _real_import_raises(OSError("libcudart.so.13: cannot open shared object file"))
    monkeypatch.setattr(torchaudio_shim.importlib, "import_module", broken)

    torchaudio = torchaudio_shim.load()

    assert "torchaudio.half" not in sys.modules
    assert torchaudio._extension._IS_TORCHAUDIO_EXT_AVAILABLE is False
    tone = torch.sin(2 * torch.pi * 1000 * torch.arange(16000) / 16000)
    mel = torchaudio.transforms.MelSpectrogram(16000, n_fft=400, hop_length=160, n_mels=80)(tone)
    assert mel.shape == (80, 101)
    assert 25 < int(mel.sum(1).argmax()) < 30  # 1 kHz on the mel scale up to 8 kHz
    half = torchaudio.functional.resample(tone, 16000, 8000)
    assert half.shape == (8000,)
    assert float(half.pow(2).mean()) == pytest.approx(0.5, abs=0.01)
    bank = importlib.import_module("torchaudio.compliance.kaldi").fbank(tone[None], num_mel_bins=80)
    assert bank.shape == (98, 80)


def test_with_its_extension_torchaudio_is_what_import_gives(monkeypatch):
    whole = ModuleType("torchaudio")
    monkeypatch.setitem(sys.modules, "torchaudio", whole)

    assert torchaudio_shim.load() is whole
    assert "torchaudio._extension" not in sys.modules


def test_a_second_load_is_the_same_module():
    assert torchaudio_shim.load() is torchaudio_shim.load()


def test_a_missing_torchaudio_is_an_import_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchaudio", None)
    with pytest.raises(ImportError):
        torchaudio_shim.load()


def test_a_torchaudio_broken_in_another_way_leaves_no_half_import(monkeypatch):
    def always(name, package=None):
        raise OSError("disk")

    monkeypatch.setattr(torchaudio_shim.importlib, "import_module", always)
    with pytest.raises(OSError, match="disk"):
        torchaudio_shim.load()
    assert not [n for n in sys.modules if n.split(".")[0] == "torchaudio"]
