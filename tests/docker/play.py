"""The stack's day: started, streamed into, hurt in four ways, backed up, taken down, restored."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from docker import checks, outside
from docker.checks import require
from docker.engine import MINUTES, Project, run
from ttm_client import Client, StreamProgress

SPEED = 2.0  # of the streams that are under way while things break
CHUNKS_BEFORE = {"worker": 40, "gateway": 80, "store": 120}  # applied, when it happens


class Say(Protocol):
    """Tells a line of the log."""

    def __call__(self, line: str) -> None: ...


class Play:
    """One project, the address of its door, and a key."""

    def __init__(self, project: Project, plain: str, door: str, key: str, say: Say) -> None:
        self.project = project
        self.plain = plain
        self.door = door
        self.key = key
        self.say = say

    def start_waiting(self) -> None:
        """Store and gateway alone: the gateway lives, and says truthfully that it is not ready."""
        self.project.compose("up", "--detach", "--no-build", "store", "gateway")

        def alive() -> bool:
            try:
                return outside.get(f"{self.plain}/healthz")[0] == 200
            except OSError:
                return False

        checks.wait_for(alive, "the gateway lives")
        status, body = outside.get(f"{self.plain}/readyz")
        waits_for = json.loads(body).get("waiting_for")
        require(status == 503 and bool(waits_for), "not ready without a worker, and says so")
        self.say(f"store and gateway alone: /healthz 200, /readyz 503, waiting for {waits_for}")

    def start(self) -> None:
        """Everything: `up --wait` returns when a question can be answered."""
        since_s = time.monotonic()
        self.project.compose("up", "--detach", "--no-build", "--wait", limit_s=10 * MINUTES)
        self.say(f"docker compose up --wait: all healthy after {time.monotonic() - since_s:.0f} s")
        require(outside.get(f"{self.plain}/readyz")[0] == 200, "ready once a worker is")
        checks.confined(self.project)
        self.say("gateway and worker: no root, no capabilities, read-only; the store: no way in")

    async def undisturbed(self, client: Client) -> str:
        """The clip through one worker; -> the digest of its memory."""
        outside.knock(self.door, self.key)
        await outside.knock_as_a_page(self.door)
        self.say(
            "door: page 200, no key 401, key 200, /metrics 404, WebSocket of its own page only"
        )
        since_s = time.monotonic()
        session_id, done = await outside.streamed(client, None)
        seconds = time.monotonic() - since_s
        self.say(
            f"one worker, undisturbed: {done.applied} chunks in {seconds:.0f} s, as fast as may be"
        )
        return await self._judged(client, session_id, done)

    def scale(self, workers: int) -> None:
        """`--scale worker=N`."""
        since_s = time.monotonic()
        scale = f"worker={workers}"
        started = ("up", "--detach", "--no-build", "--wait", "--scale", scale)
        self.project.compose(*started, limit_s=10 * MINUTES)
        running = self.project.containers("worker")
        require(len(running) == workers, f"{workers} workers run")
        self.say(f"--scale {scale}: all healthy after {time.monotonic() - since_s:.0f} s")

    async def disturbed(self, client: Client, wanted: str, workers: int) -> list[str]:
        """Two streams at once while a worker, the gateway and the store go; -> their sessions."""
        applied = [0, 0]
        streams = [
            asyncio.create_task(outside.streamed(client, SPEED, self._noting(applied, number)))
            for number in range(2)
        ]
        # Each goes on by itself: the next one does not wait until the one before is mended.
        hurting = []
        for what, chunks in CHUNKS_BEFORE.items():
            while min(applied) < chunks:
                await asyncio.sleep(0.2)
                for stream in streams:
                    if stream.done():
                        stream.result()
            require(not any(stream.done() for stream in streams), "the streams are under way")
            where = f"at {applied[0]} and {applied[1]} applied chunks"
            hurt = getattr(self, f"_{what}")
            hurting.append(asyncio.create_task(asyncio.to_thread(hurt, where, workers)))
        await asyncio.gather(*hurting)
        sessions = []
        for session_id, done in await asyncio.gather(*streams):
            digest = await self._judged(client, session_id, done)
            require(digest == wanted, "the memory is that of the undisturbed stream, bit for bit")
            sessions.append(session_id)
        self.say("both memories equal the undisturbed one, byte for byte")
        return sessions

    def _noting(self, applied: list[int], number: int) -> Callable[[StreamProgress], None]:
        def note(progress: StreamProgress) -> None:
            require(progress.applied >= applied[number], "the position never goes back")
            applied[number] = progress.applied

        return note

    def _worker(self, where: str, workers: int) -> None:
        container, owned = checks.busiest_worker(self.project)
        require(owned >= 1, "a worker with a session is hit")
        before = self.project.inspect(container)["RestartCount"]
        self.say(f"{where}: SIGKILL to a worker that owns {owned:.0f} session …")
        checks.crash(self.project, container)
        seconds = checks.wait_for(
            lambda: self.project.inspect(container)["RestartCount"] > before, "it is replaced"
        )
        seconds += checks.wait_for(lambda: checks.healthy(self.project, container), "it is ready")
        require(len(self.project.containers("worker")) == workers, "as many workers as before")
        self.say(f"  … the worker that was killed is replaced and ready after {seconds:.0f} s")

    def _gateway(self, where: str, _workers: int) -> None:
        (old,) = self.project.containers("gateway")
        since_s = time.monotonic()
        self.say(f"{where}: the gateway's container is replaced …")
        self.project.compose(
            *("up", "--detach", "--no-build", "--no-deps", "--force-recreate", "gateway")
        )
        (new,) = self.project.containers("gateway")
        require(new != old, "the gateway's container is another one")
        checks.wait_for(lambda: checks.healthy(self.project, new), "the new gateway is ready")
        self.say(f"  … the gateway is ready after {time.monotonic() - since_s:.0f} s")

    def _store(self, where: str, _workers: int) -> None:
        (store,) = self.project.containers("store")
        before = self.project.inspect(store)["State"]["StartedAt"]
        self.say(f"{where}: the store is restarted …")
        since_s = time.monotonic()
        self.project.compose("restart", "store")
        require(self.project.inspect(store)["State"]["StartedAt"] != before, "it was restarted")
        checks.wait_for(lambda: checks.healthy(self.project, store), "the store is back")
        self.say(f"  … the store is healthy after {time.monotonic() - since_s:.0f} s")

    async def _judged(self, client: Client, session_id: str, done: StreamProgress) -> str:
        """Nothing is missing, and every answer is right; -> the digest of the memory."""
        info = await client.info(session_id)
        lost = (done.thinned, done.dropped, done.lost_s)
        require(lost == (0, 0, 0.0) and info["gaps"] == [], f"nothing is lost: {lost}")
        seen = (done.sent, info["durable_seq"], info["applied_seq"])
        require(len(set(seen)) == 1, f"what was sent was applied: {seen}")
        asked, wrong = await outside.wrong_answers(client, session_id)
        require(not wrong, f"every answer is right: {wrong}")
        self.say(
            f"  {done.applied} of {done.sent} chunks applied, 0 gaps, "
            f"{done.reconnects} reconnects, {asked} of {asked} answers right"
        )
        return await outside.memory_digest(client, session_id)

    def stop(self, folder: Path, image: str) -> None:
        """In order; then the volume into a file, and everything away."""
        lines = checks.no_secret_is_told(self.project)
        self.say(f"{lines} lines of logs and `docker inspect`: no key or password in them")
        since_s = time.monotonic()
        self.project.compose("stop")
        seconds = time.monotonic() - since_s
        for service in ("gateway", "worker", "store", "caddy"):
            for container in self.project.containers(service):
                status = self.project.inspect(container)["State"]["ExitCode"]
                require(status == 0, f"{service} ends with 0 at SIGTERM, not {status}")
        self.say(f"docker compose stop: {seconds:.0f} s, everybody ends with status 0")
        self._tar(image, folder, "ro", "-C", "/data", "-czf", "/backup/store.tgz", ".")
        size = Path(folder, "store.tgz").stat().st_size
        self.project.compose("down")
        run([self.project.docker, "volume", "rm", f"{self.project.name}_store"])
        self.say(f"backup of the store's volume: {size / 1e6:.1f} MB; down, and the volume removed")

    async def restore(self, client: Client, folder: Path, image: str, sessions: list[str]) -> None:
        """A new volume from the file: the memories are there, and answer."""
        self.project.compose("create", "--no-build", "store")
        self._tar(image, folder, "rw", "-C", "/data", "-xzpf", "/backup/store.tgz")
        self.start()
        for session_id in sessions:
            asked, wrong = await outside.wrong_answers(client, session_id)
            require(not wrong, f"every answer is right after the restore: {wrong}")
            self.say(f"restored session: {asked} of {asked} answers right")
        told = self.project.compose("run", "--rm", "--no-deps", "client", "sessions")
        require(
            all(session_id[:8] in told for session_id in sessions), "the client image lists them"
        )
        self.say("docker compose run client sessions: lists them")

    def _tar(self, image: str, folder: Path, mode: str, *words: str) -> None:
        volume = f"{self.project.name}_store:/data:{mode}"
        mounts = ["--volume", volume, "--volume", f"{folder}:/backup"]
        run([self.project.docker, "run", "--rm", "--user", "0", *mounts, image, "tar", *words])
