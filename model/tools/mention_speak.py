"""Speaks the sentences of `mention_sentences.txt` and writes down what tiny.en understands of them.

    python model/tools/mention_speak.py > model/tools/mention_heard.txt

Needs `flite` (Debian), whose three voices take turns; about two minutes of one core. A line of the
result is a voice, a tab, and the words understood, in the order of the sentences.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from faster_whisper import WhisperModel

from ttm_model.encoders.weights import pinned, verified_path

VOICES = ("slt", "rms", "awb")
SENTENCES = Path(__file__).with_name("mention_sentences.txt")


def sentences() -> list[str]:
    lines = SENTENCES.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and line[0] not in "#="]


def main() -> None:
    folder = verified_path(pinned("faster-whisper-tiny.en/model.bin")).parent
    model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)
    with tempfile.TemporaryDirectory() as scratch:
        spoken = str(Path(scratch, "spoken.wav"))
        for number, sentence in enumerate(sentences()):
            voice = VOICES[number % len(VOICES)]
            subprocess.run(["flite", "-voice", voice, "-t", sentence, "-o", spoken], check=True)
            parts, _ = model.transcribe(
                spoken, beam_size=1, temperature=0.0, language="en", without_timestamps=True
            )
            print(voice, " ".join(part.text.strip() for part in parts), sep="\t", flush=True)


if __name__ == "__main__":
    main()
