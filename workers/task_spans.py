"""Spans of tasks; only the extra `telemetry` brings what they are made with."""

from celery.signals import task_prerun
from opentelemetry import trace
from opentelemetry.instrumentation.celery import CeleryInstrumentor

from app import context


class TaskInstrumentor(CeleryInstrumentor):
    """Traces the tasks that run, and not those that are sent.

    `JobClient` makes the spans of those: for a task that is sent by its name, Celery's instrumentation ends none.
    """

    def _trace_before_publish(self, *_: object, **__: object) -> None:
        pass

    @staticmethod
    def _trace_after_publish(*_: object, **__: object) -> None:
        pass


def trace_tasks() -> None:
    """Makes a span of each task, in the trace of what sent it, with the ids of the request and the job."""
    TaskInstrumentor().instrument()  # type: ignore[no-untyped-call]  # the package's are half typed
    task_prerun.connect(_name)  # after the span was begun


def _name(**_: object) -> None:
    now = context.current()
    ids = {"request_id": now.request_id, "job_id": now.job_id}
    trace.get_current_span().set_attributes({name: value for name, value in ids.items() if value is not None})
