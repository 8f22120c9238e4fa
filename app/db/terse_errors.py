"""Errors of the database without the rows that they are about: PostgreSQL's DETAIL quotes them, secrets and all."""

import re

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

DETAIL = re.compile(r"\nDETAIL:.*", re.DOTALL)


def keep_terse(engine: Engine) -> None:
    """Shortens what the errors of this engine say, before anybody logs or traces it."""
    event.listen(engine, "handle_error", _shorten)


def _shorten(context: ExceptionContext) -> None:
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None:
            error.args = tuple(DETAIL.sub("", each) if isinstance(each, str) else each for each in error.args)
