"""Spans of requests; only the extra `telemetry` brings what they are made with."""

from typing import Any

from flask import Flask
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.trace import Span

from app import context
from app.context import REQUEST_ID

NOT_TRACED = "/health/,/metrics"  # asked again and again, by machines


def trace_requests(app: Flask) -> None:
    """Makes a span of each request of the application, which goes on the trace that its sender names."""
    FlaskInstrumentor.instrument_app(  # type: ignore[no-untyped-call]  # the package's are half typed
        app, request_hook=_name, excluded_urls=NOT_TRACED, enable_commenter=False
    )


def _name(span: Span, _environ: dict[str, Any]) -> None:
    span.set_attribute(REQUEST_ID, context.current().request_id or "")
