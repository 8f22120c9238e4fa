"""For whom transactions act: one tenant, whose rows alone they see and change, as PostgreSQL itself sees to.

Source: PostgreSQL's manual, Row Security Policies.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum

import psycopg
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import InvalidatePoolError

SETTING = "triseek.tenant"
EVERY = "every"  # what a role must be let say; see the policies
NOBODY = ""
TOLD = f"SELECT set_config('{SETTING}', %s, false)"
_acting: ContextVar[int | None] = ContextVar("acting", default=None)


class DatabaseRole(StrEnum):
    """What a process is to its database."""

    WEB = "triseek_web"  # acts for one tenant at a time
    WORKER = "triseek_worker"  # for one, or in what concerns all of them for every


def act_for(tenant_id: int | None) -> None:
    """Lets what this thread does from now on be done for a tenant; for nobody in particular without one."""
    _acting.set(tenant_id)


@contextmanager
def acting_for(tenant_id: int) -> Iterator[None]:
    """Lets what this thread does in the block be done for a tenant."""
    token = _acting.set(tenant_id)
    try:
        yield
    finally:
        _acting.reset(token)


def options(role: DatabaseRole | None) -> str:
    """What a connection starts with: its role."""
    return "" if role is None else f" -c role={role}"


def otherwise(role: DatabaseRole | None) -> str:
    """For whom a role acts where nothing is said."""
    return NOBODY if role is DatabaseRole.WEB else EVERY


def tell(connection: Connection, tenant_id: int) -> None:
    """Lets a transaction that has begun act for a tenant."""
    told = text("SELECT set_config(:setting, :tenant, true)")
    connection.execute(told, {"setting": SETTING, "tenant": str(int(tenant_id))})


def watch(engine: Engine, otherwise: str) -> None:
    """Tells PostgreSQL for whom is acted whenever a connection is taken from the pool, for as long as it is out.

    That also shows whether the connection still stands: one that does not is replaced, as by the pool's own ping.

    Args:
        engine: whose connections.
        otherwise: for whom is acted where nothing is said: for nobody, or `every`.
    """

    @event.listens_for(engine, "checkout")
    def tell_at_checkout(connection: psycopg.Connection, *_: object) -> None:
        acting = _acting.get()
        try:
            connection.autocommit = True  # or it would begin a transaction
            connection.execute(TOLD, [otherwise if acting is None else str(acting)])
            connection.autocommit = False
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise InvalidatePoolError from error
