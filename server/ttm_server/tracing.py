"""OpenTelemetry spans, where they are wanted. Off, nothing of OpenTelemetry is imported.

One span for a request, a question's way, a batch, a commit, a stream's begin and end: never one for
a message. A question's span is carried through the store, so that one trace shows both processes.
Attributes name sessions and numbers; never what was asked, seen or said. Knows no setting.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

from ttm_protocol.errors import ConfigError

_log = logging.getLogger(__name__)


class Span(Protocol):
    """What may be said of a piece of work while it runs."""

    def set(self, name: str | None = None, **attributes: str | int | float) -> None:
        """Give it another name, or attributes."""


class _Nothing:
    def set(self, name: str | None = None, **attributes: str | int | float) -> None:
        """Nobody listens."""


_OFF: AbstractContextManager[Span] = nullcontext(_Nothing())


class Tracer(Protocol):
    """What :mod:`.otel` is to this module."""

    def span(
        self, name: str, kind: str, parent: Mapping[str, str] | None, attributes: Mapping[str, Any]
    ) -> AbstractContextManager[Span]:
        """See :func:`span`."""

    def carried(self) -> dict[str, str]:
        """See :func:`carried`."""

    def shutdown(self) -> None:
        """Send what is left."""


_tracer: Tracer | None = None


def configure(endpoint: str | None, service: str, instance: str) -> None:
    """Send this process's spans to an OTLP/HTTP receiver from now on; None: none are made.

    `endpoint` is its address without `/v1/traces`. Raises ConfigError without the packages.
    """
    global _tracer  # noqa: PLW0603
    if endpoint is None:
        _tracer = None
        return
    try:
        from ttm_server.otel import Otel  # noqa: PLC0415
    except ImportError:
        raise ConfigError(
            "otlp_endpoint: traces need `pip install 'ttmserve[otel]'`", field="otlp_endpoint"
        ) from None
    _tracer = Otel(endpoint, service, instance)
    _log.info("traces go to %s", endpoint)


def shutdown() -> None:
    """Send what is left."""
    if _tracer is not None:
        _tracer.shutdown()


def span(
    name: str,
    *,
    kind: str = "internal",
    parent: Mapping[str, str] | None = None,
    **attributes: str | int | float,
) -> AbstractContextManager[Span]:
    """A span around a piece of work, below the current one, or below `parent` as `carried` gave it.

    What is tried inside and fails gives it the error's kind, without its text.
    """
    if _tracer is None:
        return _OFF
    return _tracer.span(name, kind, parent, attributes)


def carried() -> dict[str, str]:
    """The current span for another process; empty where there is none."""
    return {} if _tracer is None else _tracer.carried()
