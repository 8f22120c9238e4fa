"""Commands that look after the database itself, beside the server."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
from sqlalchemy.orm import Session

from app.cli.server import DATA, settings_here
from app.db import audit
from app.db.engine import make_engine, make_sessions

SHELL = "shell"  # who did it, in the audit log
_Function = TypeVar("_Function", bound=Callable[..., Any])


def data_option(command: _Function) -> _Function:
    """Gives a command the option `data`."""
    return click.option("--data", type=click.Path(path_type=Path), default=DATA, help="The running stack's folder.")(
        command
    )


@contextmanager
def transaction(data: Path) -> Iterator[Session]:
    """A transaction of the role that owns the tables, in the database of the environment, else of the running stack."""
    engine = make_engine(settings_here(data).owner_url, pool_size=1)
    try:
        with make_sessions(engine).begin() as session:
            yield session
    finally:
        engine.dispose()


def note(session: Session, tenant_id: int | None, action: str, subject: str, **detail: object) -> None:
    """Notes in the audit log what a command does, in its transaction."""
    told = {name: value for name, value in detail.items() if value is not None}
    audit.add(session, tenant_id=tenant_id, actor=SHELL, action=action, subject=subject, detail=told)
