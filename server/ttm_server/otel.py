"""Spans by OpenTelemetry's SDK, sent by OTLP over HTTP. Imported only where traces are wanted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

EXPORT_WITHIN_S = 2.0  # a worker that goes away has two seconds left after its drain
_KINDS = {"server": trace.SpanKind.SERVER, "internal": trace.SpanKind.INTERNAL}


class _Running:
    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def set(self, name: str | None = None, **attributes: str | int | float) -> None:
        """Give it another name, or attributes."""
        if name is not None:
            self._span.update_name(name)
        self._span.set_attributes(attributes)


class Otel:
    """The tracer of one process, which sends in a thread of its own.

    The queue of spans is the SDK's, bounded: where the receiver is away, spans are dropped.
    """

    def __init__(self, endpoint: str, service: str, instance: str) -> None:
        told = {"service.name": service, "service.instance.id": instance}
        self._provider = TracerProvider(resource=Resource.create(told), shutdown_on_exit=False)
        where = f"{endpoint.rstrip('/')}/v1/traces"
        exporter = OTLPSpanExporter(endpoint=where, timeout=EXPORT_WITHIN_S)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("ttmserve")

    @contextmanager
    def span(
        self, name: str, kind: str, parent: Mapping[str, str] | None, attributes: Mapping[str, Any]
    ) -> Iterator[_Running]:
        """See :func:`.tracing.span`."""
        context = None if parent is None else propagate.extract(parent)
        # The text of an error stays out: it may quote what was asked.
        with self._tracer.start_as_current_span(
            name,
            context,
            kind=_KINDS[kind],
            attributes=dict(attributes),
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield _Running(span)
            except BaseException as error:
                span.set_attribute("error.type", type(error).__qualname__)
                raise

    def carried(self) -> dict[str, str]:
        """See :func:`.tracing.carried`."""
        carrier: dict[str, str] = {}
        propagate.inject(carrier)
        return carrier

    def shutdown(self) -> None:
        """Send what is left."""
        self._provider.shutdown()
