"""Network sources from real servers on loopback: RTSP that breaks off, HTTP files and streams."""

import contextlib
import http.server
import itertools
import socket
import threading
import time

import numpy as np
import pytest

from client.rtsp import RtspCamera
from client.test_files import write
from ttm_client import UrlSource
from ttm_protocol.errors import MediaError
from ttm_protocol.messages import validate_chunk


def taken(source, into=None):
    chunks = [] if into is None else into
    for seq, chunk in enumerate(source, start=1):
        validate_chunk(chunk.numbered(seq))
        chunks.append(chunk)
    return chunks


def tone_hz(chunks):
    sound = np.frombuffer(b"".join(chunk.audio or b"" for chunk in chunks), "<i2")
    return np.argmax(np.abs(np.fft.rfft(sound))) * 16_000 / len(sound)


def test_an_rtsp_camera_that_breaks_off_is_opened_again_on_the_same_clock():
    with RtspCamera(seconds=1.5, plays=2) as camera:
        source = UrlSource(camera.url, reconnect_for_s=1.0)
        assert source.live
        chunks = []
        with contextlib.suppress(MediaError):  # at last it stays away
            taken(source, chunks)
        assert camera.played == 2
    assert all(one.t + one.d <= next_.t + 1e-6 for one, next_ in itertools.pairwise(chunks))
    [lost] = [chunk for chunk in chunks if chunk.gap is not None]
    place = chunks.index(lost)
    before = chunks[place - 1]
    assert lost.gap.reason == "source_lost"
    assert lost.gap.t0 == before.t + before.d
    assert lost.gap.t1 == lost.t
    for part in (chunks[:place], chunks[place:]):
        assert sum(chunk.d for chunk in part) == pytest.approx(1.5, abs=0.3)
        assert sum(len(chunk.pictures) for chunk in part) >= 2
        assert abs(tone_hz(part) - 440) < 6


def test_a_camera_that_stalls_is_given_up_in_time_and_its_password_is_not_told():
    with RtspCamera(seconds=2.5, plays=1, stall=True) as camera:
        source = UrlSource(camera.url, open_timeout_s=3, read_timeout_s=0.6, reconnect_for_s=0.5)
        chunks = []
        with pytest.raises(MediaError, match=r"did not come back within 0\.5 s") as failed:
            taken(source, chunks)
        assert sum(chunk.d for chunk in chunks) == pytest.approx(2.5, abs=0.3)
        assert "secret" not in str(failed.value)
        assert "127.0.0.1" in str(failed.value)


def test_a_stop_ends_a_live_source_with_what_it_has():
    with RtspCamera(seconds=30.0) as camera:
        source = UrlSource(camera.url)
        seen = []
        for chunk in source:
            seen.append(chunk)
            source.stop()
        assert 1 <= len(seen) <= 4


@pytest.mark.parametrize("address", ["rtsp://u:secret@127.0.0.1:9/x", "http://127.0.0.1:9/x.mp4"])
def test_an_address_that_never_worked_is_refused_at_once(address):
    with pytest.raises(MediaError, match=r"127\.0\.0\.1:9/.*refused") as failed:
        taken(UrlSource(address))
    assert "secret" not in str(failed.value)


def test_an_address_that_never_answers_is_refused_in_time():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        address = f"rtsp://127.0.0.1:{listener.getsockname()[1]}/x"
        with pytest.raises(MediaError, match=r"no answer within 0\.5 s"):
            taken(UrlSource(address, open_timeout_s=0.5))


class Files(http.server.BaseHTTPRequestHandler):
    """One file: whole, with ranges, in chunks as it grows, or cut off half-way the first time."""

    protocol_version = "HTTP/1.1"
    data = b""
    asked: list = []

    def do_GET(self):
        start = 0
        if (wanted := self.headers.get("Range")) and self.path != "/growing":
            start = int(wanted.removeprefix("bytes=").partition("-")[0])
        self.asked.append((self.path, start))
        if self.path == "/missing":
            self.send_error(404)
            return
        if self.path == "/growing":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for at in range(0, len(self.data), 4096):
                part = self.data[at : at + 4096]
                self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
                time.sleep(0.01)
            self.wfile.write(b"0\r\n\r\n")
            return
        rest = self.data[start:]
        self.send_response(206 if start else 200)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(rest)))
        if start:
            end = len(self.data) - 1
            self.send_header("Content-Range", f"bytes {start}-{end}/{len(self.data)}")
        self.end_headers()
        if self.path == "/breaks" and start == 0:
            rest = rest[: len(rest) // 2]
            self.close_connection = True
        self.wfile.write(rest)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    path = write(tmp_path_factory.mktemp("http") / "a.mkv", "libx264", "aac", seconds=4.0)

    class Served(Files):
        data = path.read_bytes()

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Served) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", Served
        finally:
            server.shutdown()
            thread.join(10)


@pytest.mark.parametrize("name", ["whole", "breaks", "growing"])
def test_a_file_over_http_is_whole(files, name):
    base, served = files
    source = UrlSource(f"{base}/{name}")
    assert not source.live
    chunks = taken(source)
    assert [chunk.t for chunk in chunks] == [0.5 * i for i in range(8)]
    assert all(len(chunk.pictures) == 1 and chunk.gap is None for chunk in chunks)
    if name == "breaks":
        assert any(path == "/breaks" and start > 0 for path, start in served.asked)


def test_an_http_stream_can_be_live(files):
    source = UrlSource(f"{files[0]}/growing", live=True, reconnect_for_s=0.0)
    assert source.live
    assert source.duration_s() is None
    assert sum(chunk.d for chunk in taken(source)) == pytest.approx(4.0, abs=0.2)


def test_a_length_is_asked_for_and_what_is_missing_is_said(files):
    assert UrlSource(f"{files[0]}/whole").duration_s() == pytest.approx(4.0, abs=0.2)
    with pytest.raises(MediaError, match=r"/missing: .*404"):
        taken(UrlSource(f"{files[0]}/missing"))
