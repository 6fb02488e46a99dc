"""`python -m ttm_model.doctor`: check every pinned weight file and name the device."""

from __future__ import annotations

import sys

import torch

from ttm_model.encoders.weights import table, verified_parts
from ttm_model.errors import ModelError


def main() -> int:
    """Print a line for each weight file and one for torch; 1 when any is not the pinned one."""
    healthy = True
    for row in table():
        try:
            verified_parts(row)
            line = f"{row.name}: sha256 {row.sha256[:12]}… ok, {row.size_bytes} bytes"
        except ModelError as error:
            healthy = False
            line = f"{row.name}: {error}"
        sys.stdout.write(line + "\n")
    device = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "no GPU, CPU only"
    sys.stdout.write(f"torch {torch.__version__}: {device}\n")
    return 0 if healthy else 1


if __name__ == "__main__":
    raise SystemExit(main())
