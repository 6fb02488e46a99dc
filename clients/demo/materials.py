"""Fetches the demo clip's source pictures and sounds; knows packages, nothing of the timeline.

Everything read here is public domain, CC0 or made by a program; SOURCES.md beside the clip lists
each item. Needs the Debian packages gcompris-qt-data (3.1-2), openclipart-png, sonic-pi-samples,
flite and fonts-dejavu-core, and the PyPI packages scikit-image, soundfile, scipy, numpy and pillow.
"""

from __future__ import annotations

import importlib.util
import io
import struct
import subprocess
import tempfile
import zlib
from functools import lru_cache
from math import gcd
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile  # type: ignore[import-untyped]
from PIL import Image, ImageFont
from scipy.signal import resample_poly  # type: ignore[import-untyped]

Sound = npt.NDArray[np.float64]

RATE_HZ = 48_000
RCC = Path("usr/share/gcompris-qt/rcc")
CLIPART = Path("usr/share/openclipart/png")
SAMPLES = Path("usr/share/sonic-pi/samples")
FONT = Path("usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf")


@lru_cache(maxsize=4)
def read_rcc(path: Path) -> dict[str, bytes]:
    """Return {inner path: bytes} of a compiled Qt resource file (format 1 to 3).

    Entries are raw or zlib-packed; one packed with zstd raises ValueError.
    Source of the format: what Qt's `rcc --binary` writes.
    """
    blob = path.read_bytes()
    if blob[:4] != b"qres":
        raise ValueError(f"{path}: not a compiled Qt resource file")
    version, tree, data, names = struct.unpack(">4I", blob[4:20])
    node_bytes = 22 if version >= 2 else 14
    found: dict[str, bytes] = {}

    def name_at(offset: int) -> str:
        start = names + offset
        (length,) = struct.unpack(">H", blob[start : start + 2])
        return blob[start + 6 : start + 6 + 2 * length].decode("utf-16-be")

    def walk(index: int, prefix: str) -> None:
        node = tree + index * node_bytes
        name, flags = struct.unpack(">IH", blob[node : node + 6])
        here = f"{prefix}/{name_at(name)}" if index else prefix
        if flags & 2:  # a folder: how many children, and the first one's index
            count, first = struct.unpack(">II", blob[node + 6 : node + 14])
            for child in range(first, first + count):
                walk(child, here)
            return
        (offset,) = struct.unpack(">I", blob[node + 10 : node + 14])
        start = data + offset
        (size_bytes,) = struct.unpack(">I", blob[start : start + 4])
        payload = blob[start + 4 : start + 4 + size_bytes]
        if flags & 4:
            raise ValueError(f"{path}: {here} is packed with zstd, which is not supported")
        found[here] = zlib.decompress(payload[4:]) if flags & 1 else payload

    walk(0, "")
    return found


class Materials:
    """The pictures and sounds below `root`, a file system with the Debian packages unpacked."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def photo(self, activity: str, inner: str) -> Image.Image:
        """Return one RGB photograph out of gcompris-qt-data's `activity`.rcc."""
        resources = read_rcc(self.root / RCC / f"{activity}.rcc")
        key = f"/gcompris/src/activities/{activity}/resource/{inner}"
        if key not in resources:
            raise KeyError(f"{activity}.rcc holds no {inner}; is gcompris-qt-data 3.1-2 installed?")
        return Image.open(io.BytesIO(resources[key])).convert("RGB")

    def clipart(self, inner: str) -> Image.Image:
        """Return one RGBA drawing of openclipart-png."""
        return Image.open(self.root / CLIPART / inner).convert("RGBA")

    def skimage(self, name: str) -> Image.Image:
        """Return one RGB sample picture of the scikit-image wheel."""
        found = importlib.util.find_spec("skimage")
        if found is None or found.origin is None:
            raise ModuleNotFoundError("scikit-image is not installed")
        return Image.open(Path(found.origin).parent / "data" / name).convert("RGB")

    def font(self, size_px: int) -> ImageFont.FreeTypeFont:
        """Return DejaVu Sans Bold, whose capitals are about 0.73 of `size_px` high."""
        return ImageFont.truetype(str(self.root / FONT), size_px)

    def sample(self, name: str) -> Sound:
        """Return one sonic-pi sample as mono (n,) at RATE_HZ, peak 1."""
        return _mono(self.root / SAMPLES / f"{name}.flac")

    def speech(self, text: str, voice: str) -> Sound:
        """Return `text` spoken by a voice of flite as mono (n,) at RATE_HZ, peak 1."""
        with tempfile.TemporaryDirectory() as folder:
            wav = Path(folder) / "speech.wav"
            order = ["flite", "-voice", voice, "-t", text, "-o", str(wav)]
            subprocess.run(order, check=True, timeout=60)
            return _mono(wav)


def _mono(path: Path) -> Sound:
    samples, rate_hz = soundfile.read(path, dtype="float64", always_2d=True)
    mono = samples.mean(axis=1)
    if rate_hz != RATE_HZ:
        common = gcd(rate_hz, RATE_HZ)
        mono = resample_poly(mono, RATE_HZ // common, rate_hz // common)
    return np.asarray(mono / max(1e-9, float(np.abs(mono).max())), dtype=np.float64)
