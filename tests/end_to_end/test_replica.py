"""Searches read a standby that is up to date, and the primary where it is not."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from app.catalog.drafts import ProductDraft
from app.db import tenants
from app.doctor.servers import replica
from app.local.servers import Servers
from app.search.service import submit
from app.types import Modality, QueryPart, SearchQuery
from tests.end_to_end.conftest import CATALOGUE, Shop
from tests.standby import Standby
from workers.connections import Connections
from workers.search import run_search

LAMP = QueryPart(name="text", modality=Modality.TEXT, text="red lamp")


@pytest.fixture(scope="module")
def standby(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standby]:
    with Standby(tmp_path_factory.mktemp("standby"), servers.database_url) as running:
        yield running


@dataclass(frozen=True)
class Following:
    """A shop with a standby."""

    shop: Shop
    standby: Standby

    def upload(self, sku: str, title: str) -> None:
        self.shop.upload(ProductDraft(sku=sku, title=title))

    def search(self, part: QueryPart = LAMP, *, late: bool = False) -> tuple[list[str], bool]:
        """What is found, and whether by the standby; `late` by a worker that comes to it when the standby knows it."""
        own = self.shop.connections
        with own.jobs.transaction() as session:
            tenant = tenants.find_or_create(session, "default")
            job_id = submit(session, tenant, CATALOGUE, SearchQuery(parts=(part,))).id
        if late:
            self.standby.catch_up()
        run_search(own, self.shop.held, job_id)
        result = self.shop.job(job_id).result
        assert result is not None
        return [hit["sku"] for hit in result["hits"]], result["replica"]


def _following(shop: Shop, standby: Standby, staleness: int) -> Following:
    database = shop.connections.settings.database_url.partition("?")[0].rpartition("/")[2]
    settings = replace(
        shop.connections.settings, database_replica_url=standby.url_of(database), replica_staleness_seconds=staleness
    )
    standby.catch_up()
    return Following(replace(shop, connections=Connections.of(settings)), standby)


@pytest.fixture
def following(shop: Shop, standby: Standby) -> Iterator[Following]:
    found = _following(shop, standby, staleness=0)
    yield found
    standby.tell("SELECT pg_wal_replay_resume()")
    found.shop.connections.close()


@pytest.fixture
def lenient(shop: Shop, standby: Standby) -> Iterator[Following]:
    found = _following(shop, standby, staleness=3600)
    yield found
    standby.tell("SELECT pg_wal_replay_resume()")
    found.shop.connections.close()


def test_the_standby_answers_what_the_primary_would(following: Following) -> None:
    following.upload("A1", "Red lamp")
    following.upload("A2", "Green chair")
    assert following.search(late=True) == (["A1", "A2"], True)
    following.standby.tell("SELECT pg_wal_replay_pause()")
    assert following.search() == (["A1", "A2"], False)


def test_what_was_uploaded_before_is_found_however_far_the_standby_is_behind(following: Following) -> None:
    following.upload("A1", "Red lamp")
    following.standby.catch_up()
    following.standby.tell("SELECT pg_wal_replay_pause()")
    following.upload("A2", "Red lamp, small")
    found, by_replica = following.search()
    assert (set(found), by_replica) == ({"A1", "A2"}, False)


def test_a_standby_may_be_behind_as_far_as_is_allowed(lenient: Following) -> None:
    lenient.upload("A1", "Red lamp")
    lenient.standby.catch_up()
    lenient.standby.tell("SELECT pg_wal_replay_pause()")
    lenient.upload("A2", "Red lamp, small")
    assert lenient.search() == (["A1"], True)


def test_a_product_that_the_standby_does_not_know_yet_can_be_asked_by(lenient: Following) -> None:
    lenient.upload("A1", "Red lamp")
    lenient.standby.catch_up()
    lenient.standby.tell("SELECT pg_wal_replay_pause()")
    lenient.upload("A2", "Red lamp, small")
    assert lenient.search(QueryPart(name="product", modality=None, sku="A2")) == (["A1"], False)


def test_a_statement_that_the_standby_ends_is_answered_by_the_primary(
    lenient: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    lenient.upload("A1", "Red lamp")
    lenient.standby.catch_up()
    replica = lenient.shop.connections.replica
    assert replica is not None
    engine = replica.sessions.kw["bind"]
    monkeypatch.setitem(replica.sessions.kw, "bind", engine.execution_options(isolation_level="SERIALIZABLE"))
    # A standby refuses this isolation with an error of its own, as it does what is in the way of its replay.
    assert lenient.search() == (["A1"], False)


def _answered_by_replica(shop: Shop, replica_url: str) -> bool:
    """Whether a standby at that address answers a search; what it finds is right either way."""
    connections = Connections.of(replace(shop.connections.settings, database_replica_url=replica_url))
    own = replace(shop, connections=connections)
    own.upload(ProductDraft(sku="A1", title="Red lamp"))
    result = own.search(LAMP).result
    connections.close()
    assert result is not None
    assert [hit["sku"] for hit in result["hits"]] == ["A1"]
    return bool(result["replica"])


def test_without_its_standby_the_primary_answers(shop: Shop) -> None:
    assert not _answered_by_replica(shop, "postgresql://nobody@127.0.0.1:1/nothing")


def test_another_server_is_not_read(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> None:
    with Servers(tmp_path_factory.mktemp("other")) as other:
        assert not _answered_by_replica(shop, other.database_url)


def test_the_primary_itself_is_no_standby(shop: Shop) -> None:
    assert not _answered_by_replica(shop, shop.connections.settings.database_url)


def test_the_doctor_tells_how_far_behind_it_is(following: Following) -> None:
    settings = following.shop.connections.settings
    (found,) = replica(settings.database_url, settings.database_replica_url)
    assert (found.health, found.said) == ("fine", "0.0 MB behind")
    (found,) = replica(settings.database_url, settings.database_url)
    assert (found.health, found.said) == ("warning", "is no standby of the database")
    (found,) = replica(settings.database_url, "postgresql://nobody@127.0.0.1:1/nothing")
    assert found.health == "warning"
    assert "DATABASE_REPLICA_URL" in found.mend
