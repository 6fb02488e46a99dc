"""`ttmserve serve`: embedded Valkey, gateway and workers as separate processes, kept running."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType

from rich.console import Console

from ttm_protocol.errors import Restarting, StoreUnavailable
from ttm_server.cli.children import Children
from ttm_server.cli.starting import wait_until_ready
from ttm_server.config import Settings
from ttm_server.store import EmbeddedServer

POLL_S = 0.2
MARGIN_S = 13.0  # a gateway's own bounds after its drain add up to nine


@dataclass(frozen=True, slots=True)
class Stack:
    """A running server: its address, its store's address, and its processes.

    `embedded` is its store where that is a process of its own, too.
    """

    base_url: str
    redis_url: str
    children: Children
    embedded: EmbeddedServer | None = None

    def keep_running(self) -> list[tuple[str, str]]:
        """Start again what has ended; -> names, and how it ended.

        Raises StoreUnavailable where the embedded server does not start any more.
        """
        ended = [(name, f"status {status}") for name, status in self.children.restart_ended()]
        if self.embedded is not None and self.embedded.revive():
            if self.embedded.url != self.redis_url:  # somebody else has taken its port
                raise StoreUnavailable(f"the embedded server cannot have {self.redis_url} again")
            ended.append(("embedded Valkey", "a crash"))
        return ended


@contextlib.contextmanager
def running_stack(
    settings: Settings,
    workers: int,
    *,
    say: Callable[[str], None] = lambda _: None,
    stopping: threading.Event | None = None,
    **overrides: str,
) -> Iterator[Stack]:
    """Start everything and wait until a question can be answered; end it all on leaving.

    `overrides` are further `TTM_*` variables for the children, by their full name; `say` hears what
    is waited for. Raises Overloaded when it does not become ready, Restarting where `stopping` is
    set before that, or what the embedded server raises.
    """
    with contextlib.ExitStack() as stack:
        url, embedded = settings.redis_url, None
        if url is None:
            # WAITAOF can only be trusted where every write is synced before its reply.
            fsync = "always" if settings.durability == "strict" else "everysec"
            embedded = stack.enter_context(EmbeddedServer(settings.data_dir, fsync=fsync))
            url = embedded.url
        port = settings.port or free_port(settings.host)
        variables = {
            "TTM_REDIS_URL": url,
            "TTM_HOST": settings.host,
            "TTM_PORT": str(port),
            "TTM_DATA_DIR": str(settings.data_dir),
        } | overrides
        children = Children()
        stack.callback(children.stop)
        # The gateway goes first: its clients reconnect elsewhere while workers still commit.
        children.add(
            "gateway", "ttm_server.gateway", variables, stop_within_s=settings.drain_s + MARGIN_S
        )
        for number in range(workers):
            own = variables
            if settings.worker_metrics_port:
                own = variables | {
                    "TTM_WORKER_METRICS_PORT": str(settings.worker_metrics_port + number)
                }
            children.add(f"worker {number + 1}", "ttm_server.worker", own, stage=1)
        base_url = f"http://{_address(settings.host)}:{port}"
        wait_until_ready(base_url, children, say, stopping or threading.Event())
        yield Stack(base_url, url, children, embedded)


def run_all(settings: Settings, workers: int, console: Console) -> int:
    """Serve until SIGINT or SIGTERM; the exit status is 0 after an orderly stop."""
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)

    def say(what: str) -> None:
        console.print(f"waiting for {what} …", highlight=False)

    with (
        contextlib.suppress(Restarting),  # told to stop while it was starting
        running_stack(settings, workers, say=say, stopping=stopping) as stack,
    ):
        console.print(f"ttmserve is ready at {stack.base_url}", highlight=False)
        console.print(f"documentation and a form for every call: {stack.base_url}/docs")
        while not stopping.wait(POLL_S):
            for name, how in stack.keep_running():
                console.print(f"{name} ended with {how}; starting it again", style="red")
    return 0


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nothing listens on at the moment."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _address(host: str) -> str:
    """Where this machine reaches a server that listens on `host`."""
    if host in {"0.0.0.0", "::"}:  # noqa: S104
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
