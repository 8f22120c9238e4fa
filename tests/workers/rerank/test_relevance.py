from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from pgvector import HalfVector

from app.types import Modality
from workers.query import EncodedQuery, QueryVector
from workers.rerank.attention import attend
from workers.rerank.relevance import rerank

EVERY = tuple(Modality)
SHARES = dict.fromkeys(Modality, 1.0)
EAST, NORTH, UP = np.eye(64, dtype=np.float32)[:3]


@dataclass(frozen=True)
class Stored:
    """A row as the database gives it."""

    product_id: int
    modality: str
    vector: bytes


def _stored(product_id: int, modality: Modality, vector: np.ndarray) -> Any:
    return Stored(product_id, str(modality), HalfVector(vector).to_binary())


def _query(*parts: tuple[str, np.ndarray, float]) -> EncodedQuery:
    vectors = tuple(
        QueryVector(name=name, modality=Modality.TEXT, vectors=np.atleast_2d(vector), weight=weight, shares=SHARES)
        for name, vector, weight in parts
    )
    return EncodedQuery(vectors=vectors, named_products=(), texts=(), transcript=None)


def test_the_product_that_answers_scores_above_the_one_that_does_not() -> None:
    stored = [_stored(7, Modality.TEXT, EAST), _stored(9, Modality.TEXT, NORTH)]
    found = rerank(_query(("query", EAST, 1.0)), EVERY, stored)
    assert found[7].score == pytest.approx(1)
    assert found[9].score == pytest.approx(0)


def test_products_of_more_and_fewer_vectors_score_as_they_do_alone() -> None:
    stored = [
        _stored(1, Modality.TEXT, EAST),
        _stored(1, Modality.TEXT, UP),
        _stored(2, Modality.IMAGE, NORTH),
        _stored(1, Modality.SPEECH, NORTH),
    ]
    query = _query(("one", EAST, 0.6), ("two", NORTH, 0.4))
    together = rerank(query, EVERY, stored)
    for product_id in (1, 2):
        alone = rerank(query, EVERY, [row for row in stored if row.product_id == product_id])
        assert together[product_id].score == pytest.approx(alone[product_id].score, abs=1e-6)
        assert together[product_id].attention == alone[product_id].attention


def test_attention_is_summed_by_modality_and_sums_to_one() -> None:
    rows = [(Modality.TEXT, EAST), (Modality.IMAGE, UP), (Modality.TEXT, NORTH)]
    found = rerank(_query(("query", EAST, 1.0)), EVERY, [_stored(1, *row) for row in rows])
    vectors = np.stack([vector for _, vector in rows])
    _, expected = attend(EAST[None], vectors[None], np.ones((1, 3), dtype=bool))
    attention = found[1].attention["query"]
    assert attention["text"] == pytest.approx(expected[0, 0, 0] + expected[0, 0, 2], abs=2e-4)
    assert sum(attention.values()) == pytest.approx(1, abs=2e-4)
    assert attention["text"] > attention["image"]


def test_modalities_that_the_search_is_not_against_are_not_looked_at() -> None:
    stored = [_stored(1, Modality.TEXT, NORTH), _stored(1, Modality.IMAGE, EAST), _stored(2, Modality.IMAGE, EAST)]
    found = rerank(_query(("query", EAST, 1.0)), [Modality.TEXT], stored)
    assert set(found) == {1}
    assert found[1].score == pytest.approx(0)
    assert found[1].attention == {"query": {"text": 1.0}}


def test_a_part_of_negative_weight_pushes_its_likeness_down() -> None:
    query = _query(("like", EAST, 0.5), ("unlike", NORTH, -0.5))
    found = rerank(query, EVERY, [_stored(1, Modality.TEXT, EAST), _stored(2, Modality.TEXT, NORTH)])
    assert found[1].score == pytest.approx(0.5)
    assert found[2].score == pytest.approx(-0.5)


def test_of_several_readings_the_one_nearest_to_a_product_counts_for_it() -> None:
    stored = [_stored(1, Modality.TEXT, EAST), _stored(2, Modality.TEXT, NORTH), _stored(3, Modality.TEXT, -UP)]
    query = _query(("typed", UP, 0.5), ("spoken", np.stack([EAST, NORTH]), 0.5))
    found = rerank(query, EVERY, stored)
    assert [round(found[number].score, 3) for number in (1, 2, 3)] == [0.5, 0.5, -0.5]
    assert found[3].attention == {"typed": {"text": 1.0}, "spoken": {"text": 1.0}}


def test_without_vectors_nothing_is_ranked() -> None:
    assert rerank(_query(("query", EAST, 1.0)), EVERY, []) == {}
