"""Searches within a filter: all that match and nothing else, counted exactly."""

from collections.abc import Iterator

import pytest

from app.catalog.drafts import ProductDraft
from app.db import ranking
from app.types import Modality, QueryPart
from tests.end_to_end.conftest import Shop

COLOURS = ("red", "blue", "green")
SHOES = QueryPart(name="text", modality=Modality.TEXT, text="shoes")


@pytest.fixture(params=[ranking.COMPARED, 0], ids=["exact", "approximate"])
def stocked(shop: Shop, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """Thirty shoes of three colours, by either kind of scan."""
    monkeypatch.setattr(ranking, "COMPARED", request.param)
    drafts = [
        ProductDraft(
            sku=f"shoe-{number}",
            title=f"Shoe number {number}",
            attributes={"colour": COLOURS[number % 3], "tags": ["all", f"t{number % 2}"], "size": number},
            price=number,
        )
        for number in range(30)
    ]
    shop.upload(*drafts)
    return shop


def test_all_that_match_are_found_and_nothing_else(stocked: Shop) -> None:
    found = stocked.found(SHOES, filter="colour = 'red' AND price < 15")
    assert sorted(found) == sorted(f"shoe-{number}" for number in range(0, 15, 3))
    assert len(stocked.found(SHOES)) == 30


def test_the_order_is_that_of_the_search_without_a_filter(stocked: Shop) -> None:
    everything = stocked.found(SHOES)
    kept = stocked.found(SHOES, filter="size >= 20")
    assert kept == [sku for sku in everything if int(sku.removeprefix("shoe-")) >= 20]


def test_total_and_facets_count_what_matches(stocked: Shop) -> None:
    result = stocked.search(SHOES, filter="price < 10", facets=("colour", "tags", "price", "none")).result
    assert result is not None
    assert result["total"] == 10
    assert result["facets"]["colour"] == [
        {"value": "red", "count": 4},
        {"value": "blue", "count": 3},
        {"value": "green", "count": 3},
    ]
    assert result["facets"]["tags"] == [
        {"value": "all", "count": 10},
        {"value": "t0", "count": 5},
        {"value": "t1", "count": 5},
    ]
    assert {each["value"] for each in result["facets"]["price"]} == set(range(10))
    assert result["facets"]["none"] == []
    assert result["notes"] == []


def test_a_product_that_is_searched_with_is_not_counted(stocked: Shop) -> None:
    part = QueryPart(name="product", modality=None, sku="shoe-0")
    result = stocked.search(part, filter="colour = 'red'", facets=("colour",)).result
    assert result is not None
    assert result["total"] == len(result["hits"]) == 9
    assert result["facets"]["colour"] == [{"value": "red", "count": 9}]


def test_a_field_that_no_product_has_is_told(stocked: Shop) -> None:
    result = stocked.search(SHOES, filter="colr = 'red' AND size < 5 AND price > 3").result
    assert result is not None
    assert (result["hits"], result["total"]) == ([], 0)
    assert result["notes"] == ["No product of the catalogue has colr."]


def test_what_a_token_may_not_see_is_neither_found_nor_counted_nor_named(stocked: Shop) -> None:
    kept = "colour = 'red'"
    result = stocked.search(SHOES, within=kept, filter="price < 15 OR colour = 'blue'", facets=("colour",)).result
    assert result is not None
    assert sorted(hit["sku"] for hit in result["hits"]) == sorted(f"shoe-{number}" for number in range(0, 15, 3))
    assert result["facets"]["colour"] == [{"value": "red", "count": 5}]
    nothing = stocked.search(SHOES, within=kept, filter="colr = 'red'").result
    assert nothing is not None
    assert (nothing["total"], nothing["notes"]) == (0, [])
    assert len(stocked.found(SHOES, within="")) == 30
