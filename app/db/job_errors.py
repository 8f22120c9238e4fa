"""Statements over what was wrong with single rows or products of jobs."""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.db.job_tables import JobError

REPLACEMENT = "\ufffd"


def add(session: Session, job_id: uuid.UUID, rows: Iterable[tuple[int | None, str | None, Mapping[str, Any]]]) -> None:
    """Adds errors of a job: (line from 1, SKU, problem) each; what cannot be stored of them is replaced."""
    values = [
        {"job_id": job_id, "line": line, "sku": _storable(sku), "problem": _storable(dict(problem))}
        for line, sku, problem in rows
    ]
    if values:
        session.execute(insert(JobError), values)


def _storable(value: Any) -> Any:  # noqa: ANN401  any JSON value
    """The value without NULs and lone surrogates, which a client may send and PostgreSQL cannot hold."""
    if isinstance(value, str):
        return value.replace("\x00", REPLACEMENT).encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {_storable(name): _storable(each) for name, each in value.items()}
    return [_storable(each) for each in value] if isinstance(value, list) else value


def page(session: Session, job_id: uuid.UUID, *, after: int, limit: int) -> list[JobError]:
    """A job's errors in the order they came, past the one of this id."""
    return list(
        session.scalars(
            select(JobError).where(JobError.job_id == job_id, JobError.id > after).order_by(JobError.id).limit(limit)
        )
    )
