"""A collector of traces, as OpenTelemetry's exporters talk to one."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

PATIENCE = 30.0  # seconds


class Collector(ThreadingHTTPServer):
    """Keeps what it is sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.raw: list[bytes] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def spans(self) -> list[Span]:
        requests = [ExportTraceServiceRequest.FromString(raw) for raw in list(self.raw)]
        return [
            span
            for request in requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def trace_with(self, name: str, request_id: str) -> list[Span]:
        """The spans of the trace that has one of this name, once it has, of the request with this id."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            spans = self.spans()
            traces = {span.trace_id for span in spans if attributes(span).get("request_id") == request_id}
            own = [span for span in spans if span.trace_id in traces]
            if any(span.name == name for span in own):
                return own
            time.sleep(0.1)
        raise AssertionError(f"no {name} of {request_id} among {sorted({span.name for span in self.spans()})}")


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        assert self.path == "/v1/traces"
        self.server.raw.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Requests are no news in a test."""


def attributes(span: Span) -> dict[str, Any]:
    return {each.key: each.value.string_value for each in span.attributes}


@contextmanager
def collecting() -> Iterator[Collector]:
    with Collector() as collector:
        thread = threading.Thread(target=collector.serve_forever)
        thread.start()
        try:
            yield collector
        finally:
            collector.shutdown()
            thread.join()
