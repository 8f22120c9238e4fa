import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import sqlalchemy
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from psycopg import sql

from app.db.base import Table
from app.db.migrate import migration_config, upgrade
from app.local.servers import Servers
from tests.conftest import Services

PARTITION = re.compile(r"(embeddings|tokens)_p\d+")


def test_migrations_end_in_the_tables_that_the_code_knows(services: Services) -> None:
    with services.sessions() as session:
        opts = {"include_name": _is_no_partition, "include_object": _leads_to_no_partition}
        context = MigrationContext.configure(session.connection(), opts=opts)
        assert compare_metadata(context, Table.metadata) == []


def test_migrating_twice_changes_nothing(services: Services) -> None:
    upgrade(services.settings.database_url)
    with services.sessions() as session:
        assert session.scalar(sqlalchemy.text("SELECT version_num FROM alembic_version")) == "0012"


def test_two_processes_migrate_one_after_the_other(servers: Servers) -> None:
    url = _empty_database(servers, "migrated_by_two")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(_upgrade_apart, [url, url]))  # raises what either raised
    with psycopg.connect(url) as connection:
        (valid,) = connection.execute(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = 'products_by_attributes'::regclass"
        ).fetchone() or (False,)
    assert valid


def test_a_migration_can_be_taken_back_and_made_again(servers: Servers) -> None:
    url = _empty_database(servers, "migrated_back")
    upgrade(url)
    command.downgrade(migration_config(url), "0001")
    upgrade(url)
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT to_regclass('products_by_attributes')").fetchone() != (None,)


def _is_no_partition(name: str | None, kind: str, _: object) -> bool:
    return kind != "table" or not PARTITION.fullmatch(name or "")


def _leads_to_no_partition(thing: Any, _: str | None, kind: str, *__: object) -> bool:
    """PostgreSQL keeps a foreign key to a parted table once more for each part."""
    return kind != "foreign_key_constraint" or not PARTITION.fullmatch(thing.referred_table.name)


def _empty_database(servers: Servers, name: str) -> str:
    with psycopg.connect(servers.database_url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return servers.database_url.replace("/triseek?", f"/{name}?")


def _upgrade_apart(url: str) -> None:
    """In a process of its own: alembic's context is one for all threads."""
    program = f"from app.db.migrate import upgrade; upgrade({url!r})"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
