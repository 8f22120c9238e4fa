"""Tells Prometheus the figures of a worker, where `TRISEEK_METRICS_PORT` says a port."""

import os
import shutil
import tempfile
from pathlib import Path

from celery.signals import worker_init, worker_shutdown
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector

from app.settings import Settings
from workers.metrics import share
from workers.process_memory import Memory

_folders: list[Path] = []  # that are removed when the worker ends


@worker_init.connect
def serve(**_: object) -> None:
    """Listens in the worker's own process, before any other is forked; ends the worker where it cannot."""
    settings = Settings.from_env()
    if not settings.metrics_port:
        return
    folder = Path(tempfile.mkdtemp(prefix="triseek-metrics-"))
    _folders.append(folder)
    share(folder)
    try:
        server, _thread = start_http_server(settings.metrics_port, settings.metrics_host, worker_registry(folder))
    except OSError as error:
        shutil.rmtree(folder)
        raise SystemExit(f"TRISEEK_METRICS_PORT={settings.metrics_port} cannot be used: {error.strerror}.") from error
    # What outlives this process for a moment must not hold the port.
    os.register_at_fork(after_in_child=server.socket.close)


def worker_registry(folder: Path) -> CollectorRegistry:
    """All that a worker tells."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call]  # half typed
    registry.register(Memory())
    return registry


@worker_shutdown.connect
def tidy(**_: object) -> None:
    """Removes the files of the figures."""
    for folder in _folders:
        shutil.rmtree(folder, ignore_errors=True)
