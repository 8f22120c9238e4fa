"""A product as a client gives it, checked and with its media stored."""

import decimal
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.catalog.texts import product_texts
from app.types import Modality


@dataclass(frozen=True, kw_only=True)
class MediaRef:
    """Bytes in the media store."""

    digest: str  # SHA-256, hex
    bytes: int
    content_type: str


@dataclass(frozen=True)
class RemoteRef:
    """A picture or recording that a worker is to fetch."""

    url: str


@dataclass(frozen=True, kw_only=True)
class ProductDraft:
    """What a product is to be."""

    sku: str
    title: str | None = None
    description: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    price: decimal.Decimal | None = None
    currency: str | None = None
    images: tuple[MediaRef | RemoteRef, ...] = ()
    speech: tuple[MediaRef | RemoteRef, ...] = ()

    @property
    def media(self) -> list[tuple[Modality, int, MediaRef | RemoteRef]]:
        """Each picture and recording with its modality and its place among them."""
        pictures = [(Modality.IMAGE, ordinal, ref) for ordinal, ref in enumerate(self.images)]
        return pictures + [(Modality.SPEECH, ordinal, ref) for ordinal, ref in enumerate(self.speech)]

    @property
    def content_digest(self) -> bytes:
        """SHA-256 of all that gets embedded: the same content again needs no new embedding, whatever else changed.

        A picture or recording to be fetched is known by its address.
        """
        texts = product_texts(self.title, self.description, self.attributes)
        media = [[modality, ref.url if isinstance(ref, RemoteRef) else ref.digest] for modality, _, ref in self.media]
        return hashlib.sha256(json.dumps([texts, media]).encode()).digest()
