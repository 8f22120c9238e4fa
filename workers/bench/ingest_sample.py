"""Products to measure an ingest with: the sample catalogue again and again, with pictures and voices of their own."""

import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from PIL import Image

from app.catalog.texts import product_texts
from app.client import Document, with_media
from app.sample.catalogue import things
from app.sample.speech import synthesise
from app.types import Modality

VOICES = ("en-us", "en-us+f3", "en-gb+m7", "en-us+m3")


class Kind(StrEnum):
    """What products have."""

    TEXT = "text"
    PICTURE = "text, picture"
    SOUND = "text, picture, sound"


@dataclass(frozen=True)
class Offer:
    """One product."""

    product: Document  # without its media
    image: bytes | None
    speech: bytes | None

    def document(self) -> Document:
        """As a line of NDJSON carries it."""
        images = [self.image] if self.image else []
        return with_media(self.product, images=images, speech=[self.speech] if self.speech else [])

    def contents(self) -> Iterator[tuple[Modality, str | bytes]]:
        """What is embedded of it."""
        product = self.product
        for text in product_texts(product["title"], product["description"], product["attributes"]):
            yield Modality.TEXT, text
        if self.image:
            yield Modality.IMAGE, self.image
        if self.speech:
            yield Modality.SPEECH, self.speech


def offers(kind: Kind, count: int) -> list[Offer]:
    """So many products; no two have the same picture."""
    found = []
    for number, thing in zip(range(count), itertools.cycle(things())):
        product = thing.product() | {"sku": f"{thing.sku}-{number}"}
        image = _marked(thing.picture(), number) if kind is not Kind.TEXT else None
        speech = synthesise(thing.name, voice=VOICES[number % len(VOICES)]) if kind is Kind.SOUND else None
        found.append(Offer(product, image, speech))
    return found


def _marked(picture: bytes, number: int) -> bytes:
    """The picture as a JPEG, as most of a shop's are, with a faint noise that no other has."""
    with Image.open(io.BytesIO(picture)) as opened:
        pixels = np.asarray(opened.convert("RGB"), dtype=np.int16)
    noise = np.random.default_rng(number).integers(-3, 4, pixels.shape, dtype=np.int16)
    file = io.BytesIO()
    Image.fromarray((pixels + noise).clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=90)
    return file.getvalue()
