"""Statements over products: what a client reads and writes."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Text, bindparam, delete, false, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.db.filtering import EVERYTHING, PRODUCTS, Filter
from app.db.tables import Product, ProductMedia
from app.types import EmbeddingState

IN_STATE = {
    EmbeddingState.PENDING: (Product.version > Product.embedded_version) & (Product.version > Product.failed_version),
    EmbeddingState.READY: Product.embedded_version == Product.version,
    EmbeddingState.FAILED: Product.failed_version == Product.version,
}


def find(session: Session, catalogue_id: int, sku: str) -> Product | None:
    """One product."""
    return session.scalars(select(Product).where(Product.catalogue_id == catalogue_id, Product.sku == sku)).first()


def find_alone(session: Session, catalogue_id: int, sku: str) -> Product | None:
    """One product, which nobody else who asks so changes, or makes, until the transaction ends."""
    alone = text("SELECT pg_advisory_xact_lock(hashtextextended(:sku, :catalogue))")
    session.execute(alone, {"sku": sku, "catalogue": catalogue_id})
    chosen = select(Product).where(Product.catalogue_id == catalogue_id, Product.sku == sku).with_for_update()
    return session.scalars(chosen.execution_options(populate_existing=True)).first()


def content_digests(session: Session, catalogue_id: int, skus: Sequence[str]) -> dict[str, bytes]:
    """Of those of these products that are known, what they were last embedded with; nothing where it was not yet."""
    is_ready = Product.version == Product.embedded_version
    found = session.execute(
        select(Product.sku, Product.content_digest, is_ready.label("is_ready")).where(
            Product.catalogue_id == catalogue_id, Product.sku.in_(skus)
        )
    )
    return {row.sku: row.content_digest if row.is_ready else b"" for row in found}


def lock(session: Session, catalogue_id: int, skus: Sequence[str]) -> dict[str, Product]:
    """The products of these SKUs, made empty (version 0) where there were none, locked until the transaction ends.

    They are locked in the order of their SKUs' code points, as everywhere, so that two transactions never wait for
    each other.
    """
    values = [{"catalogue_id": catalogue_id, "sku": sku} for sku in sorted(set(skus))]
    made = upsert(Product)
    # An update of nothing: unlike DO NOTHING, it locks the row that is there, so nobody deletes it before it is read.
    session.execute(
        made.on_conflict_do_update(
            index_elements=[Product.catalogue_id, Product.sku], set_={"sku": made.excluded.sku}, where=false()
        ),
        values,
    )
    found = session.scalars(
        select(Product)
        .where(Product.catalogue_id == catalogue_id, Product.sku.in_(skus))
        .execution_options(populate_existing=True)
    )
    return {product.sku: product for product in found}


def write(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes the content of locked products: `product_id`, and the columns to set, the same in each row."""
    if not rows:
        return
    columns: dict[str, Any] = {column: bindparam(column) for column in rows[0] if column != "product_id"}
    columns["updated_at"] = func.now()
    columns["words"] = func.array_to_tsvector(bindparam("words", type_=ARRAY(Text)))
    statement = update(Product).where(Product.id == bindparam("product_id")).values(columns)
    session.connection().execute(statement, rows)


def with_older_words(session: Session, catalogue_id: int, version: int, *, after: int, limit: int) -> list[int]:
    """The ids of a catalogue's products, past this one, whose words are by settings older than this version."""
    older = (Product.catalogue_id == catalogue_id, Product.id > after, Product.words_version < version)
    return list(session.scalars(select(Product.id).where(*older).order_by(Product.id).limit(limit)))


def write_words(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes the words of locked products: `product_id`, `words`, `names` and `words_version`; nothing else changes."""
    if not rows:
        return
    columns: dict[str, Any] = {column: bindparam(column) for column in ("names", "words_version")}
    columns["words"] = func.array_to_tsvector(bindparam("words", type_=ARRAY(Text)))
    session.connection().execute(update(Product).where(Product.id == bindparam("product_id")).values(columns), rows)


def set_media(session: Session, product_ids: Sequence[int], rows: Iterable[Mapping[str, Any]]) -> None:
    """Replaces which pictures and recordings these products have."""
    session.execute(delete(ProductMedia).where(ProductMedia.product_id.in_(product_ids)))
    values = list(rows)
    if values:
        session.execute(insert(ProductMedia), values)


def remove(session: Session, product_ids: Sequence[int]) -> None:
    """Deletes products with their embeddings."""
    session.execute(delete(Product).where(Product.id.in_(product_ids)))


def page(
    session: Session,
    catalogue_id: int,
    *,
    where: Filter = EVERYTHING,
    state: EmbeddingState | None = None,
    after: int,
    limit: int,
) -> list[Product]:
    """The catalogue's products that match by id, past this one; of one state, or of all."""
    wanted = select(Product).where(Product.catalogue_id == catalogue_id, Product.id > after)
    if where is not EVERYTHING:
        chosen = f"products.id IN (SELECT id FROM {PRODUCTS} WHERE catalogue_id = :catalogue AND {where.text})"  # noqa: S608  no text of a user's
        wanted = wanted.where(text(chosen).bindparams(catalogue=catalogue_id, **where.values))
    if state is not None:
        wanted = wanted.where(IN_STATE[state])
    return list(session.scalars(wanted.order_by(Product.id).limit(limit)))


def lock_failed(session: Session, catalogue_id: int) -> list[int]:
    """The ids of the catalogue's products that could not be embedded, locked in the order in which `lock` does."""
    failed = (Product.catalogue_id == catalogue_id, IN_STATE[EmbeddingState.FAILED])
    return list(session.scalars(select(Product.id).where(*failed).order_by(Product.sku.collate("C")).with_for_update()))


def revive(session: Session, product_ids: Sequence[int], job_id: uuid.UUID) -> None:
    """Lets locked products that failed wait to be embedded again, under this job."""
    session.execute(
        update(Product)
        .where(Product.id.in_(product_ids))
        .values(failed_version=0, attempts=0, embedding_error=None, job_id=job_id, queued_at=func.now())
    )


def by_ids(session: Session, product_ids: Sequence[int]) -> dict[int, Product]:
    """These products, as far as they still exist."""
    found = session.scalars(select(Product).where(Product.id.in_(product_ids)))
    return {product.id: product for product in found}


def skus(session: Session, product_ids: Sequence[int]) -> dict[int, str]:
    """The SKUs of these products, as far as they still exist."""
    # An array is one parameter, where a list would be some hundreds.
    found = session.execute(
        text("SELECT id, sku FROM products WHERE id = ANY (:products)"), {"products": list(product_ids)}
    )
    return {row.id: row.sku for row in found}


def catalogues_of(session: Session, product_ids: Sequence[int]) -> set[int]:
    """The catalogues that these products are in."""
    return set(session.scalars(select(Product.catalogue_id).distinct().where(Product.id.in_(product_ids))))
