import numpy as np
import pytest

from app.types import Modality
from workers.evaluation.scoring import (
    Index,
    ModalityVectors,
    nearest_reading,
    similarities,
    similarities_without,
    together,
)

TEXT, IMAGE = Modality.TEXT, Modality.IMAGE
EAST, NORTH, UP = np.eye(3, dtype=np.float32)


def _index(**modalities: list[tuple[int, np.ndarray, str]]) -> Index:
    return Index(
        products=["a", "b", "c"],
        modalities={
            Modality(name): ModalityVectors(
                vectors=np.stack([vector for _, vector, _ in rows]),
                owners=np.array([owner for owner, _, _ in rows]),
                keys=[key for _, _, key in rows],
            )
            for name, rows in modalities.items()
        },
    )


def test_a_product_is_as_similar_as_its_nearest_vector() -> None:
    index = _index(text=[(0, UP, "1"), (0, EAST, "2"), (2, NORTH, "3")])
    np.testing.assert_allclose(similarities(EAST[None], ["q"], index, TEXT), [[1, -np.inf, 0]])


def test_a_query_is_never_compared_with_its_own_content() -> None:
    index = _index(image=[(0, EAST, "same"), (1, NORTH, "other")])
    np.testing.assert_allclose(similarities(EAST[None], ["same"], index, IMAGE), [[-np.inf, 0, -np.inf]])


def test_a_query_of_several_contents_is_compared_with_none_of_them() -> None:
    index = _index(image=[(0, EAST, "one"), (0, UP, "two"), (1, EAST, "two"), (2, NORTH, "three")])
    found = similarities_without(np.stack([EAST, EAST]), [("one", "two"), ()], index, IMAGE)
    np.testing.assert_allclose(found, [[-np.inf, -np.inf, 0], [1, 1, 0]])


def test_of_several_readings_the_one_nearest_to_a_product_counts() -> None:
    none = -np.inf
    similar = np.array([[0.1, 0.9], [0.7, 0.2], [0.3, none]], np.float32)
    expected = [[none, none], [0.7, 0.9], [none, none], [0.3, none], [none, none]]
    np.testing.assert_allclose(nearest_reading(similar, [0, 2, 0, 1, 0]), np.array(expected, np.float32))


def test_without_any_reading_nothing_is_near() -> None:
    assert (nearest_reading(np.zeros((0, 2), np.float32), [0, 0]) == -np.inf).all()


def test_shares_are_divided_among_the_modalities_that_a_product_has() -> None:
    none = -np.inf
    by_modality = {TEXT: np.array([[0.8, 0.4, none]], np.float32), IMAGE: np.array([[0.2, none, none]], np.float32)}
    np.testing.assert_allclose(together(by_modality, {TEXT: 3.0, IMAGE: 1.0}), [[0.65, 0.4, none]], rtol=1e-6)


def test_each_query_may_have_shares_of_its_own() -> None:
    by_modality = {TEXT: np.array([[0.8], [0.8]], np.float32), IMAGE: np.array([[0.2], [0.2]], np.float32)}
    shares = {TEXT: np.array([[3], [1]], np.float32), IMAGE: np.array([[1], [3]], np.float32)}
    np.testing.assert_allclose(together(by_modality, shares), [[0.65], [0.35]], rtol=1e-6)


def test_a_product_whose_every_vector_is_the_querys_own_content_has_no_score() -> None:
    index = _index(image=[(0, EAST, "same"), (0, NORTH, "same"), (1, NORTH, "other")])
    found = together({IMAGE: similarities(EAST[None], ["same"], index, IMAGE)}, {IMAGE: 1.0})
    np.testing.assert_allclose(found, [[-np.inf, 0, -np.inf]])


def test_scores_are_those_of_loops_over_products_modalities_and_vectors() -> None:
    random = np.random.default_rng(0)
    vectors = random.normal(size=(9, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    owners = {"text": [0, 0, 1, 2], "image": [1, 1, 2], "speech": [0, 1]}
    numbered = iter(range(9))
    rows = {name: [(owner, vectors[next(numbered)], name) for owner in own] for name, own in owners.items()}
    shares = {Modality("text"): 0.5, Modality("image"): 0.3, Modality("speech"): 0.2}
    queries = vectors[:2] @ np.linalg.qr(random.normal(size=(5, 5)))[0].astype(np.float32)
    index = _index(**rows)
    found = together({m: similarities(queries, ["q", "q"], index, m) for m in Modality}, shares)
    for row, query in enumerate(queries):
        for product in range(3):
            best = {
                name: max(float(query @ vector) for owner, vector, _ in own if owner == product)
                for name, own in rows.items()
                if product in owners[name]
            }
            weights = sum(shares[Modality(name)] for name in best)
            expected = sum(shares[Modality(name)] * cosine for name, cosine in best.items()) / weights
            assert found[row, product] == pytest.approx(expected, abs=1e-5)
