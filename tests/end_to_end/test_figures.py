"""What searching and embedding count."""

import uuid

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from app import context
from app.catalog.drafts import ProductDraft
from app.context import Context
from app.db import tenants
from app.db.slow_statements import SlowStatements
from app.logs import AboutContext
from app.search.service import submit
from app.types import Modality, QueryPart, SearchQuery
from tests.end_to_end.conftest import CATALOGUE, Shop
from tests.workers.pictures import encoded, halves
from workers.asked import Asked
from workers.metrics import metrics
from workers.search import run_search


def _value(name: str, **labels: str) -> float:
    return metrics().registry.get_sample_value(name, labels) or 0.0


def _counted() -> dict[str, float]:
    stages = ("queue", "encode", "sql", "rerank", "total")
    return {
        **{stage: _value("triseek_search_seconds_count", stage=stage) for stage in stages},
        "texts": _value("triseek_encoder_batch_contents_sum", modality="text"),
        "batches": _value("triseek_encoder_seconds_count", modality="image"),
        "embedded": _value("triseek_products_embedded_total", outcome="embedded"),
        "failed": _value("triseek_products_embedded_total", outcome="failed"),
    }


def test_searches_and_products_are_counted(shop: Shop) -> None:
    before = _counted()
    picture = shop.store(encoded(halves(), "PNG"))
    broken = shop.store(b"no picture")
    shop.upload(ProductDraft(sku="a", title="Red square", images=(picture,)), ProductDraft(sku="b", images=(broken,)))
    shop.search(QueryPart(name="text", modality=Modality.TEXT, text="red"))
    grown = {name: value - before[name] for name, value in _counted().items()}
    assert grown == {
        **dict.fromkeys(("queue", "encode", "sql", "rerank", "total"), 1.0),
        "texts": 2.0,  # a title and a query
        "batches": 1.0,
        "embedded": 1.0,
        "failed": 1.0,
    }


def test_the_plan_of_a_slow_search_is_logged_without_what_was_asked_for(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    shop.upload(ProductDraft(sku="a", title="Red square", attributes={"colour": "red"}))
    SlowStatements(0.0, between_plans=0.0).watch(shop.connections.engine)
    shop.search(
        QueryPart(name="text", modality=Modality.TEXT, text="zyxglobber"),
        filter="colour = 'carmoisine' AND price < 98765.4321",
    )
    told = [record.getMessage() for record in caplog.records if record.name == "app.db.slow_statements"]
    ranking = [each for each in told if "similarity_0" in each]
    assert any("cost=" in each for each in ranking)
    text = "\n".join(told)
    assert [word for word in ("zyxglobber", "carmoisine", "98765") if word in text] == []


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """Those that searches end."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr("workers.search.TRACER", provider.get_tracer("tests"))
    return exporter


@pytest.fixture
def requests(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> dict[str, uuid.UUID]:
    """Searches that three requests have asked for, each in a trace of its own; their jobs."""
    tracer = TracerProvider().get_tracer("tests")
    monkeypatch.setattr(shop.held, "asked", Asked(100))
    shop.upload(ProductDraft(sku="a", title="Red square"))
    made = {}
    for number in range(3):
        context.begin(Context(request_id=f"request-{number}"))
        with tracer.start_as_current_span("request"), shop.connections.jobs.transaction() as session:
            part = QueryPart(name="text", modality=Modality.TEXT, text=f"square {number}")
            tenant = tenants.find_or_create(session, "default")
            made[f"request-{number}"] = submit(session, tenant, CATALOGUE, SearchQuery(parts=(part,))).id
    context.end()
    return made


def test_each_search_of_a_batch_is_logged_and_traced_as_its_own(
    shop: Shop, requests: dict[str, uuid.UUID], spans: InMemorySpanExporter, caplog: pytest.LogCaptureFixture
) -> None:
    about = AboutContext()
    caplog.handler.addFilter(about)
    SlowStatements(0.0).watch(shop.connections.engine)
    run_search(shop.connections, shop.held, requests["request-0"])
    caplog.handler.removeFilter(about)
    ranked = [vars(record) for record in caplog.records if "similarity_0" in record.getMessage()]
    assert {record["request_id"]: record["job_id"] for record in ranked} == {
        request_id: str(job_id) for request_id, job_id in requests.items()
    }
    origins = [shop.job(job_id).origin or {} for job_id in requests.values()]
    traces = {f"{span.context.trace_id:032x}" for span in spans.get_finished_spans() if span.context is not None}
    assert traces == {each["traceparent"].split("-")[1] for each in origins}
    assert len(traces) == len(requests)


def test_what_is_embedded_ahead_for_a_batch_is_no_hit_and_what_is_asked_again_is(
    shop: Shop, requests: dict[str, uuid.UUID]
) -> None:
    def counted() -> tuple[float, float, float]:
        reads = [_value("triseek_cache_reads_total", cache="queries", outcome=outcome) for outcome in ("hit", "miss")]
        return reads[0], reads[1], _value("triseek_search_batch_searches_sum")

    before = counted()
    run_search(shop.connections, shop.held, requests["request-0"])
    batch = counted()
    shop.search(QueryPart(name="text", modality=Modality.TEXT, text="square 1"))
    again = counted()
    assert [now - then for now, then in zip(batch, before, strict=True)] == [0, 3, 3]
    assert [now - then for now, then in zip(again, batch, strict=True)] == [1, 0, 1]
