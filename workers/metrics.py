"""The figures of a worker: what its processes count and time, all of them together."""

import os
from functools import cache
from pathlib import Path

from billiard import current_process
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, values
from prometheus_client.multiprocess import mark_process_dead

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
CONTENTS = (1, 2, 4, 8, 16, 32)


class WorkerMetrics:
    """Figures by names of ours alone: no catalogue, no id and no text of a client's becomes a label."""

    def __init__(self) -> None:
        own = self.registry = CollectorRegistry()
        self.search_seconds = Histogram(
            "triseek_search_seconds", "Stages of searches.", ("stage",), buckets=SECONDS, registry=own
        )
        self.search_batch = Histogram(
            "triseek_search_batch_searches", "Searches answered together.", buckets=CONTENTS, registry=own
        )
        self.encode_seconds = Histogram(
            "triseek_encoder_seconds", "One batch in an encoder.", ("modality",), buckets=SECONDS, registry=own
        )
        self.batch_contents = Histogram(
            "triseek_encoder_batch_contents", "Contents of a batch.", ("modality",), buckets=CONTENTS, registry=own
        )
        self.cache_reads = Counter(
            "triseek_cache_reads", "What was asked of a cache: hit or miss.", ("cache", "outcome"), registry=own
        )
        self.products = Counter("triseek_products_embedded", "Products embedded, or not.", ("outcome",), registry=own)
        self.tasks_started = Counter(
            "triseek_tasks_started", "Begun; less those that ended: running, or lost with their process.", ("task",),
            registry=own,
        )  # fmt: skip
        self.task_seconds = Histogram(
            "triseek_task_seconds", "Tasks that ended.", ("task", "outcome"), buckets=SECONDS, registry=own
        )
        self.gpu_bytes = Gauge(
            "triseek_gpu_memory_bytes", "Held by PyTorch.", ("device",), multiprocess_mode="livesum", registry=own
        )

    def count_reads(self, cache: str, *, hits: int, misses: int) -> None:
        """Counts how often a cache had what it was asked for, and had not."""
        self.cache_reads.labels(cache, "hit").inc(hits)
        self.cache_reads.labels(cache, "miss").inc(misses)


@cache
def metrics() -> WorkerMetrics:
    """This process's own, which `share` makes part of the worker's."""
    return WorkerMetrics()


def share(folder: Path) -> None:
    """Has this process and those forked from it keep their figures in files of a folder, one a place in the pool.

    A process that takes another one's place goes on from its figures: nothing is lost, doubled or left over.
    To be called before any figure is made.
    """
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)  # prometheus_client reads no other
    values.ValueClass = values.MultiProcessValue(_place)  # type: ignore[no-untyped-call]  # half typed
    metrics.cache_clear()


def forget_predecessor() -> None:
    """Takes back what the process held that had this one's place in the pool before, and has ended."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if folder:
        mark_process_dead(_place(), folder)  # type: ignore[no-untyped-call]  # half typed


def _place() -> str:
    return str(getattr(current_process(), "index", "main"))
