"""A small RTSP camera on loopback: H.264 and PCMU, RTP interleaved in the RTSP connection."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import struct
import threading
import time
from collections.abc import Iterator
from typing import Any, Self

import av
import numpy as np

FPS, RATE_HZ, BLOCK = 10, 8_000, 800
SDP = """v=0
o=- 0 0 IN IP4 127.0.0.1
s=test
c=IN IP4 127.0.0.1
t=0 0
m=video 0 RTP/AVP 96
a=rtpmap:96 H264/90000
a=fmtp:96 packetization-mode=1
a=control:track0
m=audio 0 RTP/AVP 0
a=rtpmap:0 PCMU/8000
a=control:track1
"""


class RtspCamera:
    """Plays `seconds` of pictures and a 440 Hz tone to each of at most `plays` viewers, then cuts.

    Pictures get brighter. With `stall` it keeps the connection and sends nothing more. Whoever
    comes after the last is refused.
    """

    def __init__(self, seconds: float, plays: int = 1, stall: bool = False) -> None:
        self.seconds, self.plays, self.stall = seconds, plays, stall
        self.played = 0
        self.over = threading.Event()
        camera = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    _serve(camera, self.rfile, self.request)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        return f"rtsp://viewer:secret@127.0.0.1:{self._server.server_address[1]}/live"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()


def _serve(camera: RtspCamera, requests: Any, out: socket.socket) -> None:
    while line := requests.readline():
        method, url, _ = line.decode().split(" ", 2)
        headers = {}
        while (field := requests.readline().decode().strip()) != "":
            name, _, value = field.partition(":")
            headers[name.lower()] = value.strip()
        answer = [f"CSeq: {headers['cseq']}", "Session: 1"]
        status, body = "200 OK", ""
        if method == "DESCRIBE":
            if camera.played >= camera.plays:
                status = "404 Not Found"
            else:
                body = SDP.replace("\n", "\r\n")
                answer += [f"Content-Base: {url}/", "Content-Type: application/sdp"]
        elif method == "OPTIONS":
            answer.append("Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN")
        elif method == "SETUP":
            first = 2 * int(url[-1])
            answer.append(f"Transport: RTP/AVP/TCP;unicast;interleaved={first}-{first + 1}")
        head = "\r\n".join([f"RTSP/1.0 {status}", *answer, f"Content-Length: {len(body)}", "", ""])
        out.sendall((head + body).encode())
        if method == "PLAY":
            camera.played += 1
            for packet in _packets(camera.seconds):
                out.sendall(packet)
            if camera.stall:
                camera.over.wait(30)
            return
        if method == "TEARDOWN":
            return


def _packets(seconds: float) -> Iterator[bytes]:
    """RTP and RTCP packets, framed for the RTSP connection, at about their own pace."""
    with contextlib.ExitStack() as stack:
        tracks = []
        for _ in range(2):
            ports = _pair(stack)
            port = ports[0].getsockname()[1]
            muxer = stack.enter_context(
                av.open(f"rtp://127.0.0.1:{port}?pkt_size=1200", "w", format="rtp")
            )
            tracks.append((muxer, ports))
        video = tracks[0][0].add_stream("libx264", rate=FPS, options={"tune": "zerolatency"})
        video.width, video.height, video.pix_fmt, video.gop_size = 160, 120, "yuv420p", 5
        audio = tracks[1][0].add_stream("pcm_mulaw", rate=RATE_HZ, layout="mono")
        for number in range(round(seconds * FPS)):
            pixels = np.full((120, 160, 3), min(255, 20 + 5 * number), np.uint8)
            tracks[0][0].mux(video.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
            t = (np.arange(BLOCK) + number * BLOCK) / RATE_HZ
            tone = (10_000 * np.sin(2 * np.pi * 440 * t)).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(tone[None], "s16", "mono")
            frame.sample_rate, frame.pts = RATE_HZ, number * BLOCK
            tracks[1][0].mux(audio.encode(frame))
            time.sleep(0.09)
            for place, (_, ports) in enumerate(tracks):
                for offset, port in enumerate(ports):
                    with contextlib.suppress(BlockingIOError):
                        while data := port.recv(65_536):
                            yield struct.pack(">cBH", b"$", 2 * place + offset, len(data)) + data


def _pair(stack: contextlib.ExitStack) -> list[socket.socket]:
    """Two UDP ports, an even one for RTP and the next for RTCP."""
    while True:
        ports = [socket.socket(type=socket.SOCK_DGRAM) for _ in range(2)]
        try:
            ports[0].bind(("127.0.0.1", 0))
            number = ports[0].getsockname()[1]
            if number % 2 == 0:
                ports[1].bind(("127.0.0.1", number + 1))
                for port in ports:
                    port.setblocking(False)
                    stack.callback(port.close)
                return ports
        except OSError:
            pass
        for port in ports:
            port.close()
