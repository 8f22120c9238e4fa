"""Figures for Prometheus: requests by route, status and time, and what is looked up for it."""

import hmac
import time

from flask import Flask, Response, current_app, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest

from app.errors import KeyRejected
from app.http.endpoints import Endpoints
from app.http.services import Services, services
from app.http.state_metrics import StateMetrics

metrics = Endpoints("metrics", "Figures for Prometheus.", prefix="")
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)  # seconds
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
            names,
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.registry.register(StateMetrics(own))

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
        labels = method, route, str(response.status_code)
        self._requests.labels(*labels).inc()
        if "started" in g:
            self._seconds.labels(*labels).observe(time.perf_counter() - g.started)
        return response


@metrics.endpoint("GET", "/metrics", scopes=(), answers={200: "text/plain"})
def read_metrics() -> Response:
    """Read the figures in Prometheus' format."""
    _authorize(services().settings.metrics_token)
    figures: RequestMetrics = current_app.extensions["triseek-metrics"]
    return Response(generate_latest(figures.registry), content_type=CONTENT_TYPE_LATEST)


def _authorize(token: str) -> None:
    """Lets the request go on if it brings the token, where there is one.

    Raises:
        KeyRejected: it does not.
    """
    brought = request.headers.get("Authorization", "")
    if token and not hmac.compare_digest(brought.encode(), f"Bearer {token}".encode()):
        raise KeyRejected("The figures are told to those who bring TRISEEK_METRICS_TOKEN as a bearer token.")
