"""Figures that are looked up when Prometheus asks: what waits, how right searches were, connections in use."""

from collections.abc import Iterator
from datetime import timedelta
from typing import cast

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from app.db import open_jobs, recall
from app.http.services import Services
from app.jobs import queues
from app.types import JobKind

RECALL_OVER = timedelta(days=1)


class StateMetrics(Collector):
    """What the database, and this process's pool of connections to it, tell."""

    def __init__(self, own: Services) -> None:
        self._services = own

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing: to know its samples would take a look into the database at every start."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """All of them; without a database, that it does not answer."""
        reachable = GaugeMetricFamily("triseek_database_up", "Whether the database answers.")
        yield self._connections()
        try:
            with self._services.sessions() as session:
                told = [_open_jobs(session), *_queues(session), *_recall(session)]
            reachable.add_metric([], 1)
            yield from told
        except SQLAlchemyError:
            reachable.add_metric([], 0)
        yield reachable

    def _connections(self) -> GaugeMetricFamily:
        pool = cast(QueuePool, self._services.engine.pool)
        gauge = GaugeMetricFamily("triseek_database_connections", "Of this process to the database.", labels=["state"])
        gauge.add_metric(["in_use"], pool.checkedout())
        gauge.add_metric(["idle"], pool.checkedin())
        return gauge


def _open_jobs(session: Session) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily("triseek_jobs_open", "Jobs that have not ended.", labels=["kind"])
    counted = open_jobs.count(session)
    for kind in JobKind:
        gauge.add_metric([kind], counted.get(kind, 0))
    return gauge


def _queues(session: Session) -> Iterator[GaugeMetricFamily]:
    depth = GaugeMetricFamily("triseek_queue_waiting", "Jobs, or products, that no worker has done.", labels=["queue"])
    age = GaugeMetricFamily("triseek_queue_oldest_seconds", "How long the oldest of them has waited.", labels=["queue"])
    for queue, waiting in queues.states(session).items():
        depth.add_metric([queue], waiting.count)
        age.add_metric([queue], waiting.seconds)
    yield from (depth, age)


def _recall(session: Session) -> Iterator[GaugeMetricFamily]:
    checks, mean = recall.mean(session, RECALL_OVER)
    checked = GaugeMetricFamily("triseek_recall_checks", "Approximate searches of a day that were checked.")
    share = GaugeMetricFamily("triseek_recall_at_10", "The share of the best ten products that they found.")
    checked.add_metric([], checks)
    if mean is not None:
        share.add_metric([], mean)
    yield from (checked, share)
