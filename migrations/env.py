"""Runs the migrations online, under timeouts, one process at a time."""

import time

from alembic import context
from sqlalchemy import create_engine, pool, text

from migrations import roles

LOCK = 0x7415EEC  # any number that nobody else uses for an advisory lock
PAUSE = 0.2  # seconds between two tries to get it


def run() -> None:
    """Upgrades over one connection that gives up rather than holding others back."""
    url = context.config.attributes["database_url"].replace("postgresql://", "postgresql+psycopg://", 1)
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        # Asked again and again: who waits inside a statement is waited for by an index that is built concurrently.
        while not connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": LOCK}):
            connection.commit()
            time.sleep(PAUSE)
        connection.execute(text("SET lock_timeout = '4s'"))
        connection.execute(text("SET statement_timeout = '60s'"))
        connection.commit()
        context.configure(connection=connection, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
        roles.provide(connection)
        connection.commit()
    engine.dispose()


run()
