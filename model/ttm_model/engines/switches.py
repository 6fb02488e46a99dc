"""Which slow senses an engine has. Plain values: knows no network and no setting's name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SpeechModel = Literal["tiny.en", "base", "off"]


@dataclass(frozen=True, slots=True)
class Switches:
    """`speech`: the recogniser; `language`: ISO 639-1, None where it is detected."""

    speech: SpeechModel = "tiny.en"
    language: str | None = None
    reading: bool = True
    people: bool = True
