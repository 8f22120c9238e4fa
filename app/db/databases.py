"""Databases of one PostgreSQL server."""

import psycopg
from psycopg import sql


def ensure(server_url: str, name: str) -> None:
    """Makes the database if the server does not have it.

    Args:
        server_url: any database of the server that can be connected to, usually `postgres`.
        name: the database that shall be there.

    Raises:
        psycopg.OperationalError: the server cannot be reached (yet).
    """
    with psycopg.connect(server_url, autocommit=True, connect_timeout=5) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
