"""Statements over media."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, joinedload

from app.db.tables import Catalogue, Media, Product, ProductMedia

UNFETCHED = ProductMedia.digest.is_(None) & ProductMedia.problem.is_(None)


def record(session: Session, rows: Iterable[tuple[str, int, str]]) -> None:
    """Records stored bytes: (digest, bytes, content type) each; what is known already stays, and is in use again."""
    rows = sorted(set(rows))
    values = [{"digest": digest, "bytes": size, "content_type": content_type} for digest, size, content_type in rows]
    if values:
        made = insert(Media)
        again = made.on_conflict_do_update(
            index_elements=[Media.digest], set_={"unused_since": None}, where=Media.unused_since.is_not(None)
        )
        session.execute(again, values)
        # Nobody removes one of them until the transaction ends; one that was being removed is there anew.
        wanted = [value["digest"] for value in values]
        held = session.scalars(
            select(Media.digest).where(Media.digest.in_(wanted)).with_for_update(key_share=True, read=True)
        )
        gone = set(wanted) - set(held)
        record(session, [row for row in rows if row[0] in gone])


def content_type(session: Session, digest: str) -> str | None:
    """The content type of recorded bytes."""
    return session.scalars(select(Media.content_type).where(Media.digest == digest)).first()


def by_digests(session: Session, digests: Sequence[str]) -> dict[str, Media]:
    """What is recorded of these bytes."""
    return {row.digest: row for row in session.scalars(select(Media).where(Media.digest.in_(set(digests))))}


def of_tenant(session: Session, tenant_id: int, digest: str) -> Media | None:
    """What is recorded of these bytes, if a product of the tenant has them."""
    return session.scalars(
        select(Media)
        .join(ProductMedia, ProductMedia.digest == Media.digest)
        .join(Product, Product.id == ProductMedia.product_id)
        .join(Catalogue, Catalogue.id == Product.catalogue_id)
        .where(Media.digest == digest, Catalogue.tenant_id == tenant_id)
        .limit(1)
    ).first()


def owners(session: Session, catalogue_id: int, digest: str) -> list[int]:
    """The products of a catalogue that have these bytes."""
    found = (
        select(ProductMedia.product_id)
        .join(Product, Product.id == ProductMedia.product_id)
        .where(ProductMedia.digest == digest, Product.catalogue_id == catalogue_id)
    )
    return list(session.scalars(found.distinct()))


def unfetched(session: Session, product_ids: Sequence[int]) -> list[ProductMedia]:
    """Those pictures and recordings of these products that are to be fetched."""
    return list(session.scalars(select(ProductMedia).where(ProductMedia.product_id.in_(product_ids), UNFETCHED)))


def set_fetched(session: Session, row: ProductMedia, came: Mapping[str, str]) -> None:
    """Writes the `digest` of what was fetched, or the `problem`, unless the product has another one by now."""
    own = (ProductMedia.product_id == row.product_id, ProductMedia.modality == row.modality)
    place = (ProductMedia.ordinal == row.ordinal, ProductMedia.url == row.url)
    session.execute(update(ProductMedia).where(*own, *place, UNFETCHED).values(**came))


def forget_problems(session: Session, product_ids: Sequence[int]) -> None:
    """Lets what could not be fetched of these products be fetched again."""
    session.execute(update(ProductMedia).where(ProductMedia.product_id.in_(product_ids)).values(problem=None))


def fetched(session: Session, product_ids: Sequence[int]) -> dict[tuple[int, str, str], str]:
    """The digests of what these products have by its address: (product, modality, address) each."""
    rows = session.execute(
        select(ProductMedia.product_id, ProductMedia.modality, ProductMedia.url, ProductMedia.digest).where(
            ProductMedia.product_id.in_(product_ids), ProductMedia.url.is_not(None), ProductMedia.digest.is_not(None)
        )
    )
    return {(row.product_id, row.modality, row.url): row.digest for row in rows}


def of_products(session: Session, product_ids: Sequence[int]) -> list[ProductMedia]:
    """The pictures and recordings of these products, in their order, with what is known of their bytes."""
    return list(
        session.scalars(
            select(ProductMedia)
            .options(joinedload(ProductMedia.stored))
            .where(ProductMedia.product_id.in_(product_ids))
            .order_by(ProductMedia.product_id, ProductMedia.modality, ProductMedia.ordinal)
            .execution_options(populate_existing=True)
        )
    )
