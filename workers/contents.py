"""The contents of products: what of each is to be embedded."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from app.catalog.texts import product_texts
from app.db.tables import Product, ProductMedia
from app.errors import MediaUnfetchable, TriseekError
from app.media.store import MediaStore
from app.types import Modality
from workers.content_encoder import Source
from workers.thumbnails import StoredPicture


@dataclass(frozen=True, kw_only=True)
class Content:
    """One text, picture or recording of a product."""

    catalogue_id: int
    product_id: int
    modality: Modality
    ordinal: int
    digest: str  # SHA-256
    data: Source  # pictures and recordings are read when they are to be decoded
    problem: TriseekError | None = None  # why there is none

    @property
    def key(self) -> tuple[int, str, str]:
        """What it is known by in a space: product, modality and digest."""
        return self.product_id, self.modality, self.digest


def texts_of(product: Product) -> Iterator[Content]:
    """The texts of a product."""
    for ordinal, text in enumerate(product_texts(product.title, product.description, product.attributes)):
        yield Content(
            catalogue_id=product.catalogue_id,
            product_id=product.id,
            modality=Modality.TEXT,
            ordinal=ordinal,
            digest=hashlib.sha256(text.encode()).hexdigest(),
            data=text,
        )


def medium_of(store: MediaStore, product: Product, row: ProductMedia) -> Content:
    """A picture or recording of a product."""
    digest = row.digest or ""
    modality = Modality(row.modality)
    return Content(
        catalogue_id=product.catalogue_id,
        product_id=product.id,
        modality=modality,
        ordinal=row.ordinal,
        digest=digest,
        data=StoredPicture(store, digest) if modality is Modality.IMAGE else partial(store.get, digest),
        problem=None if row.problem is None else MediaUnfetchable(row.problem),
    )
