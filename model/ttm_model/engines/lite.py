"""The engine of preset `lite`: encoders, slot-write unit and reader as a fold over chunks.

Everything it needs comes from installed packages. States are values on the CPU; a step brings the
batch to the device and back. Not safe for several threads at once: a worker has one model thread.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ttm_model.asking import Asking, Teaching
from ttm_model.chunk import ChunkMedia
from ttm_model.encoders.picture import PictureEncoder, fit
from ttm_model.encoders.sound import SoundContext, SoundEncoder, initial_context
from ttm_model.encoders.text import TextEncoder
from ttm_model.encoders.weights import ALL
from ttm_model.engines.lite_state import LiteState, received, state_spec
from ttm_model.engines.naming_things import JUST_S, example_of, shown
from ttm_model.engines.noticing import PLACES, Thing, heard, seen, to_tokens
from ttm_model.engines.persons import persons
from ttm_model.engines.slow_part import Naming, SlowPart
from ttm_model.engines.spaces import PICTURES, SOUNDS, TextSpace
from ttm_model.engines.switches import Switches
from ttm_model.engines.told import passage_evidence, told_taught, told_things, told_words
from ttm_model.engines.vocabulary import vocabulary
from ttm_model.kinds import answering
from ttm_model.labels.class_keys import ClassKeys
from ttm_model.labels.picture_keys import first_scene, load_picture_keys
from ttm_model.labels.sounds import sound_space
from ttm_model.labels.space import load_space
from ttm_model.labels.things import Looking, load_calibration
from ttm_model.reader.laying_out import NAMES, view
from ttm_model.reader.taught import called, with_names
from ttm_model.reader.view import PERSON, MemoryView
from ttm_model.slow import Finding, Job, SenseName, SlowSense
from ttm_model.step_result import Noticed, StepResult
from ttm_model.tagger.checkpoint import SOUND_TAGGER
from ttm_model.tagger.classes import kind_groups
from ttm_model.tagger.encoder import TaggerEncoder
from ttm_model.taught.state import forgotten, has_room, taught
from ttm_model.taught.state import things as things_of
from ttm_model.ttm.layout import Modality
from ttm_model.ttm.state import MemoryState
from ttm_model.ttm.tokens import InputTokens, StepOutput
from ttm_model.ttm.unit import SlotUnit
from ttm_model.words.state import entries, floors
from ttm_protocol.answers import Answer, ModalityName, Summary, Timeline, to_plain
from ttm_protocol.errors import CannotTeach, ThingNotFound

SoundVersion = Literal["tagger", "voice"]
FORMAT = "slot-ttm/2"
PRESET = "lite"
CHECKPOINT = "s0"
CONTINUES_S = 0.25  # a larger hole in the media clock starts the sound context anew
NOTICED_P = 0.5
MIN_SOUND, MAX_SOUND = 1_600, 32_000  # samples that the sound encoder takes at once


class LiteEngine:
    """See the module; raises WeightsError when a weight file is not the pinned one."""

    def __init__(
        self,
        device: str = "auto",
        threads: int = 0,
        sound: SoundVersion = "tagger",
        switches: Switches | None = None,
    ) -> None:
        """`threads` 0 is one: another number of threads rounds differently on the CPU."""
        self.encoded: Callable[[str, float], None] = lambda _modality, _seconds: None
        torch.set_num_threads(threads or 1)
        self.device = torch.device(_choose(device))
        self._text = TextEncoder()
        self._pictures = PictureEncoder(self.device)
        self._sounds: SoundEncoder | TaggerEncoder
        if sound == "tagger":
            self._sounds, groups = TaggerEncoder(), kind_groups()
        else:
            self._sounds, groups = SoundEncoder(), []
        keys = load_picture_keys()
        self._looking = Looking(self._pictures.classifier, keys, load_calibration())
        self._sound_keys = ClassKeys(len(self._sounds.classes))
        sounds = sound_space(self._sounds.classes, self._text, groups)
        self._spaces: Mapping[ModalityName, TextSpace] = {
            "video": TextSpace(load_space("imagenet"), keys, self._text, PICTURES),
            "audio": TextSpace(sounds, self._sound_keys, self._text, SOUNDS),
        }
        switches = switches or Switches()
        self._slow = SlowPart(self._text, switches)
        self._vocabulary = vocabulary(
            PRESET,
            self._spaces["video"].space,
            sounds,
            groups,
            switches.speech,
            switches.reading,
            switches.people,
        )
        self._unit = SlotUnit().eval().to(self.device)
        self.layout = self._unit.config.layout
        self.schema = self._schema()
        self._state_bytes = len(self.dump(self.initial()))

    @property
    def model_info(self) -> dict[str, Any]:
        """Preset, checkpoint and the schema of its states."""
        return {"preset": PRESET, "checkpoint": CHECKPOINT, "schema": self.schema}

    @property
    def memory_info(self) -> dict[str, Any]:
        """Size of one session's memory; the same for ever."""
        return {
            "tokens": self.layout.tokens,
            "dim": self.layout.dim,
            "places": self.layout.archive,
            "bytes": self._state_bytes,
        }

    def fit(self, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """A picture (H, W, 3) at the encoder's size."""
        return fit(pixels)

    def initial(self) -> LiteState:
        """The state before the first chunk."""
        return LiteState.initial(self.layout)

    def load(self, data: bytes) -> LiteState:
        """A stored state; raises StateIncompatible where it is another model's."""
        return LiteState.load(data, self.schema, self.layout)

    def dump(self, state: LiteState) -> bytes:
        """The bytes that continue a session exactly."""
        return state.dump(self.schema, self.layout)

    # --- the fold ---------------------------------------------------------------------------------

    @torch.inference_mode()
    def step(
        self,
        states: Sequence[LiteState],
        media: Sequence[ChunkMedia],
        findings: Sequence[Mapping[int, Finding]] = (),
    ) -> list[StepResult[LiteState]]:
        """One chunk for each of B sessions; a row's result does not depend on the others."""
        began_s = time.perf_counter()
        features = self._pictures.encode([p for chunk in media for p in chunk.pictures])
        seen_s = time.perf_counter()
        contexts = [
            _sound_context(state, chunk) for state, chunk in zip(states, media, strict=True)
        ]
        sounds = self._sounds.encode([_sound(chunk) for chunk in media], contexts)
        self.encoded("video", seen_s - began_s)
        self.encoded("audio", time.perf_counter() - seen_s)
        rows: list[dict[Modality, Sequence[Thing]]] = []
        taken, scenes, whole = [], [], []
        first = 0
        for row, (state, chunk) in enumerate(zip(states, media, strict=True)):
            last = first + len(chunk.pictures)
            pictures = features.part(first, last)
            first = last
            sights, scene = seen(pictures, chunk, state.scene, self._looking)
            late = self._slow.taken_in(state, findings[row] if findings else {})
            taken.append(late)
            scenes.append(scene)
            whole.append(pictures.cells.mean(dim=1))
            names = self._spaces["audio"].names
            rows.append(
                {
                    Modality.VIDEO: sights,
                    Modality.AUDIO: heard(sounds, row, chunk, names, self._sound_keys),
                    Modality.PERSON: persons(late.came, self.layout.dim),
                }
            )
        tokens, mask = to_tokens(rows, [chunk.end_s for chunk in media], self.layout.dim)
        memory, output = self._write([state.memory for state in states], tokens, mask)
        results = []
        for row, late in enumerate(taken):
            state = replace(
                late.state,
                memory=memory.row(row),
                scene=scenes[row],
                sound=sounds.contexts[row],
                received=late.state.received.extended(media[row]),
            )
            state = self._slow.asked(state, media[row], whole[row])
            state = self._with_names(state, late.namings)
            fault = None if bool(output.healthy[row]) else "not_finite"
            noticed = (*self._noticed(state, output, row, tokens), *late.noticed)
            results.append(StepResult(state, noticed, fault))
        return results

    def _write(
        self, memories: list[MemoryState], tokens: InputTokens, mask: torch.Tensor
    ) -> tuple[MemoryState, StepOutput]:
        stacked = MemoryState.stack(memories).to(self.device)
        memory, output = self._unit.step(stacked, tokens.to(self.device), mask.to(self.device))
        return memory.to("cpu"), output.to("cpu")

    def _noticed(
        self, state: LiteState, output: StepOutput, row: int, tokens: InputTokens
    ) -> tuple[Noticed, ...]:
        """The events that began in this step, named from the slots they were written to.

        What was taught has its taught name.
        """
        places = torch.nonzero(output.fresh[row])[:, 0].tolist()
        if not places:
            return ()  # as in most steps: no taught example need be unpacked
        found, taught_things = [], things_of(state.things)
        for place in places:
            modality = Modality(int(tokens.modality[row, place]))
            name, slot = NAMES[modality], int(output.slot[row, place])
            label, score = PERSON, float(state.memory.strength[0, slot])
            if modality != Modality.PERSON:
                key, space = state.memory.tokens[0, slot], self._spaces[name]
                label, score = called(taught_things, space, name, key) or _named(space, key)
            start_s, end_s = float(tokens.start_s[row, place]), float(tokens.end_s[row, place])
            found.append(Noticed(label, name, start_s, end_s, round(score, 3)))
        return tuple(item for item in found if item.score >= NOTICED_P)

    # --- slow senses ------------------------------------------------------------------------------

    @property
    def senses(self) -> Mapping[SenseName, SlowSense]:
        """How slow jobs are worked, off the model's thread."""
        return self._slow.senses

    def jobs(self, state: LiteState) -> tuple[Job, ...]:
        """The jobs that a state waits for, in order of number."""
        return state.jobs.pending()

    @torch.inference_mode()
    def flush(self, state: LiteState) -> LiteState:
        """The end of a stream: what was open is closed, and every job is due now."""
        return self._slow.flushed(state)

    @torch.inference_mode()
    def settle(self, state: LiteState, findings: Mapping[int, Finding]) -> StepResult[LiteState]:
        """A flushed state with the findings of all its jobs taken in; the clock stays."""
        late = self._slow.taken_in(state, findings)
        came = {Modality.PERSON: persons(late.came, self.layout.dim)}
        clock_s = float(state.memory.clock_s[0])
        tokens, mask = to_tokens([came], [clock_s], self.layout.dim)
        memory, output = self._write([state.memory], tokens, mask)
        after = self._with_names(replace(late.state, memory=memory), late.namings)
        return StepResult(after, (*self._noticed(after, output, 0, tokens), *late.noticed))

    def flushed(self, state: LiteState) -> bool:
        """Whether a flush would find nothing."""
        return self._slow.nothing_open(state)

    # --- things and words -------------------------------------------------------------------------

    @torch.inference_mode()
    def teach(self, state: LiteState, teaching: Teaching) -> tuple[LiteState, dict[str, Any]]:
        """Bind what memory holds of the time told to a name; raises TTMError where it cannot."""
        until_s = float(state.memory.clock_s[0])
        until_s = until_s if teaching.asked_s is None else min(until_s, teaching.asked_s)
        until_s = until_s if teaching.until_s is None else min(until_s, teaching.until_s)
        since_s = until_s - JUST_S if teaching.since_s is None else teaching.since_s
        slot = shown(self._view(state), since_s, until_s)
        if slot is None:
            raise CannotTeach(
                f"since_s: memory holds nothing that was seen or heard from {since_s:.1f} s to "
                f"{until_s:.1f} s",
                field="since_s",
            )
        things = taught(state.things, teaching.name, [example_of(slot)], until_s)
        return replace(state, things=things), to_plain(told_taught(things, teaching.name, slot))

    def forget(self, state: LiteState, name: str) -> tuple[LiteState, dict[str, Any]]:
        """Forget what was taught under a name; raises ThingNotFound where nothing was."""
        things = forgotten(state.things, name)
        if things is state.things:
            raise ThingNotFound(f"name: no thing was taught as {name!r}", field="name")
        return replace(state, things=things), {}

    def things(self, state: LiteState) -> dict[str, Any]:
        """What was taught."""
        plain: dict[str, Any] = to_plain(told_things(state.things))
        return plain

    def words(
        self, state: LiteState, since_s: float | None, until_s: float | None
    ) -> dict[str, Any]:
        """What was said and written, as far as memory holds it."""
        hears = "speech" in self.senses
        known_s = self._slow.words_until_s(state) if hears else None
        plain: dict[str, Any] = to_plain(told_words(state.words, known_s, since_s, until_s))
        return plain

    def vocabulary(self) -> dict[str, Any]:
        """What the senses can recognise, as plain JSON (`ttm_protocol.answers.Vocabulary`)."""
        return self._vocabulary

    def _with_names(self, state: LiteState, namings: Sequence[Naming]) -> LiteState:
        """What somebody named while it was there is taught; where there is no room, it is not."""
        for naming in namings:
            slot = shown(self._view(state), naming.since_s - JUST_S, naming.until_s)
            if slot is not None and has_room(state.things, naming.name):
                example = example_of(slot)
                things = taught(
                    state.things, naming.name, [example], naming.until_s, source="voice"
                )
                state = replace(state, things=things)
        return state

    # --- reading ----------------------------------------------------------------------------------

    @torch.inference_mode()
    def answer(self, state: LiteState, asking: Asking) -> Answer:
        """Answer a question from the memory alone."""
        if asking.picture is not None:
            asking = replace(asking, picture_keys=self._keys_of(asking.picture))
        return answering.answer(asking, self._view(state), self._spaces, self._text)

    @torch.inference_mode()
    def timeline(self, state: LiteState) -> Timeline:
        """Every event that memory holds, decoded, and since when nothing was evicted."""
        memory = with_names(self._view(state), self._spaces)
        events = (
            *(slot.evidence for slot in memory.events),
            *(passage_evidence(entry) for entry in memory.words),
        )
        events = tuple(sorted(events, key=lambda event: event.start_s))
        return Timeline(events=events, coverage_since_s=memory.coverage_since_s(None))

    @torch.inference_mode()
    def summary(
        self, state: LiteState, since_s: float | None = None, until_s: float | None = None
    ) -> Summary:
        """What happened, between two media times where given."""
        return answering.summarise(self._view(state), self._spaces, since_s, until_s)

    def _keys_of(self, picture: npt.NDArray[np.uint8]) -> torch.Tensor:
        """What a question's picture shows, the whole picture first, as keys (M, d)."""
        features = self._pictures.encode([picture]).part(0, 1)
        sights = self._looking.things(features.cells[0], features.tall[0], first_scene())
        return torch.stack([sight.key for sight in sights])

    def _view(self, state: LiteState) -> MemoryView:
        memory = view(state.memory, self.layout, self._spaces, received(state))
        return replace(
            memory,
            words=entries(state.words),
            words_until_s=self._slow.words_until_s(state),
            words_floor_s=floors(state.words),
            things=things_of(state.things),
            senses=frozenset(self.senses),
        )

    def _schema(self) -> str:
        """Names everything that gives a state its meaning; another digest is another model."""
        config = self._unit.config
        parts = {
            "layout": repr(config.layout),
            "unit": repr(config),
            "places": PLACES,
            "state": repr(sorted(state_spec(self.layout).items())),
            "weights": [weights.sha256 for weights in (*ALL, SOUND_TAGGER)],
            "sounds": self._spaces["audio"].names,
            "keys": self._looking.keys.digest(),
        }
        digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
        size = f"{self.layout.tokens}x{self.layout.dim}"
        return f"{FORMAT};{PRESET};{CHECKPOINT};{size};{digest}"


def _choose(device: str) -> str:
    if device != "auto":
        return device
    return "cuda" if torch.cuda.is_available() else "cpu"


def _sound_context(state: LiteState, media: ChunkMedia) -> SoundContext:
    """The stored context, or a new one where the media clock has jumped."""
    continues = abs(media.start_s - float(state.memory.clock_s[0])) <= CONTINUES_S
    return state.sound if continues else initial_context()


def _sound(media: ChunkMedia) -> npt.NDArray[np.float32] | None:
    """The chunk's sound at a length that the encoder takes: short ones are filled with silence."""
    if media.audio is None:
        return None
    sound = media.audio[:MAX_SOUND]
    if len(sound) < MIN_SOUND:
        sound = np.concatenate([sound, np.zeros(MIN_SOUND - len(sound), np.float32)])
    return sound


def _named(space: TextSpace, key: Tensor) -> tuple[str, float]:
    """The likeliest class of a key (d,), and how sure its name is."""
    posterior = space.decode(key[None])[0]
    best = int(posterior.argmax())
    return space.names[best], space.naming(float(posterior[best]))
