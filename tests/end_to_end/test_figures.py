"""What searching and embedding count."""

from app.catalog.drafts import ProductDraft
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
