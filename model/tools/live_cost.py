"""What one live session costs while everything is on: seconds of a core for a second of media.

    python model/tools/live_cost.py [--seconds 120] [--speech tiny.en|base|off] [--speed 1]

Starts `ttmserve serve` (gateway, worker, embedded store), streams the demo clip's pictures over and
over in real time, two a chunk, with sound of which half is recorded speech (`speech_sources.py`:
Asterisk's prompts), and reads each process's processor time from `/proc` before and after. Printed:
cores used by each, what is left of the machine's, how late the steps were. Sending is in this
process and counted by itself: it is the client's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path

import httpx
import numpy as np
import speech_sources as sources
from speech_sources import RATE

from ttm_client import Client, FileSource, stream
from ttm_client.source import MediaChunk, Source

CHUNK_S = 0.5
TICKS = os.sysconf("SC_CLK_TCK")


def half_speech(seconds: float) -> np.ndarray:
    """(T,) int16 at 16 kHz: prompts, each with a pause behind it as long as itself."""
    parts, length = [], 0
    while length < seconds * RATE:
        for path, _ in sources.sentences("report"):
            wave = sources.at_level(sources.sound(path), -26.0)
            parts += [wave, np.zeros_like(wave)]
            length += 2 * len(wave)
            if length >= seconds * RATE:
                break
    wave = np.concatenate(parts)[: round(seconds * RATE)]
    return np.asarray(np.clip(wave, -1, 1) * 32767, np.int16)


class Film(Source):
    """The demo clip's pictures over and over, with this sound, on one media clock."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        with as_file(files("ttm_client.demo") / "clip.mp4") as clip:
            self._once = [chunk for chunk in FileSource(clip) if chunk.d == CHUNK_S]
        self._sound = half_speech(seconds)
        self._seconds = seconds

    def __iter__(self) -> Iterator[MediaChunk]:
        samples = round(CHUNK_S * RATE)
        for number in range(int(self._seconds / CHUNK_S)):
            chunk = self._once[number % len(self._once)]
            by = number * CHUNK_S - chunk.t
            pictures = tuple(type(p)(p.t + by, p.data) for p in chunk.pictures)
            sound = self._sound[number * samples : (number + 1) * samples].tobytes()
            yield replace(chunk, t=number * CHUNK_S, pictures=pictures, audio=sound)


def tree(root: int) -> dict[int, str]:
    """Processes under `root` and itself: pid to what it is."""
    parents, names = {}, {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            stat = (entry / "stat").read_text()
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue  # ended meanwhile
        parents[int(entry.name)] = int(stat.rsplit(")", 1)[1].split()[1])
        names[int(entry.name)] = command
    found = {root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    kinds = ("gateway", "worker", "valkey", "redis")
    return {pid: next((k for k in kinds if k in names[pid]), "supervisor") for pid in found}


def used_s(pids: dict[int, str]) -> dict[str, float]:
    """Processor seconds so far of each kind of process, children that ended included."""
    found: dict[str, float] = {}
    for pid, kind in pids.items():
        values = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        found[kind] = found.get(kind, 0.0) + sum(int(v) for v in values[11:15]) / TICKS
    return found


async def measure(url: str, root: int, args: argparse.Namespace) -> dict[str, object]:
    """Stream and read the clocks."""
    film = Film(args.warm_up + args.seconds)
    lags: list[float] = []
    marks: dict[str, tuple[float, dict[str, float], float]] = {}

    async with Client(url) as client:
        session = (await client.create_session())["session_id"]

        async def watch() -> None:
            began_s = time.monotonic()
            await asyncio.sleep(args.warm_up)
            marks["first"] = (time.monotonic(), used_s(tree(root)), time.process_time())
            while time.monotonic() - began_s < args.warm_up + args.seconds - 1.0:
                info = await client.session(session)
                lags.append((info["durable_seq"] - info["applied_seq"]) * CHUNK_S)
                await asyncio.sleep(0.5)
            marks["last"] = (time.monotonic(), used_s(tree(root)), time.process_time())

        watching = asyncio.create_task(watch())
        await stream(client, session, film, speed=args.speed)
        await watching
        info = await client.session(session)
        words = await client.words(session)
    (a_s, a, own_a), (b_s, b, own_b) = marks["first"], marks["last"]
    wall_s = b_s - a_s
    cores = {kind: round((b[kind] - a.get(kind, 0.0)) / wall_s, 3) for kind in b}
    total, machine = sum(cores.values()), os.cpu_count() or 1
    return {
        "speech": args.speech, "seconds": round(wall_s, 1), "cores": cores,
        "server_cores": round(total, 3), "client_cores": round((own_b - own_a) / wall_s, 3),
        "of_machine": round(total / machine, 3), "spare": round(1 - total / machine, 3),
        "behind_s": {"median": float(np.median(lags)), "most": float(np.max(lags))},
        "applied": info["applied_seq"], "gaps": info["gaps"],
        "heard": sum(1 for each in words["words"] if each["kind"] == "speech"),
        "load_at_end": os.getloadavg()[0],
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--warm-up", type=float, default=15.0, help="seconds that do not count")
    parser.add_argument("--speech", default="tiny.en", choices=("tiny.en", "base", "off"))
    parser.add_argument("--speed", type=float, default=1.0)
    args = parser.parse_args()
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "ttm_server.cli", "serve", "--port", str(port)]
        settings = {"TTM_DATA_DIR": folder, "TTM_SPEECH": args.speech}
        with subprocess.Popen(
            command,
            env=os.environ | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as server:
            assert server.stdout
            try:
                for line in server.stdout:
                    print(line, end="", file=sys.stderr)
                    if re.search(r"worker \S+ ready", line):
                        break
                httpx.get(f"{url}/readyz", trust_env=False).raise_for_status()
                print(json.dumps(asyncio.run(measure(url, server.pid, args)), indent=1))
            finally:
                server.send_signal(signal.SIGINT)
                server.wait(60)


if __name__ == "__main__":
    main()
