"""How PostgreSQL goes about ranking a catalogue that is large enough for it to matter: it chooses by itself."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from app.catalog import service
from app.catalog.drafts import ProductDraft
from app.db import matching, ranking, tenancy, tenants, upkeep, vector_indexes
from app.db.engine import make_engine, make_sessions
from app.db.filtering import EVERYTHING, Filter, sql_of
from app.db.ranking_statement import RankingPart, RankingStatement, Scan
from app.db.space_tables import EmbeddingSpace
from app.db.tenancy import DatabaseRole
from app.local.servers import Servers
from app.search.filters import parse_filter
from app.spaces.service import adopt
from app.types import Modality, SpaceKey
from tests.conftest import Services, cloned

COUNT, DIM = 12_000, 8
SPACE = SpaceKey(encoders={Modality.TEXT: "t@1"}, alignment="a", dim=DIM)
FILLED = """
INSERT INTO products (catalogue_id, sku, attributes)
SELECT :catalogue, 'p' || number, jsonb_build_object('half', number % 2, 'rare', number % 1000)
FROM generate_series(1, :count) AS number;
"""
EMBEDDED = """
INSERT INTO embeddings (space_id, product_id, modality, ordinal, catalogue_id, product_version, digest, embedding)
SELECT :space, id, 'text', 0, :catalogue, 1, '',
    CAST(ARRAY(SELECT CAST(random() - 0.5 + 0 * products.id AS real) FROM generate_series(1, :dim)) AS halfvec)
FROM products WHERE catalogue_id = :catalogue;
"""
PART_OF = """
SELECT right(CAST(tableoid AS regclass)::text, 1) FROM embeddings WHERE catalogue_id = :catalogue LIMIT 1
"""
PART = RankingPart(vectors=[[1.0] + [0.0] * (DIM - 1)], weight=1.0, shares={Modality.TEXT: 1.0})


@dataclass(frozen=True)
class Large:
    """A large catalogue, as a worker sees it that searches for its tenant: no policy keeps it from its indexes."""

    session: Session
    space: EmbeddingSpace
    catalogue: int


@pytest.fixture(scope="module")
def filled(servers: Servers, template: str) -> Iterator[sessionmaker[Session]]:
    """Sessions on a database with the catalogue in it."""
    with cloned(servers, template, "test_plans") as url:
        engine = make_engine(url)
        sessions = make_sessions(engine)
        with sessions.begin() as session:
            tenant = tenants.find_or_create(session, "default")
            service.put(session, tenant, "large", ProductDraft(sku="first", title="First"))
            catalogue = service.catalogue_id(session, tenant, "large")
            space = adopt(session, SPACE)
            vector_indexes.create(session, space)
            values = {"catalogue": catalogue, "space": space.id, "count": COUNT, "dim": DIM}
            session.execute(text(FILLED), values)
            session.execute(text(EMBEDDED), values)
            session.execute(text("ANALYZE products, embeddings"))
        yield sessions
        engine.dispose()


@pytest.fixture
def large(filled: sessionmaker[Session]) -> Iterator[Large]:
    with filled() as session:
        tenant = tenants.find_or_create(session, "default")
        catalogue, space = service.catalogue_id(session, tenant, "large"), adopt(session, SPACE)
        session.connection().info.clear()  # of what another test was told
        session.execute(text(f"SET LOCAL ROLE {DatabaseRole.WORKER}"))
        tenancy.tell(session.connection(), tenant)
        yield Large(session, space, catalogue)


def _statement(large: Large, where: Filter, candidates: int) -> RankingStatement:
    return RankingStatement(
        space=large.space, catalogue_id=large.catalogue, parts=[PART], where=where, candidates=candidates
    )


def _plan(large: Large, scan: Scan, where: Filter) -> str:
    statement = _statement(large, where, candidates=20)
    return "\n".join(large.session.scalars(text(f"EXPLAIN {statement.text(scan, nodes=40)}"), statement.values))


def test_each_way_of_ranking_goes_through_its_indexes(large: Large) -> None:
    ways = [
        (EVERYTHING, Scan.APPROXIMATE, ["embeddings_p{part}_s{space}_text"]),
        (sql_of(parse_filter("half = 0")), Scan.APPROXIMATE, ["embeddings_p{part}_s{space}_text", "products_pkey"]),
        (sql_of(parse_filter("rare = 7")), Scan.EXACT, ["products_by_attributes", "embeddings_p{part}_pkey"]),
    ]
    part = large.session.scalars(text(PART_OF), {"catalogue": large.catalogue}).one()
    for where, scan, used in ways:
        plan = _plan(large, scan, where)
        assert (matching.expected(large.session, large.catalogue, where) > ranking.COMPARED) is (
            scan is Scan.APPROXIMATE
        )
        for index in used:
            assert index.format(space=large.space.id, part=part) in plan, plan
        assert "Seq Scan" not in plan
        assert len(ranking.rank(large.session, _statement(large, where, 10)).products) == 10


def test_where_an_index_would_meet_too_few_all_that_match_are_compared(
    large: Large, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranking, "COMPARED", 5)
    monkeypatch.setattr(ranking, "MOST_COMPARED", 100)
    few, many = sql_of(parse_filter("rare = 7")), sql_of(parse_filter("half = 0"))
    assert 5 < matching.expected(large.session, large.catalogue, few) < 100
    assert ranking.rank(large.session, _statement(large, few, 10)).scan is Scan.EXACT
    assert ranking.rank(large.session, _statement(large, many, 10)).scan is Scan.APPROXIMATE


def test_an_estimate_is_asked_for_once(large: Large, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Filter] = []

    def counted(session: Session, catalogue_id: int, where: Filter) -> int:
        asked.append(where)
        return matching.expected(session, catalogue_id, where)

    monkeypatch.setattr(ranking, "expected", counted)
    for text_of in ("half = 0", "half = 0", "half = 1"):
        ranking.rank(large.session, _statement(large, sql_of(parse_filter(text_of)), 10))
    assert asked == [EVERYTHING, sql_of(parse_filter("half = 0")), sql_of(parse_filter("half = 1"))]
    monkeypatch.setattr(ranking, "KNOWN_FOR", -1.0)
    large.session.connection().info.clear()
    for _ in range(2):
        ranking.rank(large.session, _statement(large, EVERYTHING, 10))
    assert asked[3:] == [EVERYTHING, EVERYTHING, EVERYTHING, EVERYTHING]


def test_as_many_come_as_match_though_the_estimate_was_wrong(large: Large, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "expected", lambda *_: COUNT)
    where = sql_of(parse_filter("rare = 7 AND half = 1"))
    found = ranking.rank(large.session, _statement(large, where, 200)).products
    assert len(found) == COUNT // 1000


def test_a_table_that_has_grown_is_looked_at_again_once(services: Services) -> None:
    with services.sessions.begin() as session:
        tenant = tenants.find_or_create(session, "default")
        service.put(session, tenant, "large", ProductDraft(sku="first", title="First"))
        catalogue = service.catalogue_id(session, tenant, "large")
        session.execute(text(FILLED), {"catalogue": catalogue, "count": 1_000})
        space = adopt(session, SPACE)
        session.execute(text(EMBEDDED), {"catalogue": catalogue, "space": space.id, "dim": DIM})
        part = session.scalars(text(PART_OF), {"catalogue": catalogue}).one()
    with services.sessions.begin() as session:
        session.execute(text("SELECT pg_stat_force_next_flush()"))
    with services.sessions.begin() as session:
        assert matching.expected(session, catalogue) < 500
        assert upkeep.analyze_changed(session) == [f"embeddings_p{part}", "products"]
    with services.sessions.begin() as session:
        assert 900 < matching.expected(session, catalogue) < 1_100
        assert upkeep.analyze_changed(session) == []
