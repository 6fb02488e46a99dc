"""The work of one decoder thread: bytes in, numbered chunks out. Knows no socket and no store."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ttm_protocol.errors import MediaError, TTMError
from ttm_protocol.messages import DEFAULT_LIMITS, Chunk
from ttm_server.gateway.containers.container import Container, Resampler
from ttm_server.gateway.containers.cutter import Cutter
from ttm_server.gateway.containers.handoff import AbortedError, Handoff
from ttm_server.gateway.containers.pipe import BytePipe
from ttm_server.gateway.containers.stills import Stills
from ttm_server.gateway.containers.timeline import Timeline
from ttm_server.gateway.metrics import Metrics
from ttm_server.gateway.problems import report_unexpected

_log = logging.getLogger("ttm_server.gateway.containers")


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where a connection's chunks and its first container begin.

    `end_s`: media time up to which the session has chunks; None where it has none. `start_s`: where
    the container's first timestamp lies; `zero_s`: where its timestamp zero lies, if known.
    """

    next_seq: int
    end_s: float | None
    start_s: float
    zero_s: float | None = None


class Decoder:
    """One thread that reads a pipe to its end and hands chunks over."""

    def __init__(self, pipe: BytePipe, handoff: Handoff, metrics: Metrics) -> None:
        self._pipe = pipe
        self._handoff = handoff
        self._metrics = metrics
        self._cpu_s = 0.0

    def start(self, begin: Callable[[], Beginning], over: Callable[[], None]) -> threading.Thread:
        """Run; `begin` is asked when the first bytes are there, `over` called at the very end."""

        def work() -> None:
            try:
                self._handoff.finish(self._outcome(begin))
            finally:
                over()

        # A daemon: a decoder that hangs must not keep the process from ending.
        thread = threading.Thread(target=work, name="container-decoder", daemon=True)
        thread.start()
        return thread

    def _outcome(self, begin: Callable[[], Beginning]) -> Exception | None:
        try:
            self._run(begin)
        except AbortedError:
            return None
        except TTMError as error:
            return error
        except Exception as error:
            return TTMError(f"an internal error; reference {report_unexpected(error)}")
        return None

    def _run(self, begin: Callable[[], Beginning]) -> None:
        head = self._pipe.begin()
        if not head:
            return
        beginning = begin()
        cutter = Cutter(beginning.next_seq, beginning.end_s)
        start_s, zero_s = beginning.start_s, beginning.zero_s
        while head:
            self._container(head, cutter, Timeline(start_s, zero_s))
            self._hand_over(cutter.flush())
            head = self._pipe.next_container()
            start_s, zero_s = cutter.end_s, None

    def _container(self, head: bytes, cutter: Cutter, timeline: Timeline) -> None:
        container = Container(self._pipe, head)
        sounds, stills = Resampler(), Stills()
        try:
            cutter.begin(container.names, container.lag_s)
            is_first = True
            for name, stamp_s, frame in container.frames():
                length_s = frame.samples / frame.sample_rate if name == "audio" else 0.0
                time_s, is_gap = timeline.place(name, stamp_s, length_s)
                if is_gap or (is_first and cutter.is_behind(time_s)):
                    self._hand_over(cutter.flush())
                    cutter.skip_to(time_s)
                is_first = False
                if not 0.0 <= time_s <= DEFAULT_LIMITS.max_time_s:
                    continue
                if name == "audio":
                    cutter.add_sound(time_s, sounds.samples(frame))
                else:
                    wanted = cutter.wants_picture(time_s)
                    cutter.add_picture(time_s, stills.jpeg(frame) if wanted else None)
                self._hand_over(cutter.cut())
        finally:
            self._metrics.webm_damaged.inc(container.damaged)
            container.close()

    def _hand_over(self, chunks: Iterable[Chunk]) -> None:
        for chunk in chunks:
            cpu_s = time.thread_time()
            self._metrics.webm_cpu.inc(cpu_s - self._cpu_s)
            self._cpu_s = cpu_s
            self._handoff.put(chunk)


def stuck(idle_s: float) -> MediaError:
    """The error for a decoder that has taken nothing for so long, though it could."""
    return MediaError(f"media: the decoder has not come forward for {idle_s:g} s", field="media")
