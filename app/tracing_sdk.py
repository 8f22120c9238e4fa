"""What traces are made and sent with; only the extra `telemetry` brings it."""

from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
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
    """Makes a span of each statement: with its text, without its parameters."""
    SQLAlchemyInstrumentor().instrument(engines=list(engines))
