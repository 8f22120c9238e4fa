"""Tells Prometheus the figures of a worker, where `TRISEEK_METRICS_PORT` says a port."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
from celery.signals import task_postrun, task_prerun, worker_init, worker_process_init, worker_shutdown
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from app.jobs.names import Task
from app.settings import Settings
from workers.metrics import forget_predecessor, metrics, share

OUTCOMES = {"SUCCESS": "succeeded", "FAILURE": "failed"}  # by Celery's states
OTHER = "other"
_folders: list[Path] = []  # that are removed when the worker ends
_started: dict[str, float] = {}  # the tasks that run in this process


class Memory(Collector):
    """The memory of the processes that live when it is asked for."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Resident bytes of the worker's process, and of all that it has started."""
        gauge = GaugeMetricFamily(
            "triseek_process_memory_bytes", "Resident, shared pages each time.", labels=["process"]
        )
        own = psutil.Process()
        gauge.add_metric(["main"], own.memory_info().rss)
        gauge.add_metric(["children"], sum(map(_resident, own.children(recursive=True))))
        yield gauge


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


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


@worker_process_init.connect
def begin_anew(**_: object) -> None:
    """Takes back what another process left at this one's place."""
    forget_predecessor()


@task_prerun.connect
def start(task_id: str, task: object, **_: object) -> None:
    """Counts that a task begins."""
    _started[task_id] = time.perf_counter()
    metrics().tasks_started.labels(_name(task)).inc()


@task_postrun.connect
def end(task_id: str, task: object, state: str | None = None, **_: object) -> None:
    """Counts that it ended, how, and after how long."""
    started = _started.pop(task_id, None)
    if started is not None:
        outcome = OUTCOMES.get(state or "", OTHER)
        metrics().task_seconds.labels(_name(task), outcome).observe(time.perf_counter() - started)


def _name(task: object) -> str:
    name = getattr(task, "name", "")
    return name if name in set(Task) else OTHER
