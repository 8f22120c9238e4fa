"""Known-item searches of a catalogue: products are asked for by what they themselves have.

Source: Azzopardi, de Rijke and Balog, 2007, "Building simulated queries for known-item topics".
"""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sqlalchemy.orm import Session

from app.db import counting, media
from app.db.tables import Product, ProductMedia
from app.media.store import MediaStore
from app.types import Modality
from workers.content_encoder import Source

Decode = Callable[[bytes], NDArray[np.uint8]]  # the bytes of a picture to (height, width, 3) RGB

PRODUCTS = 200  # asked for
CUT = 0.15  # of a picture's width and height on each side, to have a part of it


@dataclass(frozen=True, kw_only=True)
class KnownItem:
    """A product that is asked for by one of its contents, through one of its modalities."""

    product: Product
    kind: str  # "title → image"
    modality: Modality  # of the content
    content: Source  # of a picture or recording, what reads it when it is asked by
    against: Modality


def known_items(session: Session, store: MediaStore, decode: Decode, catalogue_id: int | None) -> list[KnownItem]:
    """Products, spread over all, each by its title, a part of its picture, its recording.

    A content is never compared with itself: titles with pictures, and with texts that say more than the title; parts of
    pictures with whole ones and with texts; recordings with texts and pictures.
    """
    products = counting.sample(session, catalogue_id, PRODUCTS)
    owned: dict[int, list[ProductMedia]] = {product.id: [] for product in products}
    for row in media.of_products(session, list(owned)):
        owned[row.product_id].append(row)
    return [item for product in products for item in _items(store, decode, product, owned[product.id])]


def _items(store: MediaStore, decode: Decode, product: Product, own: Sequence[ProductMedia]) -> Iterator[KnownItem]:
    pictures = [row.digest for row in own if row.modality == Modality.IMAGE and row.digest]
    recordings = [row.digest for row in own if row.modality == Modality.SPEECH and row.digest]
    has_more = bool(product.description or product.attributes)
    if product.title:
        if pictures:
            yield _item(product, "title", Modality.TEXT, product.title, Modality.IMAGE)
        if has_more:
            yield _item(product, "title", Modality.TEXT, product.title, Modality.TEXT)
    others = [Modality.TEXT] if product.title or has_more else []
    if pictures:
        for against in (Modality.IMAGE, *others):
            yield _item(product, "part of picture", Modality.IMAGE, partial(_part, store, decode, pictures[0]), against)
    if recordings:
        for against in (*others, *([Modality.IMAGE] if pictures else [])):
            yield _item(product, "recording", Modality.SPEECH, partial(store.get, recordings[0]), against)


def _item(product: Product, name: str, modality: Modality, content: Source, against: Modality) -> KnownItem:
    return KnownItem(product=product, kind=f"{name} → {against}", modality=modality, content=content, against=against)


def _part(store: MediaStore, decode: Decode, digest: str) -> bytes:
    """The middle of a picture."""
    picture = decode(store.get(digest))
    height, width = picture.shape[:2]
    top, left = round(height * CUT), round(width * CUT)
    file = io.BytesIO()
    Image.fromarray(picture[top : height - top, left : width - left]).save(file, "JPEG", quality=95)
    return file.getvalue()
