"""Figures for Prometheus: requests by route, status and time; what waits."""

import time
from collections.abc import Iterator
from datetime import timedelta

from flask import Flask, Response, current_app, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from app.db import open_jobs, recall
from app.http.endpoints import Endpoints
from app.http.services import Services
from app.types import JobKind

metrics = Endpoints("metrics", "Figures for Prometheus.", prefix="")
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)  # seconds
RECALL_OVER = timedelta(days=1)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class RequestMetrics:
    """Counts and times the requests of one application. Each web process has figures of its own."""

    def __init__(self, own: Services) -> None:
        self.registry = CollectorRegistry()
        names = ("method", "route", "status")
        self._requests = Counter("triseek_http_requests", "Requests answered.", names, registry=self.registry)
        self._seconds = Histogram(
            "triseek_http_request_seconds",
            "Time to answer a request.",
            ("method", "route"),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.registry.register(_Database(own))

    def watch(self, app: Flask) -> None:
        """Counts every request of the application from now on."""
        app.extensions["triseek-metrics"] = self
        app.before_request(self._start)
        app.after_request(self._count)

    def _start(self) -> None:
        g.started = time.perf_counter()

    def _count(self, response: Response) -> Response:
        # The rule and not the path, and no method that a client made up: labels must not grow without end.
        route = request.url_rule.rule if request.url_rule is not None else "unknown"
        method = request.method if request.method in METHODS else "other"
        self._requests.labels(method, route, str(response.status_code)).inc()
        if "started" in g:
            self._seconds.labels(method, route).observe(time.perf_counter() - g.started)
        return response


class _Database(Collector):
    """What waits or runs now, and how right searches were, read in the database when it is asked."""

    def __init__(self, own: Services) -> None:
        self._services = own

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing: to know its samples would take a look into the database at every start."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The open jobs by kind, the recall of approximate searches, and whether the database told them."""
        gauge = GaugeMetricFamily("triseek_jobs_open", "Jobs that have not ended.", labels=["kind"])
        checked = GaugeMetricFamily("triseek_recall_checks", "Approximate searches of a day that were checked.")
        share = GaugeMetricFamily("triseek_recall_at_10", "The share of the best ten products that they found.")
        reachable = GaugeMetricFamily("triseek_database_up", "Whether the database answers.")
        try:
            with self._services.sessions() as session:
                counted = open_jobs.count(session)
                checks, mean = recall.mean(session, RECALL_OVER)
            for kind in JobKind:
                gauge.add_metric([kind], counted.get(kind, 0))
            checked.add_metric([], checks)
            if mean is not None:
                share.add_metric([], mean)
            reachable.add_metric([], 1)
        except SQLAlchemyError:
            reachable.add_metric([], 0)
        yield from (gauge, checked, share)
        yield reachable


@metrics.endpoint("GET", "/metrics", scopes=(), answers={200: "text/plain"})
def read_metrics() -> Response:
    """Read the figures in Prometheus' format."""
    figures: RequestMetrics = current_app.extensions["triseek-metrics"]
    return Response(generate_latest(figures.registry), content_type=CONTENT_TYPE_LATEST)
