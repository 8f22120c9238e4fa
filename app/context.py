"""What the work that is going on here is for: the request that asked for it, its job, the task that does it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from opentelemetry.context import Context as TraceContext
from opentelemetry.context import attach, detach
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

REQUEST_ID = "request_id"  # of an origin, beside those of W3C's trace context


@dataclass(frozen=True, kw_only=True)
class Context:
    """What log records tell of the work that they are about."""

    request_id: str | None = None
    job_id: str | None = None
    task: str | None = None


NOTHING = Context()
_current: ContextVar[Context] = ContextVar("triseek", default=NOTHING)


def current() -> Context:
    """Of the work that is going on in this thread."""
    return _current.get()


def begin(context: Context) -> None:
    """Says what the work is for that begins in this thread."""
    _current.set(context)


def end() -> None:
    """Says that the work has ended."""
    _current.set(NOTHING)


def name_job(job_id: object) -> None:
    """Says of which job the present work turned out to be."""
    _current.set(replace(_current.get(), job_id=str(job_id)))


def origin() -> dict[str, str]:
    """What goes with a job, and with a message, of the work that makes it: the request's id, and the trace if any."""
    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    request_id = _current.get().request_id
    return carrier if request_id is None else carrier | {REQUEST_ID: request_id}


@contextmanager
def on_behalf_of(carrier: Mapping[str, str] | None) -> Iterator[None]:
    """Within the block, what is made has this origin, wherever it is made."""
    before = _current.get()
    token = attach(TraceContextTextMapPropagator().extract(carrier or {}, TraceContext()))
    _current.set(replace(before, request_id=(carrier or {}).get(REQUEST_ID)))
    try:
        yield
    finally:
        _current.set(before)
        detach(token)
