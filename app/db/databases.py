"""Databases of one PostgreSQL server."""

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from app.db.tenancy import DatabaseRole


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


def let_in(owner_url: str, role: DatabaseRole, password: str | None = None) -> str:
    """Lets processes log in as a role.

    Args:
        owner_url: the database as the role that owns its tables.
        role: made by the migrations.
        password: none on a server that only its own user reaches.

    Returns:
        The database as that role.
    """
    change = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(role), sql.Literal(password))
    with psycopg.connect(owner_url, autocommit=True, connect_timeout=5) as connection:
        connection.execute(change)
    return make_url(owner_url).set(username=str(role), password=password).render_as_string(hide_password=False)
