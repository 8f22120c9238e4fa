"""Traces tasks where `TRISEEK_TRACES` says so: each process of the pool for itself, once it was forked."""

from celery.signals import worker_init, worker_process_init, worker_process_shutdown

from app import tracing
from app.errors import SettingsInvalid
from app.settings import Settings
from app.tracing import needs_telemetry
from workers.connections import connections


@worker_init.connect
def check(**_: object) -> None:
    """Ends a worker that lacks what its processes would trace with."""
    if not Settings.from_env().traces:
        return
    try:
        with needs_telemetry():
            import app.tracing_sdk  # noqa: F401, PLC0415  # the extra brings what it needs
            import workers.task_spans  # noqa: F401, PLC0415  # as above
    except SettingsInvalid as error:
        raise SystemExit(error.detail) from error


@worker_process_init.connect
def start(**_: object) -> None:
    """Begins to trace the tasks of this process, and their statements."""
    own = connections()
    if own.settings.traces:
        from workers.task_spans import trace_tasks  # noqa: PLC0415  # as above

        tracing.start("triseek-worker", own.engines)
        trace_tasks()


@worker_process_shutdown.connect
def stop(**_: object) -> None:
    """Sends what has not been sent yet: a process of the pool runs no exit handlers."""
    tracing.stop()
