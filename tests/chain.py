"""A fake engine whose state is a hash chain, with slow senses whose findings are hashes.

A chunk or a finding that was lost, taken in twice, too early, too late, or made of other media
gives another state for ever after. `Fold` comes to the same state without any server, from the
chunks and the places at which their stream ended.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from PIL import Image

from ttm_model.asking import Asking, Teaching
from ttm_model.chunk import ChunkMedia
from ttm_model.slow import (
    LAG_S,
    Finding,
    Heard,
    Job,
    JobMedia,
    Line,
    People,
    Person,
    Read,
    SenseName,
    SlowSense,
    Utterance,
)
from ttm_model.step_result import Noticed, StepResult
from ttm_protocol.answers import Answer, Summary, Timeline
from ttm_protocol.errors import BadRequest, StateIncompatible
from ttm_protocol.messages import Chunk, Gap

POISON = b"\x39\x05" * 8  # a sound that makes this engine raise
MAGIC = b"chain"
MODEL_INFO: dict[str, Any] = {"preset": "chain", "checkpoint": "none", "schema": "chain-2"}
MEMORY_INFO: dict[str, Any] = {"tokens": 1, "dim": 32, "bytes": 37}
UTTERANCE_CHUNKS = 5  # an utterance is closed by every fifth chunk with sound
READING_EVERY = 3  # chunks with a picture
MAX_UTTERANCE_S = 7.0
HOLE_S = 0.05


@dataclass(frozen=True, slots=True)
class Chain:
    """How many chunks, their hash, and what is open; `flushes`: counts at which streams ended."""

    count: int = 0
    digest: str = "00" * 32
    clock_s: float = 0.0
    open_s: float | None = None  # an utterance has been going on since
    sounds: int = 0
    pictures: int = 0
    number: int = 0  # of the next job
    jobs: tuple[Job, ...] = ()
    flushes: tuple[int, ...] = ()
    things: tuple[str, ...] = ()

    def mixed(self, *parts: bytes) -> str:
        """The next link of the chain."""
        hashed = hashlib.sha256(bytes.fromhex(self.digest))
        for part in parts:
            hashed.update(hashlib.sha256(part).digest())
        return hashed.hexdigest()

    def with_job(self, sense: SenseName, start_s: float, end_s: float, due_s: float) -> Chain:
        job = Job(sense, self.number, start_s, end_s, due_s)
        return replace(self, jobs=(*self.jobs, job), number=self.number + 1)


EMPTY = Chain()


def dumped(state: Chain) -> bytes:
    return MAGIC + json.dumps(asdict(state)).encode()


def loaded(data: bytes) -> Chain:
    """Raises StateIncompatible for anything else."""
    if not data.startswith(MAGIC):
        raise StateIncompatible("schema: not a chain")
    fields = json.loads(data[len(MAGIC) :])
    fields["jobs"] = tuple(Job(**job) for job in fields["jobs"])
    return Chain(**fields | {name: tuple(fields[name]) for name in ("flushes", "things")})


def stepped(
    state: Chain, media: ChunkMedia, findings: Mapping[int, Finding], is_slow: bool
) -> Chain:
    """The state after one more chunk and the findings that are due with it."""
    due = [job for job in state.jobs if job.due_s <= media.end_s]
    if [job.number for job in due] != list(findings):
        raise AssertionError(f"due are {due}, found {list(findings)}")
    sound = b"" if media.audio is None else media.audio.tobytes()
    times = struct.pack(f"<dd{len(media.picture_times_s)}d", *times_of(media))
    pictures = [picture.tobytes() for picture in media.pictures]
    words = [repr(one).encode() for one in findings.items()]
    digest = state.mixed(times, sound, *pictures, *words)
    left = tuple(job for job in state.jobs if job not in due)
    state = replace(state, count=state.count + 1, digest=digest, jobs=left)
    return _listened(state, media) if is_slow else replace(state, clock_s=media.end_s)


def times_of(media: ChunkMedia) -> tuple[float, ...]:
    return (media.start_s, media.duration_s, *media.picture_times_s)


def _listened(state: Chain, media: ChunkMedia) -> Chain:
    """The fast part of slow senses: which jobs this chunk adds."""
    due_s = media.end_s + LAG_S
    if state.open_s is not None and media.start_s - state.clock_s > HOLE_S:
        state = state.with_job("speech", state.open_s, state.clock_s, state.clock_s + LAG_S)
        state = replace(state, open_s=None)
    if media.audio is not None:
        open_s = media.start_s if state.open_s is None else state.open_s
        state = replace(state, sounds=state.sounds + 1, open_s=open_s)
        is_long = media.end_s - open_s > MAX_UTTERANCE_S - 2.0
        if state.sounds % UTTERANCE_CHUNKS == 0 or is_long:
            state = state.with_job("speech", open_s, media.end_s, due_s)
            state = replace(state, open_s=None)
    if media.pictures:
        at_s = media.picture_times_s[-1]
        state = replace(state, pictures=state.pictures + 1).with_job("people", at_s, at_s, due_s)
        if state.pictures % READING_EVERY == 0:
            state = state.with_job("reading", at_s, at_s, due_s)
    return replace(state, clock_s=media.end_s)


def ended(state: Chain) -> Chain:
    """The state at the end of a stream, with what was open as a job."""
    if state.open_s is not None:
        state = state.with_job("speech", state.open_s, state.clock_s, state.clock_s)
    digest = state.mixed(b"end")
    return replace(state, open_s=None, flushes=(*state.flushes, state.count), digest=digest)


def settled(state: Chain, findings: Mapping[int, Finding]) -> Chain:
    """An ended state with everything it waited for."""
    if [job.number for job in state.jobs] != list(findings):
        raise AssertionError(f"waits for {state.jobs}, found {list(findings)}")
    digest = state.mixed(*(repr(one).encode() for one in findings.items()))
    return replace(state, jobs=(), digest=digest)


def is_flushed(state: Chain) -> bool:
    return state.open_s is None and not state.jobs


@dataclass(slots=True)
class HashSense:
    """Finds the hash of its media, after a time; raises for the numbers that it is told."""

    name: SenseName
    delay_s: Callable[[Job], float] = lambda job: 0.0
    breaks_at: frozenset[int] = frozenset()
    worked: list[Job] = field(default_factory=list)

    def find(self, job: Job, media: JobMedia) -> Finding:
        time.sleep(self.delay_s(job))
        self.worked.append(job)
        if job.number in self.breaks_at:
            raise RuntimeError("secret detail")
        return found(job, media)


def found(job: Job, media: JobMedia) -> Finding:
    """What a sense that works finds."""
    pixels = b"" if media.picture is None else media.picture.tobytes()
    sound = b"" if media.audio is None else media.audio.tobytes()
    what = hashlib.sha256(pixels + sound).hexdigest()[:24]
    box = (0.0, 0.0, 1.0, 1.0)
    if job.sense == "speech":
        return Heard((Utterance(what, job.start_s, job.end_s, (), "en", 1.0),))
    if job.sense == "reading":
        return Read((Line(what, box, 1.0),))
    return People((Person(box, int(what[:8], 16) / 2**32),))


def slow_senses(
    delay_s: Callable[[Job], float] = lambda job: 0.0, breaks_at: Iterable[int] = ()
) -> dict[SenseName, HashSense]:
    names: tuple[SenseName, ...] = ("speech", "reading", "people")
    return {name: HashSense(name, delay_s, frozenset(breaks_at)) for name in names}


class ChainEngine:
    """Counts batches; raises on the poison sound. Without senses there are no jobs."""

    model_info = MODEL_INFO
    memory_info = MEMORY_INFO

    def __init__(
        self, senses: Mapping[SenseName, SlowSense] | None = None, noticed_every: int = 1
    ) -> None:
        self.senses = senses or {}
        self.batches: list[int] = []
        self._noticed_every = noticed_every

    def fit(self, pixels: np.ndarray) -> np.ndarray:
        return pixels

    def initial(self) -> Chain:
        return EMPTY

    def load(self, data: bytes) -> Chain:
        return loaded(data)

    def dump(self, state: Chain) -> bytes:
        return dumped(state)

    def jobs(self, state: Chain) -> tuple[Job, ...]:
        return state.jobs

    def step(
        self,
        states: Sequence[Chain],
        media: Sequence[ChunkMedia],
        findings: Sequence[Mapping[int, Finding]] = (),
    ) -> list[StepResult[Chain]]:
        self.batches.append(len(states))
        for one in media:
            if one.audio is not None and sound_bytes(one) == POISON:
                raise RuntimeError("poison")
        rows = findings or [{}] * len(states)
        return [self._one(*row) for row in zip(states, media, rows, strict=True)]

    def _one(
        self, state: Chain, media: ChunkMedia, findings: Mapping[int, Finding]
    ) -> StepResult[Chain]:
        after = stepped(state, media, findings, bool(self.senses))
        noticed = [
            Noticed(one.text, "speech", one.start_s, one.end_s, one.p)
            for finding in findings.values()
            if isinstance(finding, Heard)
            for one in finding.utterances
        ]
        if after.count % self._noticed_every == 0:
            noticed.append(Noticed("tick", "audio", media.start_s, media.end_s, 0.5))
        return StepResult(after, tuple(noticed))

    def flush(self, state: Chain) -> Chain:
        return ended(state)

    def settle(self, state: Chain, findings: Mapping[int, Finding]) -> StepResult[Chain]:
        return StepResult(settled(state, findings))

    def flushed(self, state: Chain) -> bool:
        return is_flushed(state)

    def teach(self, state: Chain, teaching: Teaching) -> tuple[Chain, dict[str, Any]]:
        if teaching.name == "nothing":
            raise BadRequest("name: nothing was seen", field="name")
        things = (*state.things, f"{teaching.name}@{teaching.asked_s}")
        return replace(state, things=things), {"things": list(things)}

    def forget(self, state: Chain, name: str) -> tuple[Chain, dict[str, Any]]:
        things = tuple(thing for thing in state.things if thing.partition("@")[0] != name)
        return replace(state, things=things), {"things": list(things)}

    def things(self, state: Chain) -> dict[str, Any]:
        return {"things": list(state.things)}

    def words(self, state: Chain, since_s: float | None, until_s: float | None) -> dict[str, Any]:
        return {"count": state.count, "since_s": since_s, "until_s": until_s}

    def answer(self, state: Chain, asking: Asking) -> Answer:
        if asking.text == "break":
            raise RuntimeError("secret detail")
        told = dumped(state).hex()
        return Answer(question=asking.text, state="answered", answer=told, confidence=1.0)

    def timeline(self, state: Chain) -> Timeline:
        return Timeline(events=())

    def summary(
        self, state: Chain, since_s: float | None = None, until_s: float | None = None
    ) -> Summary:
        return Summary(
            text="Nothing.",
            since_s=since_s or 0.0,
            until_s=until_s or 0.0,
            stretches=(),
            background=(),
            stood_out=(),
        )

    def vocabulary(self) -> dict[str, Any]:
        return {"preset": "chain", "senses": []}


def sound_bytes(media: ChunkMedia) -> bytes:
    assert media.audio is not None
    return (media.audio * 32768).astype("<i2").tobytes()


class Fold:
    """The state that must follow from chunks, one after the other, without any server.

    The media of jobs that `state` waits for is nowhere: it was put in place.
    """

    def __init__(self, state: Chain = EMPTY, *, is_slow: bool = True) -> None:
        self.state = state
        self.gaps: list[Gap] = []
        self.orphans = {job.number for job in state.jobs}
        self._is_slow = is_slow
        self._sounds: list[tuple[int, np.ndarray]] = []  # first sample, samples
        self._pictures: dict[float, bytes] = {}

    def chunk(self, chunk: Chunk) -> Chain:
        """Take a chunk in."""
        times_s = tuple(min(max(one.t, chunk.t), chunk.end_s) for one in chunk.video)
        sound = None if not chunk.audio else samples(chunk.audio)
        pixels = tuple(pixels_of(one.data) for one in chunk.video)
        media = ChunkMedia(chunk.t, chunk.d, pixels, times_s, sound)
        due = [job for job in self.state.jobs if job.due_s <= media.end_s]
        findings = {job.number: self._found(job) for job in due}
        self.state = stepped(self.state, media, findings, self._is_slow)
        if sound is not None:
            self._sounds.append((round(chunk.t * 16_000), sound))
        for at_s, picture in zip(times_s, chunk.video, strict=True):
            self._pictures[at_s] = picture.data
        self._forget()
        return self.state

    def end(self) -> Chain:
        """The stream ends here."""
        if self._is_slow and not is_flushed(self.state):
            open_state = ended(self.state)
            findings = {job.number: self._found(job) for job in open_state.jobs}
            self.state = settled(open_state, findings)
        self._sounds, self._pictures = [], {}
        return self.state

    def _found(self, job: Job) -> Finding:
        if job.number in self.orphans:
            self.gaps.append(Gap(job.start_s, job.end_s, f"{job.sense}_missing"))
            return {"speech": Heard(), "reading": Read(), "people": People()}[job.sense]
        if job.sense != "speech":
            return found(job, JobMedia(picture=pixels_of(self._pictures[job.start_s])))
        first, last = round(job.start_s * 16_000), round(job.end_s * 16_000)
        window = np.zeros(last - first, np.float32)
        for begin, sound in reversed(self._sounds):  # so that what came first counts
            low, high = max(first, begin), min(last, begin + len(sound))
            if low < high:
                window[low - first : high - first] = sound[low - begin : high - begin]
        return found(job, JobMedia(audio=window))

    def _forget(self) -> None:
        """What no job can need any more; else long folds get slow."""
        old = round((self.state.clock_s - 30.0) * 16_000)
        self._sounds = [one for one in self._sounds if one[0] > old]
        self._pictures = {at_s: one for at_s, one in self._pictures.items() if at_s * 16_000 > old}


def samples(audio: bytes) -> np.ndarray:
    return np.frombuffer(audio, "<i2").astype(np.float32) / np.float32(32768)


def pixels_of(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
