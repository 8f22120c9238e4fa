"""A shop's catalogue in the database, with media in the store."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from PIL import Image
from sqlalchemy.orm import Session

from app.catalog import service
from app.catalog.drafts import MediaRef, ProductDraft
from app.db import media, tenants
from app.keys.service import TENANT
from app.media.store import MediaStore
from tests.workers.pictures import noise


@dataclass(frozen=True)
class Sold:
    """What a product of the shop is made of."""

    sku: str
    title: str | None = None
    pictures: Sequence[int] = ()  # seeds
    sounds: Sequence[bytes] = ()


def stock(session: Session, store: MediaStore, name: str, sold: Sequence[Sold]) -> int:
    """Puts products into a catalogue; returns its id."""
    tenant = tenants.find_or_create(session, TENANT)
    for each in sold:
        pictures = tuple(_stored(session, store, _png(seed), "image/png") for seed in each.pictures)
        sounds = tuple(_stored(session, store, sound, "audio/wav") for sound in each.sounds)
        draft = ProductDraft(
            sku=each.sku, title=each.title, attributes={"split": "blue"}, images=pictures, speech=sounds
        )
        service.put(session, tenant, name, draft)
    return service.catalogue_id(session, tenant, name)


def _png(seed: int) -> bytes:
    file = BytesIO()
    Image.fromarray(noise(40, 40, seed=seed)).save(file, "PNG")
    return file.getvalue()


def _stored(session: Session, store: MediaStore, data: bytes, content_type: str) -> MediaRef:
    digest = store.put(data)
    assert digest == hashlib.sha256(data).hexdigest()
    media.record(session, [(digest, len(data), content_type)])
    return MediaRef(digest=digest, bytes=len(data), content_type=content_type)
