"""Two tenants on one database: neither sees or changes anything of the other, whatever is asked, and however."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import DBAPIError

from app.catalog.drafts import ProductDraft
from app.catalog.service import put
from app.db import tenancy
from app.db.engine import make_engine
from app.db.tenancy import DatabaseRole
from app.http.app import create_app
from app.keys import service as keys
from app.keys.service import KeyWish
from app.tenants import service
from app.types import Scope
from tests.conftest import Services
from tests.end_to_end.conftest import CATALOGUE, Shop
from tests.end_to_end.walk import Walk, filled

FIRST = 7_000_000  # ids of what the shop has begin here, so that they are told apart from any other's
NUMBERED = (
    "catalogues",
    "products",
    "removals",
    "job_errors",
    "webhooks",
    "webhook_deliveries",
    "api_keys",
    "audit_log",
)
OF_TENANTS = (*NUMBERED, "tenants", "jobs", "idempotency_keys", "product_media", "embeddings", "tokens")
ITS_OWN = re.compile(r"hush|\b70000\d\d\b", re.IGNORECASE)
# What says for whom is acted, which is told here by hand; the doors through which a key alone leads; and messages to
# workers, which hold ids that whoever sends them knows.
SHARED = re.compile(r"set_config\(|valid_key\(|INTO outbox|FROM outbox")
ROWS = (
    "SELECT md5(coalesce(string_agg(row, '' ORDER BY row), '')) FROM (SELECT CAST({0} AS text) AS row FROM {0}{1}) AS r"
)
BODIES: list[dict[str, Any] | None] = [
    None,
    {},
    {"sku": "own", "title": "own"},
    {"title": "own"},
    {"text": "red lamp", "filter": "hush = 'hush'", "facets": ["hush"]},
    {"query": [{"product": "hush-1"}]},
    {"catalogue": CATALOGUE},
    {"catalogue": CATALOGUE, "sku": "hush-1"},
    {"everything": True},
    {"name": "own", "scopes": ["search", "write", "admin"]},
    {"url": "https://own.example/jobs"},
    {"synonyms": [["own", "mine"]]},
]
QUERIES = ["", "?filter=hush%20%3D%20'hush'", "?cursor=1", "?limit=100", f"?catalogue={CATALOGUE}"]


@dataclass(frozen=True)
class Statement:
    """One that a process of ours sent, as the driver got it."""

    text: str
    values: Any

    def run(self, connection: Connection) -> Sequence[Any]:
        """Its rows."""
        many = isinstance(self.values, list)
        found = connection.exec_driver_sql(self.text, self.values)
        return found.fetchall() if not many and found.returns_rows else ()


@dataclass(frozen=True)
class Neighbours:
    """A shop with all that one can have, what was sent for it, and somebody else's keys."""

    app: Flask
    walk: Walk
    database_url: str
    tenant_id: int
    other_id: int
    other_key: str
    sent: dict[DatabaseRole, list[Statement]]

    def engine(self, role: DatabaseRole) -> Engine:
        return make_engine(self.database_url, role=role)

    def content(self) -> dict[str, str]:
        """A digest of all rows that are the shop's, by table, as its own worker sees them."""
        engine = self.engine(DatabaseRole.WORKER)
        with engine.begin() as connection:
            tenancy.tell(connection, self.tenant_id)
            by = {table: " WHERE catalogue_id > 0" if table in ("embeddings", "tokens") else "" for table in OF_TENANTS}
            seen = [table for table in OF_TENANTS if table != "api_keys"]  # which are no business of workers
            found = {table: connection.scalar(text(ROWS.format(table, by[table]))) for table in seen}
        engine.dispose()
        return found


@pytest.fixture
def neighbours(shop: Shop, services: Services) -> Iterator[Neighbours]:
    with services.sessions.begin() as session:
        for table in NUMBERED:
            session.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {FIRST})"))
        own = keys.first_tenant(session)
        key = keys.create(session, own, KeyWish(name="hush", scopes=list(Scope))).key
    settings_ = replace(services.settings, restorable_days=7)
    app = create_app(settings_)
    walk = Walk(shop, app.test_client(), key)
    with _recorded(app.extensions["triseek"].engine, shop.connections.engine) as (web, worker):
        walk.live()
    tenancy.act_for(None)  # as requests in this thread did not
    with services.sessions.begin() as session:
        for table in NUMBERED:
            session.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), 1)"))
        other_key = service.create(session, "other").key
        other = service.find(session, "other")
    sent = {DatabaseRole.WEB: web, DatabaseRole.WORKER: worker}
    yield Neighbours(app, walk, services.settings.database_url, own, other, other_key, sent)
    app.extensions["triseek"].close()


@contextmanager
def _recorded(*engines: Engine) -> Iterator[list[list[Statement]]]:
    """What these engines send in the block."""
    sent: dict[Engine, list[Statement]] = {engine: [] for engine in engines}

    def note(*about: Any) -> None:
        connection, _, statement, values, _, executemany = about
        if not SHARED.search(statement):
            sent[connection.engine].append(Statement(statement, list(values) if executemany else values))

    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield list(sent.values())
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


def _shown(neighbours: Neighbours, role: DatabaseRole, tenant_id: int | None) -> list[Statement]:
    """The statements that show what is the shop's to whoever acts for a tenant; what they would change is changed."""
    engine, shown = neighbours.engine(role), []
    for statement in neighbours.sent[role]:
        try:
            with engine.begin() as connection:
                if tenant_id is not None:
                    tenancy.tell(connection, tenant_id)
                rows = statement.run(connection)
        except DBAPIError:
            continue  # refused
        if any(ITS_OWN.search(str(row)) for row in rows):
            shown.append(statement)
    engine.dispose()
    return shown


def test_no_statement_that_is_ever_sent_reaches_what_is_anothers(neighbours: Neighbours) -> None:
    assert {(method, rule) for rule, method in _calls(neighbours.app)} == neighbours.walk.called
    before = neighbours.content()
    for role, sent in neighbours.sent.items():
        assert len(sent) > 100
        assert _shown(neighbours, role, neighbours.other_id) == []
    assert _shown(neighbours, DatabaseRole.WEB, None) == []
    assert neighbours.content() == before
    for role in DatabaseRole:  # what is seen by none of these is seen by the shop itself
        assert len(_shown(neighbours, role, neighbours.tenant_id)) > 20
    assert neighbours.content() != before


def test_web_and_workers_cannot_pass_by_the_policies(services: Services) -> None:
    bound = text("SELECT rolsuper OR rolbypassrls OR rolcreaterole FROM pg_roles WHERE rolname = current_user")
    owned = text(
        "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relowner = current_user::regrole"
    )
    for role in DatabaseRole:
        engine = make_engine(services.settings.database_url, role=role)
        with engine.connect() as connection:
            assert connection.scalar(bound) is False
            assert connection.scalar(owned) == 0
            connection.rollback()
            with pytest.raises(DBAPIError, match="permission denied"):
                connection.execute(text("SELECT * FROM embeddings_p0 WHERE catalogue_id = 1"))
        engine.dispose()


def test_the_web_cannot_say_that_it_acts_for_every_tenant(services: Services) -> None:
    with services.sessions.begin() as session:
        put(session, keys.first_tenant(session), CATALOGUE, ProductDraft(sku="hush-1", title="Hush"))
    engine = make_engine(services.settings.database_url, role=DatabaseRole.WEB)
    with engine.begin() as connection:
        connection.execute(text("SELECT set_config('triseek.tenant', 'every', true)"))
        for table in ("products", "searchable_products", "jobs", "catalogues", "tenants"):
            assert connection.execute(text(f"SELECT * FROM {table}")).all() == []
            with services.sessions() as session:
                assert session.execute(text(f"SELECT * FROM {table}")).all() != []
    engine.dispose()


def test_no_call_with_anothers_names_and_ids_reaches_what_is_its_own(neighbours: Neighbours) -> None:
    known, http = neighbours.walk.known, neighbours.app.test_client()
    names = {known[name] for name in ("digest", "job_id", "prefix")}
    secret = re.compile("|".join([r"Hush (?:red|blue|mat)|hush\.example|\b70000\d\d\b", *names]))
    before = neighbours.content()

    @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(_calls(neighbours.app)), st.sampled_from(BODIES), st.sampled_from(QUERIES))
    def called(call: tuple[str, str], body: dict[str, Any] | None, query: str) -> None:
        rule, method = call
        path = filled(rule, known)
        headers = {"Authorization": f"Bearer {neighbours.other_key}"}
        answered = http.open(path + query, method=method, headers=headers, json=body)
        assert answered.status_code < 500
        told = answered.get_data(as_text=True)
        assert not [each for each in secret.findall(told) if each and each not in path + str(body)], (call, told)

    called()
    assert neighbours.content() == before


def _calls(app: Flask) -> list[tuple[str, str]]:
    """Rules and methods of the interface."""
    every = {(rule.rule, method) for rule in app.url_map.iter_rules() for method in rule.methods or ()}
    return sorted((rule, method) for rule, method in every if rule[:4] == "/v1/" and method not in ("HEAD", "OPTIONS"))
