"""Statements over the products that a search may find: how many, and which values their attributes have."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.conditions import Exists, Field
from app.db.filtering import EVERYTHING, PRODUCTS, Filter, sql_of
from app.db.space_tables import EmbeddingSpace
from app.types import Modality

MOST_VALUES = 100  # of a facet, those that most products have


def expected(session: Session, catalogue_id: int, where: Filter = EVERYTHING) -> int:
    """About how many products of a catalogue match, as PostgreSQL's own statistics say: nothing is read."""
    explain = text(f"EXPLAIN (FORMAT JSON) SELECT FROM {PRODUCTS} WHERE catalogue_id = :catalogue AND {where.text}")
    plan = session.execute(explain, {"catalogue": catalogue_id, **where.values}).scalar_one()
    document = json.loads(plan) if isinstance(plan, str) else plan
    return int(document[0]["Plan"]["Plan Rows"])


def among(session: Session, catalogue_id: int, where: Filter, product_ids: Sequence[int]) -> set[int]:
    """Those of some products of a catalogue that match a filter."""
    chosen = text(
        f"SELECT id FROM {PRODUCTS} WHERE catalogue_id = :catalogue AND id = ANY (:products) AND {where.text}"  # noqa: S608  no text of a user's
    )
    values = {"catalogue": catalogue_id, "products": list(product_ids), **where.values}
    return set(session.scalars(chosen, values))


@dataclass(frozen=True)
class Matching:
    """The products of a catalogue that match a filter and can be found through any of some modalities."""

    session: Session
    space: EmbeddingSpace
    catalogue_id: int
    modalities: Sequence[Modality]
    where: Filter = EVERYTHING
    exclude: Sequence[int] = ()

    def count(self) -> int:
        """How many they are."""
        counted = text(f"SELECT count(*) FROM {PRODUCTS} WHERE {self._found}")  # noqa: S608  no text of a user's
        return int(self.session.execute(counted, self._values).scalar_one())

    def facet(self, field: Field) -> list[dict[str, Any]]:
        """The values that a field has among them, and how many have each, most first.

        A list's elements count one by one; objects and null do not.
        """
        in_attributes = "jsonb_path_query(products.attributes, CAST(:path AS jsonpath))"
        values = in_attributes if field.own is None else f"to_jsonb(products.{field.path[0]})"
        counted = text(
            f"SELECT value, count(DISTINCT id) AS count FROM (SELECT id, {values} AS value FROM {PRODUCTS}"  # noqa: S608
            f" WHERE {self._found}) AS each WHERE jsonb_typeof(value) IN ('string', 'number', 'boolean')"
            " GROUP BY value ORDER BY count DESC, value LIMIT :most"
        )
        bound = self._values | {"most": MOST_VALUES} | ({} if field.own else {"path": f"{field.json_path}[*]"})
        return [{"value": row.value, "count": row.count} for row in self.session.execute(counted, bound)]

    @property
    def _found(self) -> str:
        return (
            "products.catalogue_id = :catalogue AND products.id <> ALL (CAST(:exclude AS bigint[]))"
            " AND EXISTS (SELECT FROM embeddings WHERE embeddings.catalogue_id = :catalogue"
            " AND embeddings.space_id = :space"
            " AND embeddings.product_id = products.id AND embeddings.modality = ANY (:modalities))"
            f" AND {self.where.text}"
        )

    @property
    def _values(self) -> dict[str, Any]:
        return {
            "catalogue": self.catalogue_id,
            "exclude": list(self.exclude),
            "space": self.space.id,
            "modalities": [str(modality) for modality in self.modalities],
            **self.where.values,
        }


def is_known(session: Session, catalogue_id: int, field: Field) -> bool:
    """Whether any product of a catalogue has this field."""
    has = sql_of(Exists(field))
    known = text(f"SELECT EXISTS (SELECT FROM {PRODUCTS} WHERE catalogue_id = :catalogue AND {has.text})")  # noqa: S608
    return bool(session.execute(known, {"catalogue": catalogue_id, **has.values}).scalar_one())
