from dataclasses import replace

import numpy as np
import pytest
import torch

from app.types import Modality
from tests.workers.alignments import untrained
from workers.alignment.artifact import Alignment
from workers.alignment.tokens import Tokens
from workers.query import QueryVector
from workers.rerank.relevance import Reranked, rerank
from workers.stored import StoredContent

EVERY = tuple(Modality)
SHARES = dict.fromkeys(Modality, 1.0)
DIM = 64
EAST, NORTH, UP = np.eye(DIM, dtype=np.float32)[:3]


@pytest.fixture(scope="module")
def alignment() -> Alignment:
    plain = untrained(DIM)
    return Alignment(plain.network, replace(plain.card, rerank_weights=dict.fromkeys(Modality, 1.0)))


def _tokens(**labelled: np.ndarray) -> Tokens:
    return Tokens(tuple(labelled), np.stack(list(labelled.values())) if labelled else np.zeros((0, DIM), np.float32))


def _stored(
    product_id: int, modality: Modality, vector: np.ndarray, ordinal: int = 0, **tokens: np.ndarray
) -> StoredContent:
    return StoredContent(
        product_id=product_id, modality=modality, ordinal=ordinal, digest="", vector=vector, tokens=_tokens(**tokens)
    )


def _asked(name: str, vector: np.ndarray, weight: float = 1.0, **tokens: np.ndarray) -> QueryVector:
    return QueryVector(
        name=name,
        modality=Modality.TEXT,
        vectors=np.atleast_2d(vector),
        weight=weight,
        shares=SHARES,
        tokens=_tokens(**tokens),
    )


def _found(found: Reranked | None) -> Reranked:
    assert found is not None
    return found


def _softmax_attention(query: np.ndarray, tokens: np.ndarray) -> tuple[float, np.ndarray]:
    """The formula as it stands in the paper, for vectors of length √d: what is seen, and how near it is."""
    root = np.sqrt(len(query))
    logits = (root * query) @ (root * tokens).T / root
    attention = np.exp(logits) / np.exp(logits).sum()
    attended = attention @ tokens
    return float(query @ attended / np.linalg.norm(attended)), attention


def test_untrained_it_is_the_parameter_free_attention(alignment: Alignment) -> None:
    chance = np.random.default_rng(0)
    vectors = chance.standard_normal((6, DIM)).astype(np.float32)
    query, word, whole, *cells = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    stored = [_stored(1, Modality.IMAGE, whole, a=cells[0], b=cells[1], c=cells[2])]
    found = _found(rerank([_asked("text", query, red=word)], EVERY, stored, alignment))
    expected = [_softmax_attention(each, np.stack([whole, *cells])) for each in (query, word)]
    assert found.scores[1] == pytest.approx(np.mean([near for near, _ in expected]), abs=1e-5)
    for token, (near, attention) in zip(found.attention(1), expected, strict=True):
        assert token.similarity == pytest.approx(near, abs=1e-5)
        np.testing.assert_allclose(token.pictures[0].weights, attention[1:], atol=1e-5)
        assert token.sees[0].weight == pytest.approx(attention.max(), abs=1e-5)


def test_the_product_that_answers_scores_above_the_one_that_does_not(alignment: Alignment) -> None:
    stored = [_stored(7, Modality.TEXT, EAST), _stored(9, Modality.TEXT, NORTH)]
    found = _found(rerank([_asked("query", EAST)], EVERY, stored, alignment))
    assert found.scores[7] == pytest.approx(1)
    assert found.scores[9] == pytest.approx(0)


def test_a_word_finds_its_cell(alignment: Alignment) -> None:
    stored = [_stored(1, Modality.IMAGE, UP, here=EAST, there=NORTH)]
    whole, word = _found(rerank([_asked("text", UP, red=NORTH)], EVERY, stored, alignment)).attention(1)
    assert (whole.label, whole.sees[0].label) == (None, None)
    assert (word.label, word.sees[0].label, word.sees[0].against) == ("red", "there", Modality.IMAGE)
    assert word.pictures[0].weights[1] > 10 * word.pictures[0].weights[0]


def test_products_of_more_and_fewer_tokens_score_as_they_do_alone(alignment: Alignment) -> None:
    stored = [
        _stored(1, Modality.TEXT, EAST, one=UP),
        _stored(1, Modality.SPEECH, NORTH),
        _stored(2, Modality.IMAGE, NORTH, a=EAST, b=UP, c=NORTH),
    ]
    asked = [_asked("one", EAST, 0.6, word=UP, other=NORTH), _asked("two", NORTH, 0.4)]
    together = _found(rerank(asked, EVERY, stored, alignment))
    for product_id in (1, 2):
        own = [content for content in stored if content.product_id == product_id]
        alone = _found(rerank(asked, EVERY, own, alignment))
        assert together.scores[product_id] == pytest.approx(alone.scores[product_id], abs=1e-6)
        pairs = zip(together.attention(product_id), alone.attention(product_id), strict=True)
        assert all(one.sees[0].label == other.sees[0].label for one, other in pairs)


def test_a_query_tokens_attention_is_told_for_each_picture(alignment: Alignment) -> None:
    stored = [_stored(1, Modality.IMAGE, EAST, 0, a=EAST), _stored(1, Modality.IMAGE, UP, 1, b=UP, c=NORTH)]
    (token,) = _found(rerank([_asked("text", EAST)], EVERY, stored, alignment)).attention(1)
    assert [(picture.ordinal, len(picture.weights)) for picture in token.pictures] == [(0, 1), (1, 2)]


def test_modalities_that_the_search_is_not_against_are_not_looked_at(alignment: Alignment) -> None:
    stored = [_stored(1, Modality.TEXT, NORTH), _stored(1, Modality.IMAGE, EAST), _stored(2, Modality.IMAGE, EAST)]
    found = _found(rerank([_asked("query", EAST)], [Modality.TEXT], stored, alignment))
    assert found.scores == {1: pytest.approx(0)}
    assert {seen.against for token in found.attention(1) for seen in token.sees} == {Modality.TEXT}


def test_a_part_of_negative_weight_pushes_its_likeness_down(alignment: Alignment) -> None:
    asked = [_asked("like", EAST, 0.5), _asked("unlike", NORTH, -0.5)]
    stored = [_stored(1, Modality.TEXT, EAST), _stored(2, Modality.TEXT, NORTH)]
    assert _found(rerank(asked, EVERY, stored, alignment)).scores == {1: pytest.approx(0.5), 2: pytest.approx(-0.5)}


def test_what_each_token_counts_sums_to_the_parts_weight(alignment: Alignment) -> None:
    asked = [_asked("like", EAST, 0.7, red=UP, shoes=NORTH), _asked("unlike", NORTH, -0.3)]
    attention = _found(rerank(asked, EVERY, [_stored(1, Modality.TEXT, EAST)], alignment)).attention(1)
    sums = {name: sum(token.weight for token in attention if token.query == name) for name in ("like", "unlike")}
    assert sums == {"like": pytest.approx(0.7), "unlike": pytest.approx(-0.3)}


def test_a_product_that_was_no_candidate_has_no_attention(alignment: Alignment) -> None:
    found = _found(rerank([_asked("query", EAST)], EVERY, [_stored(1, Modality.TEXT, EAST)], alignment))
    assert found.attention(2) == ()


def test_without_vectors_nothing_is_ranked(alignment: Alignment) -> None:
    assert rerank([_asked("query", EAST)], EVERY, [], alignment) is None


def test_the_rerank_counts_as_the_card_says_for_what_a_part_was_given_as(alignment: Alignment) -> None:
    weighed = Alignment(alignment.network, replace(alignment.card, rerank_weights={Modality.TEXT: 2.0}))
    asked = [_asked("text", EAST, 0.5), replace(_asked("speech", EAST, 0.5), heard=True)]
    found = _found(rerank(asked, EVERY, [_stored(1, Modality.TEXT, EAST)], weighed))
    assert found.scores[1] == pytest.approx(1.0)  # 0.5 times 2, and nothing for what a recording says


def test_a_trained_head_counts_the_telling_word_for_more() -> None:
    taught = untrained(DIM)
    with torch.no_grad():
        taught.network.rerank.telling[0] = torch.from_numpy(EAST) * 5
    attention = _found(
        rerank([_asked("text", UP, red=EAST, the=NORTH)], EVERY, [_stored(1, Modality.TEXT, UP)], taught)
    ).attention(1)
    weights = {token.label: token.weight for token in attention}
    assert weights["red"] > 10 * weights["the"]
