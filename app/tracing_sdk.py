"""What traces are made and sent with; only the extra `telemetry` brings it."""

from collections.abc import Sequence

from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.sqlalchemy.engine import EngineTracer
from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from sqlalchemy import Engine


def exporting_provider(service: str) -> TracerProvider:
    """Sends spans by OTLP over HTTP, from a thread of its own."""
    named = Resource.create({SERVICE_NAME: service}).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=named)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


def trace_statements(engines: Sequence[Engine]) -> None:
    """Makes a span of each statement: with its text, without its parameters.

    The package's instrumentor refuses SQLAlchemy from 2.1 on; what it would set to work here is the same.
    """
    usage = metrics.get_meter(__name__).create_up_down_counter("db.client.connections.usage")
    for engine in engines:
        EngineTracer(trace.get_tracer(__name__), engine, usage)  # type: ignore[no-untyped-call]  # half typed
