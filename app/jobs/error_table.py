"""What was wrong with the rows of an import, as CSV (RFC 4180) that a spreadsheet opens."""

import csv
import io
import uuid
from collections.abc import Iterator
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from app.db import job_errors
from app.db.job_tables import JobError

COLUMNS = ("line", "sku", "field", "reason")
PAGE = 1_000  # errors read at once
BYTE_ORDER_MARK = "\ufeff"  # or spreadsheets take UTF-8 for something else
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # what a spreadsheet would run


def error_table(sessions: sessionmaker[Session], job_id: uuid.UUID) -> Iterator[str]:
    """The table piece by piece, a row for each wrong field, in the order they came.

    Where a cell would be run as a formula, an apostrophe stands before it (OWASP: CSV injection).
    """
    yield BYTE_ORDER_MARK + _lines([COLUMNS])
    after = 0
    while True:
        with sessions() as session:
            page = job_errors.page(session, job_id, after=after, limit=PAGE)
        if not page:
            return
        yield _lines(row for error in page for row in _rows(error))
        after = page[-1].id


def _rows(error: JobError) -> Iterator[tuple[object, ...]]:
    problem: dict[str, Any] = error.problem
    wrong = problem.get("errors") or [{"pointer": "", "detail": problem.get("detail") or problem.get("title")}]
    for each in wrong:
        yield error.line, _plain(error.sku or ""), _plain(each["pointer"]), _plain(each["detail"])


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text


def _lines(rows: Any) -> str:  # noqa: ANN401  any rows that csv takes
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    return file.getvalue()
