"""Sends a task's spans to an OpenTelemetry collector, where the settings name one. Needs the extra `sluice[otel]`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from bot.core.plans.spans import Span
from bot.errors import SettingsError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

TIMEOUT = 5.0  # seconds a collector has for all of it
MISSING = "telemetry.otlp_url is set, and the libraries that send spans are not installed: pip install 'sluice[otel]'"


def send(url: str, task_id: str, spans: Sequence[Span]) -> bool:
    """Sent once more they are the same spans, for their ids follow from the task. False: the collector took none."""
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import SpanExportResult
    except ImportError:
        raise SettingsError(MISSING) from None
    exporter = OTLPSpanExporter(endpoint=f"{url.rstrip('/')}/v1/traces", timeout=TIMEOUT)
    try:
        return exporter.export([_told(task_id, each, spans[0]) for each in spans]) is SpanExportResult.SUCCESS
    finally:
        exporter.shutdown()  # type: ignore[no-untyped-call]


def _told(task_id: str, span: Span, task: Span) -> ReadableSpan:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

    def context(key: str) -> SpanContext:
        of = _number(f"{task_id}\n{key}", 8)
        return SpanContext(_number(task_id, 16), of, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))

    return ReadableSpan(
        name=span.name[:200],
        context=context(span.key),
        parent=None if span.key == task.key else context(task.key),
        resource=Resource({"service.name": "sluice"}),
        attributes=dict(span.attributes),
        kind=SpanKind.INTERNAL,
        status=Status(StatusCode.ERROR if span.failed else StatusCode.OK),
        start_time=_nanoseconds(span.begin),
        end_time=_nanoseconds(span.end),
    )


def _number(text: str, size: int) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:size]) or 1


def _nanoseconds(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000) * 1_000
