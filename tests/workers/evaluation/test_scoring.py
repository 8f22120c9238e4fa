import numpy as np
import pytest

from app.types import Modality
from workers.evaluation.scoring import Index, ModalityVectors, rerank_first, similarities, together

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


def test_shares_are_divided_among_the_modalities_that_a_product_has() -> None:
    none = -np.inf
    by_modality = {TEXT: np.array([[0.8, 0.4, none]], np.float32), IMAGE: np.array([[0.2, none, none]], np.float32)}
    np.testing.assert_allclose(together(by_modality, {TEXT: 3.0, IMAGE: 1.0}), [[0.65, 0.4, none]], rtol=1e-6)


def test_the_rerank_keeps_what_it_did_not_see_below_what_it_did() -> None:
    index = _index(text=[(0, EAST, "1"), (1, NORTH, "2"), (2, UP, "3")])
    reranked = rerank_first(np.array([[0.1, 0.9, 0.5]], np.float32), EAST[None], ["q"], index, first=2)
    assert reranked[0, 0] < min(reranked[0, 1:])
    assert reranked[0, 1] == pytest.approx(0, abs=1e-6)


def test_the_rerank_attends_to_no_vector_of_the_querys_own_content() -> None:
    index = _index(image=[(0, EAST, "same"), (0, NORTH, "other"), (1, NORTH, "third")])
    reranked = rerank_first(np.array([[0.0, 0.0, -np.inf]], np.float32), EAST[None], ["same"], index, first=3)
    assert reranked[0, 0] == pytest.approx(reranked[0, 1])
