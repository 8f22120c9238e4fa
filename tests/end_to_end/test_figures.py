"""What searching and embedding count."""

import pytest

from app.catalog.drafts import ProductDraft
from app.db.slow_statements import SlowStatements
from app.types import Modality, QueryPart
from tests.end_to_end.conftest import Shop
from tests.workers.pictures import encoded, halves
from workers.metrics import metrics


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
