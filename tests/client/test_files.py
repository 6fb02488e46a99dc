"""Chunks from real files that the tests write with PyAV."""

import io
import itertools

import av
import numpy as np
import pytest
from PIL import Image

from ttm_client import FileSource
from ttm_protocol.errors import MediaError
from ttm_protocol.messages import validate_chunk

SECONDS = 3.3
FPS = 10


def write(path, codec="libx264", audio="aac", seconds=SECONDS, rate=44_100, width=320):
    """A file whose picture gets brighter and whose sound is a 440 Hz tone from second 1 on."""
    with av.open(str(path), "w") as container:
        video = container.add_stream(codec, rate=FPS) if codec else None
        sound = container.add_stream(audio, rate=rate, layout="stereo") if audio else None
        if video:
            video.width, video.height, video.pix_fmt = width, 240, "yuv420p"
            for i in range(round(seconds * FPS)):
                pixels = np.full((240, width, 3), min(255, 20 + 6 * i), np.uint8)
                frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
                container.mux(video.encode(frame))
            container.mux(video.encode(None))
        if sound:
            t = np.arange(round(seconds * rate)) / rate
            tone = np.where(t >= 1.0, 0.5 * np.sin(2 * np.pi * 440 * t), 0.0).astype(np.float32)
            frame = av.AudioFrame.from_ndarray(np.stack([tone, tone]), "fltp", "stereo")
            frame.sample_rate = rate
            container.mux(sound.encode(frame))
            container.mux(sound.encode(None))
    return path


@pytest.mark.parametrize(
    ("name", "codec", "audio"),
    [("a.mp4", "libx264", "aac"), ("a.webm", "libvpx", "libopus"), ("a.mkv", "libx264", "ac3")],
)
def test_chunks_of_every_container_are_whole_and_in_time(tmp_path, name, codec, audio):
    chunks = list(FileSource(write(tmp_path / name, codec, audio, rate=48_000)))
    for seq, chunk in enumerate(chunks, start=1):
        validate_chunk(chunk.numbered(seq))
    assert [chunk.t for chunk in chunks] == [0.5 * i for i in range(len(chunks))]
    assert abs(chunks[-1].t + chunks[-1].d - SECONDS) < 0.15
    assert all(len(chunk.pictures) == 1 for chunk in chunks[:-1])
    sound = np.frombuffer(b"".join(chunk.audio or b"" for chunk in chunks), "<i2") / 32768
    loud = np.abs(sound[: 16_000 * 3]).reshape(-1, 800).max(axis=1) > 0.2
    assert abs(np.argmax(loud) * 0.05 - 1.0) <= 0.1
    spectrum = np.abs(np.fft.rfft(sound[24_000:40_000]))
    assert np.argmax(spectrum) == 440
    brightness = [
        np.asarray(Image.open(io.BytesIO(chunk.pictures[0].data))).mean()
        for chunk in chunks
        if chunk.pictures
    ]
    assert brightness == sorted(brightness)


def test_picture_only_and_sound_only_files_work(tmp_path):
    silent = list(FileSource(write(tmp_path / "v.mp4", audio=None)))
    assert all(chunk.audio is None and chunk.pictures for chunk in silent)
    blind = list(FileSource(write(tmp_path / "a.mp4", codec=None)))
    assert all(chunk.audio and not chunk.pictures for chunk in blind)


def test_large_pictures_are_scaled_down(tmp_path):
    first = next(iter(FileSource(write(tmp_path / "wide.mp4", width=1280, seconds=1.0))))
    assert max(Image.open(io.BytesIO(first.pictures[0].data)).size) == 480


def test_several_pictures_a_chunk_are_spread_over_it(tmp_path):
    chunks = list(FileSource(write(tmp_path / "a.mp4"), pictures_per_chunk=2))
    times = [picture.t for picture in chunks[1].pictures]
    assert len(times) == 2
    assert 0.5 <= times[0] < times[1] < 1.0


def test_what_is_no_media_is_refused(tmp_path):
    path = tmp_path / "text.mp4"
    path.write_text("this is no film")
    with pytest.raises(MediaError, match=r"text\.mp4"):
        list(FileSource(path))
    with pytest.raises(MediaError, match="missing"):
        list(FileSource(tmp_path / "missing.mp4"))


def test_a_file_cut_off_in_the_middle_gives_what_is_there(tmp_path):
    whole = write(tmp_path / "a.mkv", "libx264", "aac")
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    chunks = list(itertools.islice(FileSource(cut), 20))
    for seq, chunk in enumerate(chunks, start=1):
        validate_chunk(chunk.numbered(seq))
