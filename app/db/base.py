"""What every table is made from."""

from enum import StrEnum
from typing import Any

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import CheckConstraint, DateTime
from sqlalchemy.orm import DeclarativeBase

Created = DateTime(timezone=True)


def one_of(column: str, values: type[StrEnum], name: str) -> CheckConstraint:
    """That a column holds one of an enum's values."""
    return CheckConstraint(f"{column} IN ({', '.join(repr(str(value)) for value in values)})", name=name)


class HalfVectors(HALFVEC):
    """A column of `HalfVector`, which goes over the wire as it is, not as text: many times faster to write."""

    cache_ok = True

    def bind_processor(self, dialect: Any) -> None:  # noqa: ANN401  SQLAlchemy's signature
        """None: the driver's own adapter takes the value."""


class Table(DeclarativeBase):
    """The base of all tables."""
