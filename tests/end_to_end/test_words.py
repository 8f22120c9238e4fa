"""Searches by what is written of products: words, names, misspellings, synonyms."""

from collections.abc import Iterator

import pytest

from app.catalog import settings
from app.catalog.drafts import ProductDraft
from app.catalog.settings import CatalogueSettings, index_words
from app.db import ranking, tenants
from app.db.tables import Catalogue, Product
from app.types import Modality, QueryPart
from tests.end_to_end.conftest import CATALOGUE, Shop

DRAFTS = [
    ProductDraft(sku="A-100", title="Garden hose reel", attributes={"brand": "Nordwind"}),
    ProductDraft(sku="A-200", title="Kitchen knife", description="Sharp, for Nordwind boards"),
    ProductDraft(sku="A-300", title="Blue sofa", attributes={"brand": ["L'Éclat", "Nordwind"]}),
    ProductDraft(sku="A-400", title="红色跑鞋", attributes={"made of": "zirconium"}),
    *[ProductDraft(sku=f"B-{number}", title=f"Lamp number {number}") for number in range(8)],
]


def asked(text: str, weight: float = 1.0) -> QueryPart:
    return QueryPart(name="text", modality=Modality.TEXT, text=text, weight=weight)


@pytest.fixture(params=[ranking.COMPARED, 0], ids=["exact", "approximate"])
def stocked(shop: Shop, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A few products, by either kind of scan."""
    monkeypatch.setattr(ranking, "COMPARED", request.param)
    shop.upload(*DRAFTS)
    return shop


def _change(shop: Shop, wanted: CatalogueSettings) -> None:
    with shop.connections.jobs.transaction() as session:
        settings.change(session, tenants.find_or_create(session, "default"), CATALOGUE, wanted)


@pytest.mark.parametrize("sku", ["A-400", "a 400", "A_400"])
def test_a_sku_comes_first(stocked: Shop, sku: str) -> None:
    result = stocked.search(asked(sku)).result
    assert result is not None
    assert (result["hits"][0]["sku"], result["hits"][0]["exact"]) == ("A-400", "sku")
    assert all(hit["exact"] is None for hit in result["hits"][1:])


@pytest.mark.parametrize(("brand", "skus"), [("nordwind", {"A-100", "A-300"}), ("L’eclat", {"A-300"})])
def test_products_of_a_brand_come_first(stocked: Shop, brand: str, skus: set[str]) -> None:
    result = stocked.search(asked(brand)).result
    assert result is not None
    assert {hit["sku"] for hit in result["hits"] if hit["exact"] == "brand"} == skus
    assert {hit["sku"] for hit in result["hits"][: len(skus)]} == skus


def test_a_rare_word_is_told_and_counts(stocked: Shop) -> None:
    result = stocked.search(asked("zirconium lamp"), rerank=False).result
    assert result is not None
    words = {hit["sku"]: hit["words"] for hit in result["hits"]}
    assert words["A-400"] > words["B-1"] > words["A-100"] == 0
    for hit in result["hits"]:
        expected = hit["cosine"] + stocked.towers.embedder.words_weight * hit["words"]
        assert hit["score"] == pytest.approx(expected, abs=1e-4)


def test_what_a_product_should_not_have_counts_against_it(stocked: Shop) -> None:
    lamps, no_zirconium = asked("lamp"), QueryPart(name="q1", modality=Modality.TEXT, text="zirconium", weight=-1.0)
    result = stocked.search(lamps, no_zirconium).result
    assert result is not None
    (hit,) = [hit for hit in result["hits"] if hit["sku"] == "A-400"]
    assert hit["words"] == pytest.approx(-0.5)


@pytest.mark.parametrize("query", ["跑鞋", "红"])
def test_words_without_spaces_are_found(stocked: Shop, query: str) -> None:
    result = stocked.search(asked(query)).result
    assert result is not None
    assert {hit["sku"]: hit["words"] for hit in result["hits"]}["A-400"] == pytest.approx(1.0)


def test_a_misspelt_word_is_read_as_one_that_products_have(stocked: Shop) -> None:
    result = stocked.search(asked("kitchne")).result
    assert result is not None
    assert result["notes"] == ["No product has the word kitchne; searched for kitchen, too."]
    assert {hit["sku"] for hit in result["hits"] if hit["words"]} == {"A-200"}


def test_synonyms_count_at_once(stocked: Shop) -> None:
    _change(stocked, CatalogueSettings(synonyms=(("couch", "sofa"),)))
    result = stocked.search(asked("couch")).result
    assert result is not None
    assert {hit["sku"]: hit["words"] for hit in result["hits"]}["A-300"] == pytest.approx(1.0)


def test_other_searchable_fields_count_once_the_products_are_gone_through(stocked: Shop) -> None:
    _change(stocked, CatalogueSettings(searchable=("title",)))
    with stocked.connections.sessions() as session:
        row = session.query(Catalogue).one()
        assert (row.words_version, row.words_indexed) == (2, 1)
    index_words(stocked.connections.jobs, row.id)
    with stocked.connections.sessions() as session:
        assert session.query(Catalogue).one().words_indexed == 2
        assert {row.words_version for row in session.query(Product)} == {2}
    result = stocked.search(asked("zirconium lamp")).result
    assert result is not None
    assert {hit["sku"]: hit["words"] for hit in result["hits"]}["A-400"] == 0


def test_products_that_are_no_texts_are_searched_without_words(stocked: Shop) -> None:
    result = stocked.search(asked("A-100"), against=(Modality.IMAGE,)).result
    assert result is not None
    assert result["hits"] == []
