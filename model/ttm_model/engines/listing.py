"""`python -m ttm_model.engines.listing SOUND SPEECH READING PEOPLE`: what they know, as JSON.

The same as a worker with these settings announces, without its networks. Knows no memory.
"""

from __future__ import annotations

import json
import sys
from typing import Any, Literal

from ttm_model.encoders.sound_classes import VOICE_CLASSES
from ttm_model.encoders.text import TextEncoder
from ttm_model.engines.switches import Switches
from ttm_model.engines.vocabulary import vocabulary
from ttm_model.labels.sounds import sound_space
from ttm_model.labels.space import load_space
from ttm_model.tagger.classes import TAGGER_CLASSES, kind_groups

PRESET = "lite"
ON = "on"


def listed(sound: Literal["tagger", "voice"], switches: Switches) -> dict[str, Any]:
    """The vocabulary of preset `lite` with these senses."""
    is_tagger = sound == "tagger"
    classes, groups = (TAGGER_CLASSES, kind_groups()) if is_tagger else (VOICE_CLASSES, [])
    return vocabulary(
        PRESET,
        load_space("imagenet"),
        sound_space(classes, TextEncoder(), groups),
        groups,
        switches.speech,
        switches.reading,
        switches.people,
    )


def main() -> int:
    """Print it."""
    sound, speech, reading, people = sys.argv[1:]
    switches = Switches(speech, None, reading == ON, people == ON)  # type: ignore[arg-type]
    sys.stdout.write(json.dumps(listed(sound, switches)))  # type: ignore[arg-type]
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
