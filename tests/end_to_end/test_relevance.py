"""How likely hits are relevant, and searches that leave out what is not."""

from dataclasses import replace

import pytest

from app.catalog.drafts import ProductDraft
from app.types import Modality, QueryPart
from tests.end_to_end.conftest import Shop
from workers.alignment.artifact import Alignment

TITLES = ["Claw hammer", "Red umbrella", "Acoustic guitar", "Coffee mug", "Running shoes", "Table lamp", "Silver spoon"]


@pytest.fixture
def stocked(shop: Shop) -> Shop:
    shop.upload(*[ProductDraft(sku=f"x-{title.split()[1].lower()}", title=title) for title in TITLES])
    return shop


def _text(text: str, weight: float = 1.0, name: str = "text") -> QueryPart:
    return QueryPart(name=name, modality=Modality.TEXT, text=text, weight=weight)


def test_what_is_asked_for_is_more_relevant_than_the_rest(stocked: Shop) -> None:
    result = stocked.search(_text("a hammer to drive nails")).result
    assert result is not None
    likely = {hit["sku"]: hit["relevance"] for hit in result["hits"]}
    assert all(0 <= own <= 1 for own in likely.values())
    assert max(likely, key=lambda sku: likely[sku]) == "x-hammer"


def test_hits_that_are_less_relevant_are_left_out_and_told(stocked: Shop) -> None:
    everything = stocked.search(_text("hammer")).result
    assert everything is not None
    likely = {hit["sku"]: hit["relevance"] for hit in everything["hits"]}
    second = sorted(likely.values())[-2]
    result = stocked.search(_text("hammer"), min_relevance=(likely["x-hammer"] + second) / 2).result
    assert result is not None
    assert [hit["sku"] for hit in result["hits"]] == ["x-hammer"]
    assert result["total"] == len(TITLES)
    assert any(note.startswith("6 of the best 7 are less relevant than ") for note in result["notes"])


def test_nonsense_is_less_relevant_than_what_is_there(stocked: Shop) -> None:
    def best(text: str) -> float:
        result = stocked.search(_text(text)).result
        assert result is not None
        return max(hit["relevance"] for hit in result["hits"])

    assert best("zopiru valenko") < best("umbrella")


def test_a_product_asked_for_by_its_sku_is_relevant(stocked: Shop) -> None:
    result = stocked.search(_text("X spoon"), min_relevance=1.0).result
    assert result is not None
    assert [(hit["sku"], hit["relevance"], hit["exact"]) for hit in result["hits"]] == [("x-spoon", 1.0, "sku")]


def test_what_hits_should_be_unlike_does_not_count(stocked: Shop) -> None:
    def likely(*parts: QueryPart) -> dict[str, float]:
        result = stocked.search(*parts).result
        assert result is not None
        return {hit["sku"]: hit["relevance"] for hit in result["hits"]}

    alone = likely(_text("something made of silver"))
    unlike = likely(_text("something made of silver"), _text("guitar", weight=-0.5, name="query/1"))
    assert unlike["x-mug"] == pytest.approx(alone["x-mug"], abs=1e-3)


def test_an_alignment_that_has_not_learnt_it_leaves_nothing_out(stocked: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    alignment = stocked.towers.embedder.alignment
    untaught = Alignment(alignment.network, replace(alignment.card, relevance={}))
    monkeypatch.setattr(stocked.towers.embedder, "alignment", untaught)
    result = stocked.search(_text("hammer"), min_relevance=0.9).result
    assert result is not None
    assert len(result["hits"]) == len(TITLES)
    assert {hit["relevance"] for hit in result["hits"]} == {None}
