from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import ranking
from app.db.tables import Product
from app.types import Modality
from tests.conftest import Services
from workers.alignment.artifact import DEFAULT, Alignment, load_alignment
from workers.encoders.registry import default_cards
from workers.evaluation.judged import JudgedQuery
from workers.evaluation.judging import Batch
from workers.evaluation.scoring import Floats, Index, ModalityVectors
from workers.evaluation.sql_engine import agreement, database
from workers.evaluation.word_index import WordIndex

PRODUCTS, QUERIES = 40, 6


@pytest.fixture(scope="module")
def alignment() -> Alignment:
    return load_alignment(DEFAULT, default_cards())


def _units(count: int, seed: int) -> Floats:
    vectors = np.random.default_rng(seed).normal(size=(count, 512)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def _stored(owners: Sequence[int], seed: int) -> ModalityVectors:
    keys = [f"{seed} {number}" for number in range(len(owners))]
    return ModalityVectors(vectors=_units(len(owners), seed), owners=np.array(owners, dtype=np.int64), keys=keys)


def _query(number: int) -> JudgedQuery:
    text = f"thing {number} of colour {number % 3}"
    return JudgedQuery(
        id=str(number), modality=Modality.TEXT, text=text, path=None, relevant=frozenset({"0"}), split="val",
        kind="", lang="", leave_out=(), transcript="",
    )  # fmt: skip


def _batch() -> Batch:
    """Products with one or two texts, of which every other one has a picture."""
    texts = sorted([*range(PRODUCTS), *range(0, PRODUCTS, 3)])
    index = Index(
        products=[str(number) for number in range(PRODUCTS)],
        modalities={
            Modality.TEXT: _stored(texts, 1),
            Modality.IMAGE: _stored(range(0, PRODUCTS, 2), 2),
            Modality.SPEECH: _stored(range(5), 3),
        },
        words=WordIndex.of([f"Thing {number}", f"colour {number % 5}"] for number in range(PRODUCTS)),
    )
    return Batch(
        modality=Modality.TEXT,
        index=index,
        queries=[_query(number) for number in range(QUERIES)],
        contents=[],
        keys=[f"query {number}" for number in range(QUERIES)],
        vectors=_units(QUERIES, 4),
    )


def test_the_statement_ranks_as_memory_does(services: Services, alignment: Alignment) -> None:
    with services.sessions() as session:
        found = agreement(session, iter([_batch(), _batch()]), alignment)
    assert (found.queries, found.same, found.skipped) == (2 * QUERIES, 2 * QUERIES, 0)
    assert "12 of 12" in str(found)


def test_another_order_is_noticed(services: Services, alignment: Alignment, monkeypatch: pytest.MonkeyPatch) -> None:
    rank = ranking.rank

    def reversed_rank(session: Session, *parts: object, **named: object) -> object:
        found = rank(session, *parts, **named)  # type: ignore[arg-type]  # passed on as they came
        return replace(found, products=found.products[::-1])

    monkeypatch.setattr(ranking, "rank", reversed_rank)
    with services.sessions() as session:
        found = agreement(session, iter([_batch()]), alignment)
    assert (found.same, len(found.differing)) == (0, QUERIES)
    assert "not for 0, 1, 2" in str(found)


def test_a_query_made_from_a_products_own_words_is_left_out(services: Services, alignment: Alignment) -> None:
    batch = _batch()
    own = replace(batch, keys=[batch.index.modalities[Modality.TEXT].keys[3], *batch.keys[1:]])
    with services.sessions() as session:
        found = agreement(session, iter([own]), alignment)
    assert (found.queries, found.skipped) == (QUERIES - 1, 1)


def test_its_database_is_ready_and_empty() -> None:
    with database() as session:
        assert session.scalars(select(func.count()).select_from(Product)).one() == 0
