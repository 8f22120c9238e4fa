"""Frozen hits come back as they were."""

from typing import Any

from app.db.ranking import Compared, RankedProduct
from app.search.frozen import Hit, freeze, thaw
from app.types import Attention, CellWeights, Modality, Seen

PARTS = [("text", "text"), ("query/1", "image")]
SKUS = {number: f"sku-{number}" for number in range(1, 6)}
LOOK = Attention(
    query="text",
    modality=Modality.TEXT,
    label="red",
    weight=1 / 3,
    similarity=0.5,
    sees=(Seen(against=Modality.IMAGE, ordinal=0, label=None, weight=0.25),),
    pictures=(CellWeights(ordinal=0, digest="0" * 64, weights=(0.1234567, 0.0)),),
)


def _hit(number: int, **more: Any) -> Hit:
    compared = (
        Compared(part=0, against=Modality.TEXT, similarity=0.1234567 * number, weight=1 / 3),
        Compared(part=1, against=Modality.IMAGE, similarity=-0.25, weight=-2 / 3),
    )
    product = RankedProduct(product_id=number, cosine=0.1234567, words=0.25, exact=number % 3, compared=compared)
    return Hit(**{"product": product, "rank": number, "score": 0.7654321, "relevance": 0.91239} | more)


def test_a_hit_comes_back_as_clients_read_it() -> None:
    (hit,) = thaw(freeze([_hit(1)], PARTS, SKUS, explain=False))
    assert hit == {
        "product_id": 1,
        "rank": 1,
        "sku": "sku-1",
        "score": 0.765432,
        "cosine": 0.123457,
        "words": 0.25,
        "relevance": 0.9124,
        "exact": "brand",
        "attention": None,
        "contributions": [
            {
                "query": "text",
                "modality": "text",
                "against": "text",
                "similarity": 0.123457,
                "weight": 0.333333,
                "contribution": 0.041152,
            },
            {
                "query": "query/1",
                "modality": "image",
                "against": "image",
                "similarity": -0.25,
                "weight": -0.666667,
                "contribution": 0.166667,
            },
        ],
    }


def test_what_hits_share_is_kept_once() -> None:
    frozen = freeze([_hit(number) for number in SKUS], PARTS, SKUS, explain=False)
    assert len(frozen["compared"]) == len(PARTS)
    assert [hit["rank"] for hit in thaw(frozen)] == [1, 2, 3, 4, 5]
    assert {len(hit["contributions"]) for hit in thaw(frozen)} == {2}


def test_some_of_them_are_read() -> None:
    frozen = freeze([_hit(number) for number in SKUS], PARTS, SKUS, explain=False)
    assert [hit["sku"] for hit in thaw(frozen, 1, 3)] == ["sku-2", "sku-3"]
    assert thaw(frozen, 5, 7) == []


def test_what_it_looked_at_is_kept_where_it_was_asked_for() -> None:
    looked = [_hit(1, attention=(LOOK,)), _hit(2, relevance=None)]
    first, second = thaw(freeze(looked, PARTS, SKUS, explain=True))
    assert (first["attention"][0]["label"], first["attention"][0]["weight"]) == ("red", 0.333333)
    assert first["attention"][0]["pictures"][0]["weights"] == [0.123457, 0.0]
    assert first["attention"][0]["sees"] == [{"against": "image", "ordinal": 0, "label": None, "weight": 0.25}]
    assert (second["attention"], second["relevance"]) == ([], None)


def test_an_answer_from_before_hits_were_rows_is_read_as_it_is() -> None:
    old = {"hits": [{"rank": 1, "sku": "a", "contributions": []}, {"rank": 2, "sku": "b", "contributions": []}]}
    assert thaw(old) == old["hits"]
