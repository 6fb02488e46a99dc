"""The lite engine with its real encoders on real media: the fold is exact, however it is run."""

import itertools
from dataclasses import replace
from importlib.resources import as_file, files

import numpy as np
import pytest
import torch

from ttm_client.files import FileSource
from ttm_model.asking import Asking, Teaching
from ttm_model.chunk import ChunkMedia
from ttm_model.engines.lite import LiteEngine
from ttm_model.engines.lite_state import received
from ttm_model.questions.understand import understand
from ttm_model.serial import schema_of, to_bytes
from ttm_protocol.errors import StateIncompatible
from ttm_server.media import decode_chunk

CHUNKS = 36


@pytest.fixture(scope="module")
def engine():
    return LiteEngine("cpu", threads=1)


@pytest.fixture(scope="module")
def media(engine):
    with as_file(files("ttm_client.demo") / "clip.mp4") as clip:
        chunks = list(itertools.islice(FileSource(clip), CHUNKS))
    return [
        decode_chunk(chunk.numbered(seq), engine.fit).media
        for seq, chunk in enumerate(chunks, start=1)
    ]


def fold(engine, media, state=None):
    state = engine.initial() if state is None else state
    for one in media:
        state = engine.step([state], [one])[0].state
    return state


@pytest.fixture(scope="module")
def whole(engine, media):
    return engine.dump(fold(engine, media))


def test_save_load_continue_equals_uninterrupted_bit_for_bit(engine, media, whole):
    half = engine.dump(fold(engine, media[:17]))
    assert engine.dump(fold(engine, media[17:], engine.load(half))) == whole


def test_saving_after_every_step_changes_nothing(engine, media, whole):
    state = engine.initial()
    for one in media:
        state = engine.load(engine.dump(engine.step([state], [one])[0].state))
    assert engine.dump(state) == whole


def test_a_session_alone_equals_the_same_session_inside_a_batch_bit_for_bit(engine, media, whole):
    """Three sessions at different places of the clip in one batch, with and without media."""
    states = [engine.initial() for _ in range(3)]
    for i in range(CHUNKS):
        other = media[(i + 11) % CHUNKS]
        batch = [other, media[i], ChunkMedia(other.start_s, 0.5)]
        states = [result.state for result in engine.step(states, batch)]
    assert engine.dump(states[1]) == whole


def test_a_stored_memory_has_the_same_number_of_bytes_at_any_time(engine, media, whole):
    assert len(engine.dump(engine.initial())) == len(whole) == engine.memory_info["bytes"]


def test_another_schema_is_refused_by_name(engine, whole):
    with pytest.raises(StateIncompatible, match="schema"):
        engine.load(whole.replace(b"slot-ttm/2", b"slot-ttm/9", 1))
    assert schema_of(whole) == engine.schema


def test_a_state_of_the_format_before_is_refused_by_name(engine, whole):
    """It had six events as digits of one token's numbers."""
    before = "slot-ttm/1;lite;s0;96x256;0123456789abcdef"
    data = to_bytes({"memory.item_scale": torch.zeros(1, 96, 6)}, before)
    with pytest.raises(StateIncompatible, match=r"slot-ttm/1.* this model continues 'slot-ttm/2"):
        engine.load(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"short",
        bytes(64),
        b"\xff" * 100,
        b"\x10\0\0\0\0\0\0\0{not json}......",
        bytes(200_000),
    ],
)
def test_bytes_that_are_no_state_are_refused(engine, data):
    with pytest.raises(StateIncompatible):
        engine.load(data)


def test_a_state_with_other_shapes_is_refused(engine):
    state = engine.initial()
    tensors = {"memory." + n: t for n, t in state.memory.tensors().items()}
    with pytest.raises(StateIncompatible, match="missing or unknown"):
        engine.load(to_bytes(tensors, engine.schema))
    wrong = dict(tensors, **{"scene.mean": state.scene[:10]})
    with pytest.raises(StateIncompatible):
        engine.load(to_bytes(wrong, engine.schema))


def test_truncated_bytes_are_refused(engine, whole):
    for length in (4, 100, len(whole) // 2, len(whole) - 1):
        with pytest.raises(StateIncompatible):
            engine.load(whole[:length])


def test_chunks_of_every_allowed_shape_are_folded(engine, media):
    state = engine.initial()
    sounds = [None, np.zeros(3, np.float32), np.zeros(33_600, np.float32), media[20].audio]
    for i, sound in enumerate(sounds):
        pictures = media[12].pictures * i
        times = tuple(2.0 * i + 0.4 * k for k in range(i))
        state = engine.step([state], [ChunkMedia(2.0 * i, 2.0, pictures, times, sound)])[0].state
    assert float(state.memory.clock_s[0]) == 8.0


def test_a_sound_that_is_not_finite_harms_no_other_session(engine, media):
    bad = ChunkMedia(0.0, 0.5, audio=np.full(8000, np.nan, np.float32))
    with pytest.raises(Exception, match="finite"):
        engine.step([engine.initial()], [bad])
    assert fold(engine, media[:2]) is not None


def test_answers_come_from_the_memory_alone(engine, media, whole):
    """Swapped memories swap answers; a zeroed one abstains."""
    macaw = engine.load(whole)
    empty = engine.initial()
    text = "Did you see a macaw?"
    asking = Asking(text, understand(text))
    assert engine.answer(macaw, asking).state == "answered"
    assert engine.answer(empty, asking).state == "not_received"
    kept = macaw.memory.archive
    archive = kept.updated(scale=kept.scale * 0)
    memory = macaw.memory.updated(tokens=macaw.memory.tokens * 0, archive=archive)
    zeroed = replace(macaw, memory=memory)
    assert engine.answer(zeroed, asking).state == "not_seen"


def test_the_state_tells_what_each_sense_received(engine, media):
    """The clip begins with pictures and sound; then pictures alone, then nothing, then sound."""
    both, after = media[:8], media[8:16]
    silent = [replace(one, audio=None) for one in after]
    end_s = after[-1].end_s
    rest = [ChunkMedia(end_s, 2.0), ChunkMedia(end_s + 2.0, 0.5, audio=media[0].audio)]
    state = fold(engine, both + silent + rest)
    want = {
        "video": ((both[0].start_s, end_s),),
        "audio": ((both[0].start_s, both[-1].end_s), (end_s + 2.0, end_s + 2.5)),
    }
    assert received(state) == received(engine.load(engine.dump(state))) == want


def test_the_schema_names_the_model(engine):
    assert engine.model_info["schema"].startswith("slot-ttm/2;lite;s0;60x256;")


def test_what_was_taught_is_noticed_by_its_name(engine, media):
    """A thing of the clip gets a name, and is shown once more after a pause."""
    state = fold(engine, media)
    sights = [e for e in engine.timeline(state).events if e.modality == "video"]
    shown = max(sights, key=lambda event: event.score)
    state, taught = engine.teach(state, Teaching("Rex", shown.start_s, shown.end_s))
    labels = set()
    for at, one in enumerate(media):
        start_s = 60.0 + at * 0.5
        times = tuple(t - one.start_s + start_s for t in one.picture_times_s)
        again = replace(one, start_s=start_s, picture_times_s=times)
        result = engine.step([state], [again])[0]
        state = result.state
        labels |= {noticed.label for noticed in result.noticed}
    assert "Rex" in labels
    assert taught["label"] not in labels
