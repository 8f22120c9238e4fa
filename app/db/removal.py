"""Statements that remove what is no longer wanted."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.db.space_tables import Embedding
from app.db.tables import Catalogue


def catalogue_ids(session: Session) -> list[int]:
    """All catalogues."""
    return list(session.scalars(select(Catalogue.id).order_by(Catalogue.id)))


def remove_embeddings(session: Session, space_id: int, catalogue_id: int, *, after: int, most: int) -> int | None:
    """Removes the vectors, and with them the tokens, that some products of a catalogue have in a space.

    Args:
        session: the transaction.
        space_id: whose vectors.
        catalogue_id: whose products.
        after: the id of the last one that has been seen to.
        most: products at once.

    Returns:
        The id of the last one that has now been seen to; None if there was none.
    """
    own = (Embedding.catalogue_id == catalogue_id, Embedding.space_id == space_id)
    some = select(Embedding.product_id).distinct().where(*own, Embedding.product_id > after)
    product_ids = list(session.scalars(some.order_by(Embedding.product_id).limit(most)))
    if not product_ids:
        return None
    session.execute(delete(Embedding).where(*own, Embedding.product_id.in_(product_ids)))
    return product_ids[-1]
