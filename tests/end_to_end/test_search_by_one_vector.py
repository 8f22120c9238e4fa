"""Mixed searches under an alignment whose card says that one vector finds more."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
import torch

from app.catalog.drafts import ProductDraft
from app.sample.catalogue import things
from app.sample.speech import synthesise
from app.types import Modality, QueryPart
from tests.end_to_end.conftest import Shop
from workers.alignment.artifact import DEFAULT, Alignment, load_alignment
from workers.alignment.mixing import Mixing, Mixture
from workers.encoders.registry import default_cards
from workers.query import EncodedQuery, encode_query

SKUS = ("banana", "guitar", "scissors", "carrot")
TYPED_AND_SHOWN = frozenset({Modality.TEXT, Modality.IMAGE})
ALL_THREE = frozenset(Modality)


def _alignment(mixing: Mapping[Mixture, Mixing]) -> Alignment:
    """The default one, with fusions that bend."""
    loaded = load_alignment(DEFAULT, default_cards())
    torch.manual_seed(0)
    for weights in loaded.network.fusions.parameters():
        torch.nn.init.normal_(weights, std=0.02)
    return Alignment(loaded.network, replace(loaded.card, mixing=mixing))


@pytest.fixture
def stocked(shop: Shop) -> Shop:
    own = {thing.sku: thing for thing in things() if thing.sku in SKUS}
    drafts = [
        ProductDraft(sku=sku, title=thing.title, images=(shop.store(thing.picture()),)) for sku, thing in own.items()
    ]
    shop.upload(*drafts)
    return shop


@pytest.fixture(params=[Mixing.MEAN, Mixing.FUSION])
def way(request: pytest.FixtureRequest) -> Mixing:
    chosen: Mixing = request.param
    return chosen


@pytest.fixture
def as_one(stocked: Shop, way: Mixing, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The shop, searched by one vector for text with picture, and for all three."""
    alignment = _alignment({TYPED_AND_SHOWN: way, ALL_THREE: way})
    monkeypatch.setattr(stocked.towers.embedder, "alignment", alignment)
    return stocked


def _text(text: str, weight: float = 1.0, name: str = "text") -> QueryPart:
    return QueryPart(name=name, modality=Modality.TEXT, text=text, weight=weight)


def _picture(shop: Shop, sku: str, weight: float = 1.0, name: str = "image") -> QueryPart:
    (picture,) = [thing.picture() for thing in things() if thing.sku == sku]
    return QueryPart(name=name, modality=Modality.IMAGE, media=shop.store(picture).digest, weight=weight)


def _spoken(shop: Shop, said: str) -> QueryPart:
    return QueryPart(name="speech", modality=Modality.SPEECH, media=shop.store(synthesise(said, voice="en-us")).digest)


def _encoded(shop: Shop, *parts: QueryPart) -> EncodedQuery:
    with shop.connections.sessions() as session:
        return encode_query(session, shop.connections.store, shop.towers, 1, parts)


@pytest.mark.parametrize("rerank", [True, False])
def test_text_and_picture_are_one_part_whose_contributions_sum_to_the_cosine(as_one: Shop, *, rerank: bool) -> None:
    job = as_one.search(_text("something orange to eat"), _picture(as_one, "carrot"), rerank=rerank, explain=True)
    assert job.result is not None, job.error
    best = job.result["hits"][0]
    assert best["sku"] == "carrot"
    for hit in job.result["hits"]:
        brought = hit["contributions"]
        assert {(each["query"], each["modality"]) for each in brought} == {("text+image", "text+image")}
        assert {each["against"] for each in brought} == {"text", "image"}
        assert sum(each["contribution"] for each in brought) == pytest.approx(hit["cosine"], abs=1e-4)
        for each in brought:
            assert each["similarity"] * each["weight"] == pytest.approx(each["contribution"], abs=1e-5)
        assert sum(each["weight"] for each in brought) == pytest.approx(1, abs=1e-5)
    looked = {token["query"] for token in best["attention"]}
    assert looked == ({"text", "image"} if rerank else set())


def test_the_one_vector_is_what_the_alignment_makes_of_the_parts(as_one: Shop, way: Mixing) -> None:
    parts = (_text("something orange to eat", weight=0.5), _picture(as_one, "carrot", weight=2.0))
    (one,) = _encoded(as_one, *parts).vectors
    alone = {part.modality: _encoded(as_one, part).vectors[0].vectors for part in parts}
    weights = {part.modality: np.array([part.weight], dtype=np.float32) for part in parts}
    alignment = as_one.towers.embedder.alignment
    np.testing.assert_allclose(one.vectors, alignment.mix(way, alone, weights), atol=1e-5)
    assert one.weight == pytest.approx(1)
    shares = alignment.card.shares
    expected = (0.5 * shares[Modality.TEXT][Modality.IMAGE] + 2.0 * shares[Modality.IMAGE][Modality.IMAGE]) / 2.5
    assert one.shares[Modality.IMAGE] == pytest.approx(expected)


def test_what_was_said_stays_a_part_of_its_own(as_one: Shop) -> None:
    parts = (_text("an orange vegetable"), _picture(as_one, "carrot"), _spoken(as_one, "carrot"))
    job = as_one.search(*parts)
    assert job.result is not None, job.error
    best = job.result["hits"][0]
    assert best["sku"] == "carrot"
    weights: dict[str, float] = {}
    for each in best["contributions"]:
        weights[each["query"]] = weights.get(each["query"], 0) + each["weight"]
    heard = as_one.towers.embedder.transcript_share / 3
    assert weights == pytest.approx({"text+image+speech": 1 - heard, "speech": heard}, abs=1e-5)
    assert {each["modality"] for each in best["contributions"] if each["query"] == "speech"} == {"text"}
    assert sum(each["contribution"] for each in best["contributions"]) == pytest.approx(best["cosine"], abs=1e-4)


def test_the_long_form_names_every_part(as_one: Shop) -> None:
    job = as_one.search(_picture(as_one, "guitar", name="query/0"), _text("strings", name="query/1"))
    assert job.result is not None, job.error
    assert {each["query"] for each in job.result["hits"][0]["contributions"]} == {"query/1+query/0"}


def test_parts_that_share_their_shares_still_say_what_each_brought(
    stocked: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    alignment = _alignment({TYPED_AND_SHOWN: Mixing.SHARED})
    monkeypatch.setattr(stocked.towers.embedder, "alignment", alignment)
    parts = (_text("something orange to eat", weight=0.5), _picture(stocked, "carrot", weight=2.0))
    shared = alignment.mixed_shares({Modality.TEXT: 0.5, Modality.IMAGE: 2.0})
    assert {vector.name: vector.shares for vector in _encoded(stocked, *parts).vectors} == {
        "text": shared,
        "image": shared,
    }
    job = stocked.search(*parts)
    assert job.result is not None, job.error
    for hit in job.result["hits"]:
        weights = {(each["query"], each["against"]): each["weight"] for each in hit["contributions"]}
        seen = shared[Modality.TEXT] + shared[Modality.IMAGE]
        assert weights["text", "image"] == pytest.approx(0.2 * shared[Modality.IMAGE] / seen, abs=1e-5)
        assert weights["image", "text"] == pytest.approx(0.8 * shared[Modality.TEXT] / seen, abs=1e-5)
        assert sum(each["contribution"] for each in hit["contributions"]) == pytest.approx(hit["cosine"], abs=1e-4)


def test_what_no_single_vector_is_made_for_is_ranked_part_by_part(as_one: Shop) -> None:
    picture = _picture(as_one, "carrot")
    product = QueryPart(name="product", modality=None, sku="banana")
    for parts, names in (
        ((_text("fruit"),), {"text"}),
        ((_text("fruit"), _spoken(as_one, "banana")), {"text", "speech"}),  # of which the card says nothing
        ((_text("fruit", weight=-0.5), picture), {"text", "image"}),
        ((_text("fruit", name="query/0"), _text("orange", name="query/1"), picture), {"query/0", "query/1", "image"}),
        ((_text("fruit"), picture, product), {"text", "image", "product"}),
    ):
        assert {vector.name for vector in _encoded(as_one, *parts).vectors} == names


def test_a_part_that_weighs_nothing_is_no_part(as_one: Shop) -> None:
    parts = (_text("fruit"), _picture(as_one, "carrot"), replace(_spoken(as_one, "banana"), weight=0.0))
    assert [vector.name for vector in _encoded(as_one, *parts).vectors] == ["text+image"]


def test_without_a_choice_every_part_says_what_it_brought(stocked: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stocked.towers.embedder, "alignment", _alignment({}))
    job = stocked.search(_text("an orange vegetable"), _picture(stocked, "carrot"))
    assert job.result is not None
    assert {each["query"] for each in job.result["hits"][0]["contributions"]} == {"text", "image"}
