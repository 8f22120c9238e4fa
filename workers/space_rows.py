"""The rows that products have in a space: read as what is known of them, and written."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from pgvector import HalfVector
from sqlalchemy.orm import Session

from app.db import embeddings
from app.db.space_tables import EmbeddingSpace
from app.db.tables import Product
from workers.contents import Content
from workers.embedder import Embedded
from workers.space_embedding import Known, SpaceEmbedding
from workers.stored import read_contents
from workers.towers import Towers


def known_of(session: Session, towers: Towers, products: Sequence[Product]) -> Known:
    """What was made before of these products' contents in a space."""
    read = [
        content
        for catalogue_id, own in _by_catalogue(towers.space, products)
        for content in read_contents(
            embeddings.tokens(session, towers.space, catalogue_id, [product.id for product in own]),
            towers.embedder.alignment,
        )
    ]
    return {(each.product_id, each.modality, each.digest): Embedded(each.vector, each.tokens) for each in read}


def write_products(
    session: Session, space: EmbeddingSpace, products: Sequence[Product], embedding: SpaceEmbedding
) -> None:
    """Replaces the rows of locked products in a space by what was embedded."""
    outcomes = embedding.outcomes[space.id]
    made: dict[int, list[tuple[Content, Embedded]]] = defaultdict(list)
    for place, outcome in outcomes.items():
        if isinstance(outcome, Embedded):
            content = embedding.contents[place]
            made[content.product_id].append((content, outcome))
    for catalogue_id, own in _by_catalogue(space, products):
        rows = [_row(space, product, *each) for product in own for each in made[product.id]]
        tokens = [_tokens(space, *each) for product in own for each in made[product.id] if each[1].tokens.labels]
        embeddings.replace(session, space.id, catalogue_id, [product.id for product in own], rows, tokens)


def _by_catalogue(space: EmbeddingSpace, products: Sequence[Product]) -> Iterator[tuple[int, list[Product]]]:
    """Those products that the space is for."""
    own: dict[int, list[Product]] = defaultdict(list)
    for product in products:
        if space.catalogue_id in (None, product.catalogue_id):
            own[product.catalogue_id].append(product)
    yield from own.items()


def _row(space: EmbeddingSpace, product: Product, content: Content, embedded: Embedded) -> dict[str, object]:
    return {
        "catalogue_id": product.catalogue_id,
        "product_id": product.id,
        "space_id": space.id,
        "modality": content.modality,
        "ordinal": content.ordinal,
        "product_version": product.version,
        "digest": content.digest,
        "embedding": HalfVector(embedded.vector),
    }


def _tokens(space: EmbeddingSpace, content: Content, embedded: Embedded) -> dict[str, object]:
    return {
        "catalogue_id": content.catalogue_id,
        "product_id": content.product_id,
        "space_id": space.id,
        "modality": content.modality,
        "ordinal": content.ordinal,
        "labels": list(embedded.tokens.labels),
        "vectors": HalfVector(embedded.tokens.vectors.ravel()),
    }
