"""Statements that count what a catalogue, or a space, holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.db.products import IN_STATE
from app.db.space_tables import Embedding, Tokens
from app.db.tables import Media, Product, ProductMedia
from app.types import EmbeddingState, Modality


def products(session: Session, catalogue_id: int | None) -> int:
    """How many products there are, of one catalogue or of all."""
    counted = select(func.count()).select_from(Product)
    return session.scalars(
        counted if catalogue_id is None else counted.where(Product.catalogue_id == catalogue_id)
    ).one()


def media(session: Session, catalogue_id: int | None) -> dict[Modality, int]:
    """How many pictures and recordings products have."""
    counted = select(ProductMedia.modality, func.count()).group_by(ProductMedia.modality)
    if catalogue_id is not None:
        counted = counted.join(Product, Product.id == ProductMedia.product_id).where(
            Product.catalogue_id == catalogue_id
        )
    found = session.execute(counted)
    return {Modality(modality): count for modality, count in found}


def sample(session: Session, catalogue_id: int | None, most: int) -> list[Product]:
    """Some products, spread over all that there are."""
    own = select(Product) if catalogue_id is None else select(Product).where(Product.catalogue_id == catalogue_id)
    # In the order of something that says nothing of them: the same ones again and again, so that plans agree.
    return list(session.scalars(own.order_by(func.md5(Product.sku)).limit(most)))


def vectors(session: Session, space_id: int, catalogue_ids: list[int]) -> Mapping[str, tuple[int, int]]:
    """By modality, how many vectors these catalogues have in a space, and of how many products."""
    found: dict[str, tuple[int, int]] = {}
    for catalogue_id in catalogue_ids:
        rows = session.execute(
            select(Embedding.modality, func.count(), func.count(Embedding.product_id.distinct()))
            .where(Embedding.catalogue_id == catalogue_id, Embedding.space_id == space_id)
            .group_by(Embedding.modality)
        )
        for modality, count, owners in rows:
            before = found.get(modality, (0, 0))
            found[modality] = before[0] + count, before[1] + owners
    return found


def covered(session: Session, space_id: int, catalogue_ids: list[int]) -> int:
    """How many products of these catalogues have a vector in a space."""
    return sum(
        session.scalars(
            select(func.count(Embedding.product_id.distinct())).where(
                Embedding.catalogue_id == catalogue_id, Embedding.space_id == space_id
            )
        ).one()
        for catalogue_id in catalogue_ids
    )


def bytes_a_vector(session: Session) -> float | None:
    """What a vector takes on disk with its tokens and its share of the indexes, on average; None if there is none."""
    size, rows = session.execute(
        text("""
SELECT (SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree('embeddings') WHERE isleaf)
     + (SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree('tokens') WHERE isleaf),
    (SELECT sum(pg_stat_get_live_tuples(relid)) FROM pg_partition_tree('embeddings') WHERE isleaf)
""")
    ).one()
    return None if not rows else float(size) / float(rows)


def database_bytes(session: Session) -> int:
    """How large the database is on disk."""
    return int(session.execute(text("SELECT pg_database_size(current_database())")).scalar_one())


def by_state(session: Session, catalogue_id: int) -> dict[EmbeddingState, int]:
    """How many products of a catalogue are in each state."""
    counts = [func.count().filter(condition) for condition in IN_STATE.values()]
    row = session.execute(select(*counts).select_from(Product).where(Product.catalogue_id == catalogue_id)).one()
    return dict(zip(IN_STATE, row, strict=True))


def media_bytes(session: Session, catalogue_id: int) -> dict[Modality, int]:
    """How large the different pictures and recordings of a catalogue are, together."""
    own = (
        select(ProductMedia.modality, ProductMedia.digest)
        .distinct()
        .join(Product, Product.id == ProductMedia.product_id)
        .where(Product.catalogue_id == catalogue_id)
        .subquery()
    )
    sizes = select(own.c.modality, func.sum(Media.bytes)).join(Media, Media.digest == own.c.digest)
    return {Modality(modality): int(size) for modality, size in session.execute(sizes.group_by(own.c.modality))}


@dataclass(frozen=True, kw_only=True)
class EmbeddedOf:
    """What is embedded of some products."""

    vectors: dict[int, int]  # by space
    tokens: int  # rows
    digests: list[str]  # of the contents


def embedded_of(session: Session, catalogue_id: int, product_ids: Sequence[int]) -> EmbeddedOf:
    """What is embedded of these products of a catalogue, in all spaces."""
    own = (Embedding.catalogue_id == catalogue_id, Embedding.product_id.in_(product_ids))
    by_space = select(Embedding.space_id, func.count()).where(*own).group_by(Embedding.space_id)
    their_tokens = (Tokens.catalogue_id == catalogue_id, Tokens.product_id.in_(product_ids))
    return EmbeddedOf(
        vectors={space_id: count for space_id, count in session.execute(by_space)},  # noqa: C416  rows are no pairs
        tokens=session.scalars(select(func.count()).select_from(Tokens).where(*their_tokens)).one(),
        digests=list(session.scalars(select(Embedding.digest).distinct().where(*own))),
    )


def left_of(session: Session, catalogue_id: int, product_ids: Sequence[int]) -> dict[str, int]:
    """How much is there of products that were erased."""
    embedded = embedded_of(session, catalogue_id, product_ids)
    rows = select(func.count()).select_from(Product).where(Product.id.in_(product_ids))
    media_rows = select(func.count()).select_from(ProductMedia).where(ProductMedia.product_id.in_(product_ids))
    return {
        "products": session.scalars(rows).one(),
        "vectors": sum(embedded.vectors.values()),
        "tokens": embedded.tokens,
        "media rows": session.scalars(media_rows).one(),
    }
