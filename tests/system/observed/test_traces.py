"""One trace of OpenTelemetry covers a request, the task in a worker, and their statements."""

from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.system.observed.collector import attributes
from tests.system.observed.conftest import METRICS_TOKEN, PASSWORD, Observed

ROUTE = "POST /v1/catalogues/<catalogue>/imports"


def test_request_task_and_statements_share_a_trace(observed: Observed) -> None:
    job = observed.import_nothing("traced-1")
    spans = observed.collector.trace_with("run/imports.run", "traced-1")
    assert len({span.trace_id for span in spans}) == 1
    (request,) = [span for span in spans if span.kind == Span.SPAN_KIND_SERVER]
    (sent,) = [span for span in spans if span.kind == Span.SPAN_KIND_PRODUCER and span.name == "send imports.run"]
    (task,) = [span for span in spans if span.name == "run/imports.run"]
    assert request.name == ROUTE
    assert (sent.parent_span_id, task.parent_span_id) == (request.span_id, sent.span_id)
    assert attributes(task)["job_id"] == job["id"]
    statements = [span for span in spans if "db.statement" in attributes(span)]
    assert {request.span_id, task.span_id} <= {span.parent_span_id for span in statements}


def test_a_trace_that_a_client_began_goes_on(observed: Observed) -> None:
    begun = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {"traceparent": f"00-{begun}-00f067aa0ba902b7-01", "X-Request-Id": "traced-2"}
    observed.http.get("/v1/jobs", headers=headers)
    spans = observed.collector.trace_with("GET /v1/jobs", "traced-2")
    assert {span.trace_id.hex() for span in spans} == {begun}


def test_neither_values_nor_secrets_are_in_spans(observed: Observed) -> None:
    observed.import_nothing("traced-3")
    observed.collector.trace_with("run/imports.run", "traced-3")
    sent = b"".join(observed.collector.raw)
    assert b"INSERT INTO jobs" in sent
    for secret in (observed.key, PASSWORD, METRICS_TOKEN, "secret-sku-91"):
        assert secret.encode() not in sent, secret


def test_probes_are_not_traced(observed: Observed) -> None:
    assert observed.http.get("/health/ready").status_code
    observed.http.get("/v1/jobs", headers={"X-Request-Id": "traced-4"})
    observed.collector.trace_with("GET /v1/jobs", "traced-4")
    assert not [span.name for span in observed.collector.spans() if "/health" in span.name]
