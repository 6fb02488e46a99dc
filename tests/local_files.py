"""Pieces of films, and folders behind a web server, for tests that need them."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import av


def cut(source: Path, target: Path, seconds: float) -> None:
    """The first seconds of a film, its packets as they are."""
    with av.open(str(source)) as whole, av.open(str(target), "w") as part:
        streams = [whole.streams.video[0], whole.streams.audio[0]]
        copies = {stream.index: part.add_stream_from_template(stream) for stream in streams}
        for packet in whole.demux(*streams):
            if packet.dts is not None and packet.pts * packet.time_base < seconds:
                packet.stream = copies[packet.stream.index]
                part.mux(packet)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a web server on loopback that serves a folder."""
    handler = partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join(10)
