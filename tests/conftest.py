"""The real servers for every test: one PostgreSQL and one Valkey a run, and a database of its own for each test.

A template database is made once by the migrations; a test's database is cloned from it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session, sessionmaker

from app.db import tenancy
from app.db.engine import make_engine, make_sessions
from app.db.migrate import upgrade
from app.jobs.client import JobClient
from app.local.servers import Servers
from app.media.store import MediaStore
from app.settings import Settings

TEMPLATE = "triseek_template"
PARTED = re.compile(r"\b(FROM|JOIN|INTO|UPDATE)\s+(embeddings|tokens)\b", re.IGNORECASE)


@event.listens_for(Engine, "before_cursor_execute")
def _names_the_catalogue(*event: Any) -> None:
    """Every statement about embeddings or tokens names the catalogue: they are parted, and could be spread, by it."""
    statement = event[2]
    if PARTED.search(statement):
        assert "catalogue_id" in statement, statement


@dataclass(frozen=True)
class Services:
    """What a test works with: its own database and media store, the run's broker."""

    settings: Settings
    sessions: sessionmaker[Session]
    jobs: JobClient
    store: MediaStore


@pytest.fixture(autouse=True)
def _acts_for_nobody() -> None:
    """A test acts for nobody in particular, though a request was answered in its thread before."""
    tenancy.act_for(None)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with Servers(tmp_path_factory.mktemp("servers")) as running:
        yield running


@pytest.fixture(scope="session")
def template(servers: Servers) -> str:
    """The name of a database as the migrations leave it."""
    with psycopg.connect(servers.database_url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
    upgrade(_url_of(servers, TEMPLATE))
    return TEMPLATE


@pytest.fixture
def database_url(servers: Servers, template: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """A database of this test's own, cloned from the template."""
    with cloned(servers, template, f"test_{abs(hash(request.node.nodeid)):x}") as url:
        yield url


@pytest.fixture
def settings(database_url: str, servers: Servers, tmp_path: Path) -> Settings:
    media = str(tmp_path / "media")
    return Settings(database_url=database_url, redis_url=servers.redis_url, media_url=media, keep_outputs=False)


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    engine = make_engine(settings.database_url)
    sessions = make_sessions(engine)
    yield Services(
        settings=settings,
        sessions=sessions,
        jobs=JobClient(settings.redis_url, sessions),
        store=MediaStore(settings.media_url),
    )
    engine.dispose()


@contextmanager
def cloned(servers: Servers, template: str, name: str) -> Iterator[str]:
    """The address of a database that is cloned from the template, and goes at the end of the block."""
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
    with psycopg.connect(servers.database_url, autocommit=True) as admin:
        admin.execute(create)
        try:
            yield _url_of(servers, name)
        finally:
            admin.execute(drop)


def _url_of(servers: Servers, name: str) -> str:
    head, _, options = servers.database_url.partition("?")
    return f"{head.rpartition('/')[0]}/{name}?{options}"
