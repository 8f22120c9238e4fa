"""An alignment whose vectors are stored with fewer numbers: the axes are found from the products that are there."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from app.catalog.drafts import MediaRef
from app.db import counting, media, spaces
from app.errors import ArtifactInvalid
from app.spaces import packing
from app.types import SpaceState
from workers.alignment.artifact import save_reduced
from workers.alignment.card import CARD, AlignmentCard
from workers.alignment.reduction import Reduction
from workers.connections import Connections
from workers.contents import medium_of, texts_of
from workers.embedder import Embedded
from workers.space_embedding import SpaceEmbedding
from workers.towers import HeldSpaces, Towers, artifact_folder

LOOKED_AT = 200  # products whose vectors say which axes matter


def reduced(
    connections: Connections, held: HeldSpaces, artifact: str, towers: Towers, dim: int, catalogue_id: int | None
) -> MediaRef:
    """The same alignment with so many numbers a vector, packed and stored; one that a space has already is that one.

    Raises:
        ArtifactInvalid: the alignment gives no more numbers than that.
    """
    card = towers.embedder.alignment.card
    if dim >= card.space_key.dim:
        raise ArtifactInvalid(f"The alignment gives {card.space_key.dim} numbers a vector: --dim must be below that.")
    known = _known(connections, card, dim)
    if known is not None:
        return known
    vectors = _vectors(connections, held, towers, catalogue_id)
    if len(vectors) == 0:
        raise ArtifactInvalid("There are no products yet to find by which numbers their vectors differ.")
    with TemporaryDirectory() as made, artifact_folder(artifact, None, connections) as source:
        save_reduced(towers.embedder.alignment, source, Reduction.of(vectors, dim), Path(made))
        return packing.stored(connections.store, Path(made))


def _known(connections: Connections, card: AlignmentCard, dim: int) -> MediaRef | None:
    """What an earlier reindex made of the same weights: found anew, the axes would be others."""
    with connections.sessions() as session:
        for space in spaces.every(session):
            if space.dim != dim or space.artifact is None or space.state == SpaceState.RETIRED:
                continue
            with artifact_folder(space.artifact, None, connections) as folder:
                own = AlignmentCard.read(folder / CARD)
            if own.sha256 == card.sha256 and own.reduced is not None:
                row = media.by_digests(session, [space.artifact])[space.artifact]
                return MediaRef(digest=row.digest, bytes=row.bytes, content_type=row.content_type)
    return None


def _vectors(connections: Connections, held: HeldSpaces, towers: Towers, catalogue_id: int | None) -> np.ndarray:
    with connections.sessions() as session:
        products = counting.sample(session, catalogue_id, LOOKED_AT)
        stored = media.of_products(session, [product.id for product in products])
    by_id = {product.id: product for product in products}
    contents = [content for product in products for content in texts_of(product)]
    contents += [medium_of(connections.store, by_id[row.product_id], row) for row in stored]
    embedding = SpaceEmbedding([towers], contents, {}, held.outputs)
    embedding.run(lambda: None)
    found = [each.vector for each in embedding.outcomes[towers.space.id].values() if isinstance(each, Embedded)]
    return np.stack(found) if found else np.zeros((0, towers.space.dim), np.float32)
