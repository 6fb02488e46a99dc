"""Brings every training sound into one cache of 16 kHz sound; knows no augmentation, no network.

Packages that are not installed are fetched with `apt-get download` and unpacked into the cache, so
no root is needed; `fluidsynth` is taken the same way. What the cache holds is listed with the
sha256 of each source file in `manifest.json`.

    python model/tools/sound_collect.py --cache DIR
"""

from __future__ import annotations

import argparse
import fnmatch
import hashlib
import io
import json
import os
import re
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import av
import numpy as np
import sound_sources as src

RATE = 16_000
LONGEST_S = {"music": 40.0, "speech": 8.0}
LONGEST_OTHER_S = 20.0
AT_MOST = {"music": 90, "speech": 420, "typing": 30}
TOOLS = ("fluidsynth", "libinstpatch-1.0-2", "libfluidsynth3")


@dataclass(frozen=True)
class Item:
    """One sound in the cache."""

    label: str
    package: str
    path: str
    group: str
    seconds: float
    sha256: str


def unpack(package: str, cache: Path) -> Path:
    """The folder that holds the package's files."""
    installed = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Status}", package],
        check=False,
        capture_output=True,
        text=True,
    )
    if installed.stdout.strip() == "installed":
        return Path("/")
    root = cache / "packages" / package
    if not root.exists():
        debs = cache / "debs"
        debs.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", "-q", package], cwd=debs, check=True)
        part = root.with_suffix(".part")
        deb = next(debs.glob(f"{package}_*.deb"))
        subprocess.run(["dpkg-deb", "-x", deb, part], check=True)
        part.rename(root)
        deb.unlink()
    return root


def files_of(package: str, cache: Path) -> list[tuple[str, Path | bytes]]:
    """Every sound of a package: a name, and the file or its bytes."""
    root = unpack(package, cache)
    if root == Path("/"):
        listed = subprocess.run(["dpkg", "-L", package], capture_output=True, text=True, check=True)
        paths = [Path(line) for line in listed.stdout.splitlines()]
    else:
        paths = sorted(root.rglob("*"))
    found: list[tuple[str, Path | bytes]] = []
    for path in sorted(paths):
        end = path.suffix.lower()
        if end in {".ogg", ".oga", ".wav", ".flac", ".mp3"} and path.is_file():
            found.append((str(path.relative_to(root)), path))
        elif end == ".rcc":
            found += [(n, d) for n, d in qt_resources(path.read_bytes()) if sounds(n)]
        elif path.name == "opensfx.cat":
            found += openttd_sounds(path.read_bytes())
    return found


def sounds(name: str) -> bool:
    return name.endswith((".ogg", ".wav", ".mp3"))


def qt_resources(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of the uncompressed files in a Qt resource file (format 1 and later)."""
    version, tree, blobs, names = struct.unpack(">4I", data[4:20])
    size = 14 if version < 2 else 22

    def walk(node: int, above: str) -> Iterator[tuple[str, bytes]]:
        at = tree + node * size
        name_at, flags = struct.unpack(">IH", data[at : at + 6])
        name = ""
        if node:
            length = struct.unpack(">H", data[names + name_at : names + name_at + 2])[0]
            begin = names + name_at + 6
            name = data[begin : begin + 2 * length].decode("utf-16-be")
        path = f"{above}/{name}" if name else above
        if flags & 2:
            count, first = struct.unpack(">2I", data[at + 6 : at + 14])
            for child in range(first, first + count):
                yield from walk(child, path)
        elif not flags & 1:
            begin = blobs + struct.unpack(">I", data[at + 10 : at + 14])[0]
            length = struct.unpack(">I", data[begin : begin + 4])[0]
            yield path, data[begin + 4 : begin + 4 + length]

    yield from walk(0, "")


def openttd_sounds(data: bytes) -> list[tuple[str, bytes]]:
    """The WAV files of an OpenTTD sound set, named by their three-digit number."""
    count = struct.unpack("<I", data[:4])[0] // 8
    out = []
    for k in range(count):
        at, length = struct.unpack("<2I", data[8 * k : 8 * k + 8])
        at &= 0x7FFFFFFF
        if at >= len(data):
            break
        wave = data.find(b"RIFF", at, at + length + 400)
        if wave >= 0:
            size = struct.unpack("<I", data[wave + 4 : wave + 8])[0] + 8
            out.append((f"opensfx/{k:03d}.wav", data[wave : wave + size]))
    return out


def decode(source: Path | bytes, longest_s: float) -> np.ndarray:
    """Mono int16 at 16 kHz, at most `longest_s` of it."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    parts, have = [], 0
    with av.open(io.BytesIO(source) if isinstance(source, bytes) else str(source)) as container:
        for frame in container.decode(audio=0):
            frame.pts = None
            for piece in resampler.resample(frame):
                parts.append(piece.to_ndarray()[0])
                have += len(parts[-1])
            if have > longest_s * RATE:
                break
        parts += [p.to_ndarray()[0] for p in resampler.resample(None)]
    x = np.concatenate(parts)[: int(longest_s * RATE)]
    peak = float(np.abs(x).max())
    return np.rint(x * (32000 / peak if peak > 0 else 0)).astype(np.int16)


def group_of(package: str, name: str) -> str:
    """Takes of one series share a group: held-out recordings are held-out groups."""
    path = Path(name)
    if package == "openttd-opensfx":  # numbered, not takes; two whistles are one recording
        return f"{package}:{path.stem.replace('005', '004')}"
    if package == "bucklespring-data":
        return f"{package}:keys"
    return f"{package}:{path.parent.name}/{re.sub(src.TAKES, '', path.stem)}"


def wanted() -> list[tuple[str, str, str]]:
    """(class, package, pattern) of every entry of the tables."""
    rows = []
    for label, entries in {**src.RECORDINGS, "something else": src.SOMETHING_ELSE}.items():
        for entry in entries.split():
            short, pattern = entry.split(":", 1)
            rows.append((label, src.SHORT[short], pattern))
    return rows


def collect(cache: Path) -> tuple[list[Item], list[np.ndarray]]:
    items: list[Item] = []
    sounds_: list[np.ndarray] = []
    seen: dict[str, str] = {}
    listing = {p: files_of(p, cache) for p in sorted({p for _, p, _ in wanted()})}
    rng = np.random.default_rng(7)
    for label, package, pattern in wanted():
        hits = [
            (name, source)
            for name, source in listing[package]
            if fnmatch.fnmatch("/" + str(name), f"*/{pattern}")
            or fnmatch.fnmatch("/" + str(Path(name).with_suffix("")), f"*/{pattern}")
        ]
        if not hits:
            print(f"nothing for {label}: {package} {pattern}")
        limit = AT_MOST.get(label, 40)
        if len(hits) > limit:
            hits = [hits[k] for k in sorted(rng.permutation(len(hits))[:limit])]
        for name, source in hits:
            raw = source if isinstance(source, bytes) else source.read_bytes()
            digest = hashlib.sha256(raw).hexdigest()
            if digest in seen:  # the same file in two packages is one recording
                continue
            seen[digest] = name
            try:
                x = decode(source, LONGEST_S.get(label, LONGEST_OTHER_S))
            except (av.FFmpegError, ValueError, IndexError) as error:
                print(f"cannot decode {package} {name}: {error}")
                continue
            if len(x) < 400 or not np.abs(x).any():
                continue
            items.append(Item(label, package, name, group_of(package, name), len(x) / RATE, digest))
            sounds_.append(x)
    return items, sounds_


# One General MIDI score per font: every program in turn, so that a font is loaded once.
NOTE_S, GAP_S = 1.1, 0.9
PITCHES = {
    "low": (36, 40, 43, 47, 50),
    "middle": (52, 57, 60, 64, 69),
    "high": (67, 72, 76, 79, 84),
}
LOW = {"bass guitar", "tuba", "cello", "bassoon", "timpani", "trombone"}
HIGH = {
    "flute",
    "recorder",
    "music box",
    "xylophone",
    "pan flute",
    "whistle",
    "violin",
    "harmonica",
}
MELODY = (0, 4, 7, 5, 4, 2, 0, 7)


def score() -> tuple[bytes, list[tuple[str, int, str, float, float]]]:
    """A MIDI file and (class, program, kind, start_s, end_s) of each thing it plays."""
    events: list[tuple[float, bytes]] = []
    plan: list[tuple[str, int, str, float, float]] = []
    at = 0.5

    def note(channel: int, pitch: int, velocity: int, start: float, length: float) -> None:
        events.append((start, bytes([0x90 | channel, pitch, velocity])))
        events.append((start + length, bytes([0x80 | channel, pitch, 0])))

    for label, programs in src.GENERAL_MIDI.items():
        for program in programs:
            if program < 0:
                for velocity in (110, 90, 70):
                    note(9, -program, velocity, at, 0.3)
                    plan.append((label, program, "note", at, at + 1.6))
                    at += 2.0
                continue
            events.append((at - 0.05, bytes([0xC0, program])))
            effect = program >= 120
            pitches = (
                (60, 64)
                if effect
                else PITCHES["low" if label in LOW else "high" if label in HIGH else "middle"]
            )
            length = 3.5 if effect else NOTE_S
            for pitch in pitches:
                note(0, pitch, 100, at, length)
                plan.append((label, program, "note", at, at + length + 0.5))
                at += length + GAP_S
            if effect:
                continue
            start = at
            for k, step in enumerate(MELODY * 2):
                note(0, pitches[1] + step, 85 + 3 * (k % 5), at, 0.22 + 0.1 * (k % 2))
                at += 0.3
            plan.append((label, program, "melody", start, at + 0.2))
            at += GAP_S
    track, now = bytearray(), 0
    for when, message in sorted(events, key=lambda e: (e[0], e[1][0] & 0xF0 == 0x90)):
        tick = round(when * 1000)  # 500 ticks a quarter of half a second: one tick a millisecond
        delta, now = tick - now, tick
        length = [delta & 0x7F]
        while delta := delta >> 7:
            length.insert(0, delta & 0x7F | 0x80)
        track += bytes(length) + message
    track += b"\x00\xff\x2f\x00"
    head = b"MThd" + struct.pack(">I3H", 6, 0, 1, 500)
    return head + b"MTrk" + struct.pack(">I", len(track)) + bytes(track), plan


def render(cache: Path) -> tuple[list[Item], list[np.ndarray]]:
    """Instruments from the sound fonts."""
    roots = [unpack(name, cache) for name in TOOLS]
    library = ":".join(str(r / "usr/lib/x86_64-linux-gnu") for r in roots)
    midi, plan = score()
    (cache / "score.mid").write_bytes(midi)
    items, out = [], []
    for package, inner in src.FONTS.items():
        wave = cache / f"{package}.wav"
        if not wave.exists():
            command = [roots[0] / "usr/bin/fluidsynth", "-niq", "-g", "0.5", "-R", "0", "-C", "0"]
            command += ["-r", "16000", "-T", "wav", "-F", wave]
            command += [unpack(package, cache) / inner, cache / "score.mid"]
            subprocess.run(command, check=True, env={**os.environ, "LD_LIBRARY_PATH": library})
        x = decode(wave, 1e5).astype(np.float32)
        digest = hashlib.sha256((unpack(package, cache) / inner).read_bytes()).hexdigest()
        for label, program, kind, start, end in plan:
            piece = x[int((start - 0.02) * RATE) : int(end * RATE)]
            peak = float(np.abs(piece).max())
            if peak < 30:  # the font has no such program
                continue
            name = f"{inner}#{program}/{kind}@{start:.1f}"
            items.append(
                Item(label, package, name, f"{package}:{label}", len(piece) / RATE, digest)
            )
            out.append(np.rint(piece * (32000 / peak)).astype(np.int16))
    return items, out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    cache = parser.parse_args().cache.resolve()
    cache.mkdir(parents=True, exist_ok=True)
    items, waves = collect(cache)
    more, notes = render(cache)
    items, waves = items + more, waves + notes
    ends = np.cumsum([len(w) for w in waves])
    np.savez(cache / "sounds.npz", pcm=np.concatenate(waves), ends=ends)
    (cache / "manifest.json").write_text(json.dumps([asdict(i) for i in items], indent=0))
    groups: dict[str, set[str]] = {}
    for item in items:
        groups.setdefault(item.label, set()).add(item.group)
    for label, found in groups.items():
        count = sum(i.label == label for i in items)
        print(f"{label}: {count} files, {len(found)} recordings")
    print(
        f"{len(items)} sounds, {sum(i.seconds for i in items) / 60:.0f} min, {len(groups)} labels"
    )


if __name__ == "__main__":
    main()
