"""Which source a name stands for."""

from pathlib import Path

import pytest

from ttm_client import CaptureSource, FileSource, UrlSource, open_source
from ttm_client.files import PIPE


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("camera", {"camera": ("/dev/video0", "v4l2")}),
        ("camera:/dev/video2", {"camera": ("/dev/video2", "v4l2")}),
        ("microphone:alsa:hw:1", {"microphone": ("hw:1", "alsa")}),
        (
            "camera:lavfi:testsrc=rate=1+microphone:lavfi:sine",
            {"camera": ("testsrc=rate=1", "lavfi"), "microphone": ("sine", "lavfi")},
        ),
        (
            "microphone:alsa:hw:1+camera",
            {"camera": ("/dev/video0", "v4l2"), "microphone": ("hw:1", "alsa")},
        ),
    ],
)
def test_devices(monkeypatch, name, names):
    monkeypatch.setattr("sys.platform", "linux")
    source = open_source(name)
    assert isinstance(source, CaptureSource)
    assert {kind: (one.name, one.format) for kind, one in source._inputs.items()} == names


@pytest.mark.parametrize(
    ("address", "live"),
    [("rtsp://camera/1", True), ("http://host/film.mp4", False), ("https://h/x.webm", False)],
)
def test_addresses(address, live):
    source = open_source(address)
    assert isinstance(source, UrlSource)
    assert source.live is live
    assert open_source(address, live=True).live


@pytest.mark.parametrize("name", ["film.mp4", "camera.mp4", "microphones", "camera+film.mp4"])
def test_everything_else_is_a_file(name):
    assert isinstance(open_source(name), FileSource)
    assert isinstance(open_source(Path("camera")), FileSource)
    assert open_source("-").source == PIPE
    assert open_source("-").duration_s() is None
