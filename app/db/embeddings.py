"""Statements over embeddings: what waits to be embedded, and what was."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, case, delete, exists, func, insert, select, text, tuple_, update
from sqlalchemy.orm import Session

from app.db import media, spaces
from app.db.products import IN_STATE
from app.db.space_tables import Embedding, EmbeddingSpace, Tokens
from app.db.tables import Product, ProductMedia
from app.types import EmbeddingState

PENDING = IN_STATE[EmbeddingState.PENDING]
UNFETCHED = exists().where(ProductMedia.product_id == Product.id, media.UNFETCHED)


def claim_pending(session: Session, product_ids: Sequence[int]) -> list[Product]:
    """Of these products, those that wait to be embedded and lack nothing; counts one attempt more for each."""
    lock_versions(session, product_ids)
    return list(
        session.scalars(
            update(Product)
            .where(Product.id.in_(product_ids), PENDING, ~UNFETCHED)
            .values(attempts=Product.attempts + 1, queued_at=func.now())
            .returning(Product)
            .execution_options(populate_existing=True)
        )
    )


def hand_back(session: Session, product_ids: Sequence[int]) -> None:
    """Gives claimed products back untried: the attempt does not count."""
    session.execute(update(Product).where(Product.id.in_(product_ids)).values(attempts=Product.attempts - 1))


def count_pending(session: Session, most: int) -> int:
    """How many products wait to be embedded, counted up to this many."""
    waiting = select(Product.id).where(PENDING).limit(most).subquery()
    return session.scalars(select(func.count()).select_from(waiting)).one()


def renew(session: Session, claimed: Sequence[Product]) -> None:
    """Renews the lease of products that an attempt still has."""
    attempts = [(product.id, product.attempts) for product in claimed]
    own = tuple_(Product.id, Product.attempts).in_(attempts)
    session.execute(update(Product).where(own, PENDING).values(queued_at=func.now()))


def requeue_overdue(
    session: Session, *, queued: datetime.timedelta, running: datetime.timedelta, limit: int, unfetched: bool
) -> list[int]:
    """Takes up to `limit` products that have waited, or been at work on, for longer than these; their ids.

    Either those of which a picture or recording is still to be fetched, or those that lack none.
    """
    age = case((Product.attempts > 0, running), else_=queued)
    overdue = (
        select(Product.id)
        .where(PENDING, Product.queued_at < func.now() - age, UNFETCHED if unfetched else ~UNFETCHED)
        .order_by(Product.queued_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(
        session.scalars(
            update(Product).where(Product.id.in_(overdue)).values(queued_at=func.now()).returning(Product.id)
        )
    )


def requeue_all(session: Session) -> None:
    """Lets every product wait to be embedded anew, overdue at once; under no job but the one that it waits for now."""
    long_ago = func.now() - datetime.timedelta(days=1)
    waits_for = case((PENDING, Product.job_id), else_=None)
    session.execute(
        update(Product).values(embedded_version=0, failed_version=0, attempts=0, job_id=waits_for, queued_at=long_ago)
    )


def lock_versions(session: Session, product_ids: Sequence[int]) -> dict[int, Product]:
    """These products as they are now, locked until the transaction ends, in the order in which `products.lock` does."""
    rows = session.scalars(
        select(Product)
        .where(Product.id.in_(product_ids))
        .order_by(Product.catalogue_id, Product.sku.collate("C"))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {product.id: product for product in rows}


def replace(
    session: Session,
    space_id: int,
    catalogue_id: int,
    product_ids: Sequence[int],
    rows: Sequence[Mapping[str, Any]],
    tokens: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Replaces all the embeddings that these products of a catalogue have in a space, and their tokens."""
    own = (Embedding.catalogue_id == catalogue_id, Embedding.space_id == space_id)
    session.execute(delete(Embedding).where(*own, Embedding.product_id.in_(product_ids)))
    if rows:
        session.execute(insert(Embedding), rows)
    if tokens:
        session.execute(insert(Tokens), tokens)


def mark(session: Session, product_id: int, *, version: int, problem: Mapping[str, Any] | None) -> None:
    """Marks a version of a product as embedded, or as failed with this problem."""
    values: dict[str, Any] = {"embedding_error": problem}
    values["embedded_version" if problem is None else "failed_version"] = version
    session.execute(update(Product).where(Product.id == product_id).values(**values))


def modalities(session: Session, catalogue_id: int, product_ids: Sequence[int]) -> dict[int, list[str]]:
    """Which modalities these products of a catalogue can be found by, in the space that answers its searches."""
    own = (Embedding.catalogue_id == catalogue_id, Embedding.space_id == spaces.answering_id(catalogue_id))
    rows = session.execute(
        select(Embedding.product_id, func.array_agg(Embedding.modality.distinct()))
        .where(*own, Embedding.product_id.in_(product_ids))
        .group_by(Embedding.product_id)
    )
    return {product_id: list(found) for product_id, found in rows}


def tokens(
    session: Session, space: EmbeddingSpace, catalogue_id: int, product_ids: Sequence[int]
) -> Sequence[Row[Any]]:
    """The vectors of these products of a catalogue with their tokens.

    Rows are `product_id`, `modality`, `ordinal`, `digest`, `vector`, `labels` and `tokens`. Vectors come in halfvec's
    binary format, many times faster to read than its text: two big-endian 16-bit numbers (the dimension and zero),
    then one big-endian half-precision number a component. The tokens' vectors are one behind the other in the
    same form; None where a content is not told apart.
    """
    statement = text(
        "SELECT product_id, modality, ordinal, digest, halfvec_send(embedding) AS vector, labels,"
        " halfvec_send(vectors) AS tokens FROM embeddings LEFT JOIN tokens"
        " USING (catalogue_id, product_id, space_id, modality, ordinal)"
        " WHERE catalogue_id = :catalogue AND space_id = :space AND product_id = ANY (:products)"
        " ORDER BY product_id, modality, ordinal"
    )
    values = {"catalogue": catalogue_id, "space": space.id, "products": list(product_ids)}
    return session.execute(statement, values).all()
