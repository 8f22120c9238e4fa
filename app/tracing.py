"""OpenTelemetry traces of this process. Where they go, and how many, its own variables say: `OTEL_…`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from opentelemetry import trace
from sqlalchemy import Engine

from app.errors import SettingsInvalid


@contextmanager
def needs_telemetry() -> Iterator[None]:
    """Around imports that only the extra `telemetry` can satisfy.

    Raises:
        SettingsInvalid: it is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("opentelemetry"):
            raise
        way_out = "pip install 'triseek[telemetry]', or unset TRISEEK_TRACES"
        raise SettingsInvalid(f"TRISEEK_TRACES=1 needs {error.name}, which is not installed: {way_out}.") from error


def start(service: str, engines: Sequence[Engine]) -> None:
    """Begins to trace, and to tell of the statements of these engines; of their parameters nothing.

    To be called in each process after it was forked: what sends the spans is a thread.

    Args:
        service: the name of this part, unless `OTEL_SERVICE_NAME` says another.
        engines: of the databases.

    Raises:
        SettingsInvalid: the extra `telemetry` is not installed.
    """
    with needs_telemetry():
        from app.tracing_sdk import exporting_provider, trace_statements  # noqa: PLC0415  # the extra brings what it needs
    trace.set_tracer_provider(exporting_provider(service))
    trace_statements(engines)


def stop() -> None:
    """Sends what has not been sent yet."""
    shutdown = getattr(trace.get_tracer_provider(), "shutdown", None)  # the API's own has none
    if shutdown is not None:
        shutdown()
