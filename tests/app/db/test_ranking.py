from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from pgvector import HalfVector
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.catalog import service
from app.catalog.drafts import ProductDraft
from app.db import embeddings, products, ranking, tenants, vector_indexes
from app.db.ranking_statement import RankingPart, RankingStatement, Scan
from app.db.space_tables import EmbeddingSpace
from app.spaces.service import adopt
from app.types import Modality, SpaceKey
from tests.conftest import Services

DIM = 4
EAST, NORTH, UP = np.eye(DIM)[:3]
TEXT, IMAGE = Modality.TEXT, Modality.IMAGE


def _space(session: Session) -> EmbeddingSpace:
    space = adopt(session, SpaceKey(encoders={TEXT: "t@1", IMAGE: "i@1"}, alignment="a", dim=DIM))
    vector_indexes.create(session, space)
    return space


def _embed(
    session: Session,
    space: EmbeddingSpace,
    catalogue: str,
    vectors: Mapping[str, Mapping[Modality, Sequence[np.ndarray]]],
) -> int:
    tenant = tenants.find_or_create(session, "default")
    for sku in vectors:
        service.put(session, tenant, catalogue, ProductDraft(sku=sku, title=sku))
    catalogue_id = service.catalogue_id(session, tenant, catalogue)
    rows = [
        {
            "space_id": space.id,
            "product_id": products.find(session, catalogue_id, sku).id,
            "modality": modality,
            "ordinal": ordinal,
            "catalogue_id": catalogue_id,
            "product_version": 1,
            "digest": "",
            "embedding": HalfVector(vector),
        }
        for sku, own in vectors.items()
        for modality, several in own.items()
        for ordinal, vector in enumerate(several)
    ]
    embeddings.replace(session, space.id, catalogue_id, [row["product_id"] for row in rows], rows)
    return catalogue_id


def _ranked(session: Session, space: EmbeddingSpace, catalogue_id: int, *parts: RankingPart, **options: object) -> list:
    statement = RankingStatement(space=space, catalogue_id=catalogue_id, parts=parts, candidates=10, **options)
    ranked = ranking.rank(session, statement).products
    skus = products.by_ids(session, [each.product_id for each in ranked])
    return [(skus[each.product_id].sku, pytest.approx(each.cosine, abs=1e-3)) for each in ranked]


def _part(*readings: np.ndarray, weight: float = 1.0, **shares: float) -> RankingPart:
    return RankingPart(
        vectors=np.stack(readings).tolist(),
        weight=weight,
        shares={Modality(name): share for name, share in (shares or {"text": 1.0, "image": 1.0}).items()},
    )


def test_products_come_nearest_first(services: Services) -> None:
    with services.sessions.begin() as session:
        space = _space(session)
        near = (EAST + 0.5 * NORTH) / np.linalg.norm(EAST + 0.5 * NORTH)
        catalogue = _embed(session, space, "c", {"far": {TEXT: [UP]}, "near": {TEXT: [near]}, "same": {TEXT: [EAST]}})
        assert _ranked(session, space, catalogue, _part(EAST)) == [("same", 1.0), ("near", 2 / 5**0.5), ("far", 0.0)]


def test_a_product_is_as_near_as_its_nearest_vector_of_a_modality(services: Services) -> None:
    with services.sessions.begin() as session:
        space = _space(session)
        catalogue = _embed(session, space, "c", {"two": {IMAGE: [UP, EAST]}, "one": {IMAGE: [NORTH]}})
        assert _ranked(session, space, catalogue, _part(EAST)) == [("two", 1.0), ("one", 0.0)]


def test_of_several_readings_the_nearest_counts(services: Services) -> None:
    with services.sessions.begin() as session:
        space = _space(session)
        catalogue = _embed(session, space, "c", {"east": {TEXT: [EAST]}, "up": {TEXT: [UP]}, "north": {TEXT: [NORTH]}})
        ranked = _ranked(session, space, catalogue, _part(EAST, UP))
        assert ranked == [("east", 1.0), ("up", 1.0), ("north", 0.0)]


def test_a_parts_weight_is_shared_among_the_modalities_that_a_product_has(services: Services) -> None:
    with services.sessions.begin() as session:
        space = _space(session)
        catalogue = _embed(session, space, "c", {"both": {TEXT: [EAST], IMAGE: [NORTH]}, "text": {TEXT: [EAST]}})
        ranked = _ranked(session, space, catalogue, _part(EAST, text=0.75, image=0.25))
        assert ranked == [("text", 1.0), ("both", 0.75)]


def test_a_negative_weight_takes_away(services: Services) -> None:
    with services.sessions.begin() as session:
        space = _space(session)
        catalogue = _embed(session, space, "c", {"east": {TEXT: [EAST]}, "north": {TEXT: [NORTH]}})
        ranked = _ranked(session, space, catalogue, _part(EAST, weight=0.5), _part(NORTH, weight=-0.5))
        assert ranked == [("east", 0.5), ("north", -0.5)]


def test_contributions_sum_to_the_cosine(services: Services) -> None:
    with services.sessions.begin() as session:
        space = _space(session)
        catalogue = _embed(session, space, "c", {"both": {TEXT: [EAST], IMAGE: [(EAST + UP) / 2**0.5]}})
        parts = [_part(EAST, weight=0.7, text=0.8, image=0.2), _part(UP, weight=-0.3, text=0.4, image=0.6)]
        statement = RankingStatement(space=space, catalogue_id=catalogue, parts=parts, candidates=10)
        (found,) = ranking.rank(session, statement).products
        assert sum(each.similarity * each.weight for each in found.compared) == pytest.approx(found.cosine, abs=1e-9)
        assert sum(abs(each.weight) for each in found.compared) == pytest.approx(1.0)


def test_only_the_asked_modalities_count(services: Services) -> None:
    with services.sessions.begin() as session:
        space = _space(session)
        catalogue = _embed(session, space, "c", {"text": {TEXT: [EAST]}, "image": {IMAGE: [EAST]}})
        assert _ranked(session, space, catalogue, _part(EAST, image=1.0)) == [("image", 1.0)]


def test_a_search_sees_its_own_catalogue_only(services: Services) -> None:
    with services.sessions.begin() as session:
        space = _space(session)
        mine = _embed(session, space, "mine", {"a": {TEXT: [EAST]}})
        _embed(session, space, "theirs", {"b": {TEXT: [EAST]}})
        assert _ranked(session, space, mine, _part(EAST)) == [("a", 1.0)]


def test_excluded_products_are_left_out(services: Services) -> None:
    with services.sessions.begin() as session:
        space = _space(session)
        catalogue = _embed(session, space, "c", {"a": {TEXT: [EAST]}, "b": {TEXT: [EAST]}})
        excluded = products.find(session, catalogue, "a").id
        assert _ranked(session, space, catalogue, _part(EAST), exclude=[excluded]) == [("b", 1.0)]


def test_a_large_catalogue_is_ranked_through_the_partial_index(services: Services) -> None:
    with services.sessions.begin() as session:
        space = _space(session)
        catalogue = _embed(session, space, "c", {"a": {TEXT: [EAST]}})
        session.execute(
            text("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off")
        )
        statement = RankingStatement(space=space, catalogue_id=catalogue, parts=[_part(EAST)], candidates=5)
        plan = "\n".join(session.scalars(text(f"EXPLAIN {statement.text(Scan.APPROXIMATE)}"), statement.values))
        assert f"_s{space.id}_text" in plan
        assert f"_s{space.id}_image" in plan
