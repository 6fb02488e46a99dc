"""Speaks the sentences of `mention_sentences.txt` and writes down what tiny.en understands of them.

    python model/tools/mention_speak.py > model/tools/mention_heard.txt

Needs `flite` (Debian), whose three voices take turns; about a minute of one core. A line of the
result is a voice, a tab, and the words understood, in the order of the sentences.
"""

from __future__ import annotations

import subprocess
import tempfile
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ttm_model.slow import Job, JobMedia
from ttm_model.speech.sense import SpeechSense

VOICES = ("slt", "rms", "awb")
SENTENCES = Path(__file__).with_name("mention_sentences.txt")


def sentences() -> list[str]:
    lines = SENTENCES.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and line[0] not in "#="]


def spoken(sentence: str, voice: str, path: Path) -> npt.NDArray[np.float32]:
    """A sentence at 16 kHz, as flite says it."""
    command = ["flite", "-voice", voice, "-t", sentence, "-o", str(path)]
    subprocess.run(command, check=True)
    with wave.open(str(path)) as file:
        assert file.getframerate() == 16_000
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    return samples.astype(np.float32) / 32768


def main() -> None:
    sense = SpeechSense("tiny.en")
    with tempfile.TemporaryDirectory() as scratch:
        for number, sentence in enumerate(sentences()):
            voice = VOICES[number % len(VOICES)]
            sound = spoken(sentence, voice, Path(scratch, "spoken.wav"))
            seconds = len(sound) / 16_000
            heard = sense.find(Job("speech", number, 0.0, seconds, seconds), JobMedia(sound))
            print(voice, " ".join(u.text for u in heard.utterances), sep="\t", flush=True)


if __name__ == "__main__":
    main()
