"""Cameras and microphones: FFmpeg's own test pictures and tones at real pace, and what fails."""

import itertools

import av
import numpy as np
import pytest

from ttm_client import CameraSource, CaptureSource, DeviceInput, MicrophoneSource
from ttm_client.device_inputs import advice, built_in, device_input, let_alsa_find_its_files
from ttm_protocol.errors import MediaError
from ttm_protocol.messages import validate_chunk

pytestmark = pytest.mark.skipif(
    "lavfi" not in av.formats_available, reason="this build of PyAV has no lavfi input"
)
PICTURES = DeviceInput("testsrc=size=160x120:rate=10,realtime", "lavfi")
TONE = DeviceInput("sine=frequency=440:sample_rate=48000,arealtime", "lavfi")


def first(source, count):
    chunks = list(itertools.islice(source, count))
    for seq, chunk in enumerate(chunks, start=1):
        validate_chunk(chunk.numbered(seq))
    return chunks


def samples(chunks):
    return np.frombuffer(b"".join(chunk.audio for chunk in chunks), "<i2") / 32768


def test_a_camera_and_a_microphone_share_one_clock():
    source = CaptureSource(PICTURES, TONE)
    assert source.live
    chunks = first(source, 4)
    assert [chunk.t for chunk in chunks] == [0.0, 0.5, 1.0, 1.5]
    assert all(len(chunk.pictures) == 1 and len(chunk.audio) == 16_000 for chunk in chunks)
    sound = samples(chunks)[16_000:]
    assert abs(np.argmax(np.abs(np.fft.rfft(sound))) * 16_000 / len(sound) - 440) < 2


def test_a_camera_alone_and_a_microphone_alone():
    seen = first(CameraSource(PICTURES, pictures_per_chunk=2), 3)
    assert all(chunk.audio is None and len(chunk.pictures) == 2 for chunk in seen)
    heard = first(MicrophoneSource(TONE), 3)
    assert all(not chunk.pictures and len(chunk.audio) == 16_000 for chunk in heard)


def test_a_device_that_ends_and_a_stop_end_the_chunks():
    short = DeviceInput("sine=duration=1.2,arealtime", "lavfi")
    assert sum(chunk.d for chunk in MicrophoneSource(short)) == pytest.approx(1.2, abs=0.1)
    source = CaptureSource(PICTURES, TONE)
    seen = []
    for chunk in source:
        seen.append(chunk)
        source.stop()
    assert 1 <= len(seen) <= 4


def test_lost_sound_becomes_silence_and_a_gap():
    """The device's own clock jumps ahead by 300 ms, as after an overrun."""
    lossy = DeviceInput(
        "sine=frequency=440:sample_rate=16000,asetpts='PTS+if(gt(T,0.7),0.3/TB,0)',arealtime",
        "lavfi",
    )
    chunks = first(MicrophoneSource(lossy), 4)
    gaps = [chunk.gap for chunk in chunks if chunk.gap is not None]
    assert [gap.reason for gap in gaps] == ["capture"]
    assert gaps[0].t1 - gaps[0].t0 == pytest.approx(0.3, abs=0.02)
    assert 0.6 <= gaps[0].t0 <= 0.85
    lost = samples(chunks)[round(gaps[0].t0 * 16_000) + 80 : round(gaps[0].t1 * 16_000) - 80]
    assert not lost.any()


@pytest.mark.parametrize(
    ("kind", "given", "told"),
    [
        ("camera", DeviceInput("/dev/video-none", "v4l2"), "No such file"),
        ("camera", "/dev/null", "camera"),
        ("microphone", "hw:77", "microphone"),
        ("camera", DeviceInput("x", "nothing"), "has no nothing input"),
        ("camera", DeviceInput("sine", "lavfi"), "no such stream"),
    ],
)
def test_a_device_that_cannot_be_opened_says_what_to_do(kind, given, told):
    source = CaptureSource(**{"camera": None, "microphone": None} | {kind: given})
    with pytest.raises(MediaError, match=told) as failed:
        list(source)
    assert failed.value.field == kind
    assert str(failed.value).startswith(kind)
    assert "; " in str(failed.value)


def test_a_device_that_goes_silent_is_told():
    """After some frames the next one comes four seconds later."""
    graph = "testsrc=size=32x32:rate=10,setpts='PTS+if(gt(N,8),4/TB,0)',realtime=limit=10"
    stuck = DeviceInput(graph, "lavfi")
    with pytest.raises(MediaError, match="nothing came for 1 s"):
        list(CaptureSource(stuck, None, silent_after_s=1.0))


@pytest.mark.parametrize(
    ("platform", "kind", "device", "expected"),
    [
        ("linux", "camera", None, ("/dev/video0", "v4l2")),
        ("linux", "camera", "/dev/video3", ("/dev/video3", "v4l2")),
        ("linux", "microphone", "alsa:hw:1", ("hw:1", "alsa")),
        ("linux", "camera", "lavfi:testsrc", ("testsrc", "lavfi")),
        ("darwin", "camera", None, ("0:none", "avfoundation")),
        ("darwin", "microphone", "1", ("none:1", "avfoundation")),
        ("win32", "camera", "Integrated Camera", ("video=Integrated Camera", "dshow")),
        ("win32", "microphone", "Mic: array", ("audio=Mic: array", "dshow")),
    ],
)
def test_every_platform_has_its_own_input(platform, kind, device, expected):
    given = device_input(kind, device, platform)
    assert (given.name, given.format) == expected
    assert advice(kind, given)


def test_every_input_of_this_platform_that_is_built_in_has_its_own_advice():
    assert built_in("rtsp")
    assert not built_in("nothing")
    for name in ("v4l2", "alsa"):
        if built_in(name):
            assert "connected" in advice("camera", DeviceInput("x", name))


def test_no_default_and_no_device_at_all_are_said():
    with pytest.raises(MediaError, match="Windows has no default"):
        device_input("camera", None, "win32")
    with pytest.raises(MediaError, match="emscripten"):
        device_input("microphone", None, "emscripten")
    with pytest.raises(MediaError, match="at least one"):
        CaptureSource(None, None)


def test_alsa_is_told_where_its_files_are_unless_the_user_has_told_it():
    variables = {"ALSA_CONFIG_PATH": "/mine"}
    let_alsa_find_its_files(variables)
    assert variables["ALSA_CONFIG_PATH"] == "/mine"


@pytest.mark.skipif("alsa" not in av.formats_available, reason="this build of PyAV has no ALSA")
def test_a_microphone_over_alsa(tmp_path, monkeypatch):
    """ALSA's own file plugin plays a recording in the place of a card."""
    t = np.arange(16_000 * 20) / 16_000
    (tmp_path / "tone.raw").write_bytes((np.sin(2 * np.pi * 440 * t) * 20_000).astype("<i2"))
    (tmp_path / "alsa.conf").write_text(
        "pcm.recording { type file  slave.pcm nothing  file /dev/null\n"
        f'  infile "{tmp_path}/tone.raw"  format raw }}\n'
        "pcm.nothing { type null }\nctl.nothing { type null }\n"
    )
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "alsa.conf"))
    given = DeviceInput("recording", "alsa", {"channels": "1", "sample_rate": "16000"})
    sound = samples(first(MicrophoneSource(given), 3))
    assert abs(np.argmax(np.abs(np.fft.rfft(sound))) * 16_000 / len(sound) - 440) < 2
