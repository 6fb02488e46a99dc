"""Imports torchaudio also where its native extension cannot load. Knows nothing of sounds.

The torchaudio 2.11 wheel links CUDA and names no torch version, so beside a CPU torch its import
ends in `OSError`. Its signal processing (`transforms`, `functional`, `compliance.kaldi`) is plain
PyTorch and needs no extension. Import torchaudio, and whatever imports it, through `load` first.
"""

import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import TypeVar

_EXTENSION = "torchaudio._extension"
_F = TypeVar("_F", bound=Callable[..., object])


def load() -> ModuleType:
    """Return the torchaudio module, with its native extension where that loads, else without.

    Raises `ImportError` where torchaudio is not installed, or does not import even without its
    extension. Calling it again returns the same module.
    """
    try:
        return importlib.import_module("torchaudio")
    except OSError:
        _forget()
        sys.modules[_EXTENSION] = _extension_stub()
    try:
        return importlib.import_module("torchaudio")
    except BaseException:
        _forget()
        raise


def _forget() -> None:
    for name in [n for n in sys.modules if n == "torchaudio" or n.startswith("torchaudio.")]:
        del sys.modules[name]


def _extension_stub() -> ModuleType:
    stub = ModuleType(_EXTENSION, "Stands in for an extension that cannot load.")
    stub._IS_TORCHAUDIO_EXT_AVAILABLE = False  # type: ignore[attr-defined]
    stub._IS_ALIGN_AVAILABLE = False  # type: ignore[attr-defined]
    stub.fail_if_no_align = _unchanged  # type: ignore[attr-defined]
    return stub


def _unchanged(function: _F) -> _F:
    return function
