"""For whom transactions act: one tenant, whose rows alone they see and change, as PostgreSQL itself sees to.

Source: PostgreSQL's manual, Row Security Policies.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum

from sqlalchemy import Connection, event, text
from sqlalchemy.orm import Session, SessionTransaction

SETTING = "triseek.tenant"
EVERY = "every"  # what a role must be let say; see the policies
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
    """What a connection starts with: its role, and for whom it acts where nothing else is said."""
    taken_on = "" if role is None else f" -c role={role}"
    return taken_on if role is DatabaseRole.WEB else f"{taken_on} -c {SETTING}={EVERY}"


@event.listens_for(Session, "after_begin")
def _tell(session: Session, transaction: SessionTransaction, connection: Connection) -> None:  # noqa: ARG001  the event's
    """Tells PostgreSQL at the beginning of each transaction."""
    tenant_id = _acting.get()
    if tenant_id is not None:
        tell(connection, tenant_id)


def tell(connection: Connection, tenant_id: int) -> None:
    """Lets a transaction that has begun act for a tenant."""
    told = text("SELECT set_config(:setting, :tenant, true)")
    connection.execute(told, {"setting": SETTING, "tenant": str(int(tenant_id))})
