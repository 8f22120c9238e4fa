"""What a shop says of a catalogue: which fields' words are searched, and which words mean the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy.orm import Session

from app.catalog.wording import product_names, product_words
from app.conditions import Field
from app.db import catalogues, embeddings, products
from app.db.tables import Catalogue, Product
from app.jobs.client import JobClient, enqueue
from app.jobs.names import Task
from app.search.filters import parse_field

AT_ONCE = 500  # products whose words are written in one transaction


@dataclass(frozen=True, kw_only=True)
class CatalogueSettings:
    """Settings of one catalogue."""

    searchable: tuple[str, ...] | None = None  # fields as a filter names them; all texts of a product if None
    synonyms: tuple[tuple[str, ...], ...] = ()  # groups of words and phrases that mean the same

    @classmethod
    def of(cls, row: Catalogue) -> Self:
        """Those that a catalogue's row holds."""
        searchable = None if row.searchable is None else tuple(row.searchable)
        return cls(searchable=searchable, synonyms=tuple(tuple(group) for group in row.synonyms))

    @property
    def fields(self) -> list[Field] | None:
        """The searchable fields."""
        return None if self.searchable is None else [parse_field(name) for name in self.searchable]


def read(session: Session, catalogue_id: int) -> CatalogueSettings:
    """The settings of a catalogue."""
    row = catalogues.get(session, catalogue_id)
    return CatalogueSettings() if row is None else CatalogueSettings.of(row)


def change(session: Session, tenant_id: int, catalogue: str, settings: CatalogueSettings) -> None:
    """Gives a catalogue, made if there is none, these settings; with other fields its products get other words soon."""
    row = catalogues.locked(session, catalogues.find_or_create(session, tenant_id, catalogue))
    other_fields = CatalogueSettings.of(row).searchable != settings.searchable
    catalogues.write_settings(
        session,
        row.id,
        searchable=None if settings.searchable is None else list(settings.searchable),
        synonyms=[list(group) for group in settings.synonyms],
        words_version=row.words_version + other_fields,
    )
    if other_fields:
        enqueue(session, Task.INDEX_WORDS, [row.id])


def word_columns(product: dict[str, Any], settings: CatalogueSettings, version: int) -> dict[str, Any]:
    """The columns that say by which words a product is found."""
    return {
        "words": product_words(product, settings.fields),
        "names": product_names(product),
        "words_version": version,
    }


def index_words(client: JobClient, catalogue_id: int) -> None:
    """Writes the words of those products of a catalogue that have them by older settings."""
    last = 0
    while True:
        with client.transaction() as session:
            row = catalogues.shared(session, catalogue_id)
            if row is None or row.words_indexed == row.words_version:
                return
            ids = products.with_older_words(session, catalogue_id, row.words_version, after=last, limit=AT_ONCE)
            if ids:
                own = embeddings.lock_versions(session, ids).values()
                products.write_words(session, [_renewed(product, row) for product in own])
                last = ids[-1]
            version = row.words_version
        if not ids:
            with client.transaction() as session:
                catalogues.mark_indexed(session, catalogue_id, version)
            return


def _renewed(product: Product, row: Catalogue) -> dict[str, Any]:
    fields: Sequence[str] = ("sku", "title", "description", "attributes", "currency")
    content = {name: getattr(product, name) for name in fields}
    return {"product_id": product.id, **word_columns(content, CatalogueSettings.of(row), row.words_version)}
