"""A shop's own catalogue as a judged set, some products kept apart to judge by."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from app.db import media, products
from app.db.tables import Product, ProductMedia
from app.media.store import MediaStore
from app.types import Modality
from workers.training.families import kept_apart

AT_ONCE = 500  # products read in one statement


@dataclass(frozen=True, kw_only=True)
class ShopProduct:
    """A product with what it is seen and heard by."""

    product: Product
    pictures: tuple[str, ...]  # digests
    recordings: tuple[str, ...]  # digests

    @property
    def title(self) -> str:
        """Empty if it has none."""
        return self.product.title or ""


def write_judged_set(session: Session, store: MediaStore, catalogue_id: int, folder: Path) -> None:
    """Writes a catalogue as a judged set: `catalogue.jsonl`, `queries.jsonl`, `media/`.

    Products of the same title or the same picture are one family, and no family is on both sides. A product that is
    kept apart (split `val`) is asked for by its title; by its last picture if it has more than one, by its recordings.
    What it is asked for by is not in the index.

    Raises:
        MediaMissing: the store has lost a picture or recording.
    """
    found = list(_products(session, catalogue_id))
    splits = _splits(found)
    (folder / "media").mkdir(parents=True, exist_ok=True)
    for digest in {digest for each in found for digest in each.pictures + each.recordings}:
        (folder / "media" / digest).write_bytes(store.get(digest))
    rows = [_row(each, split) for each, split in zip(found, splits, strict=True)]
    kept = [each for each, split in zip(found, splits, strict=True) if split == "val"]
    _write(folder / "catalogue.jsonl", rows)
    _write(folder / "queries.jsonl", [query for each in kept for query in _queries(each)])


def _products(session: Session, catalogue_id: int) -> Iterator[ShopProduct]:
    after = 0
    while page := products.page(session, catalogue_id, after=after, limit=AT_ONCE):
        owned: dict[int, list[ProductMedia]] = {product.id: [] for product in page}
        for row in media.of_products(session, list(owned)):
            owned[row.product_id].append(row)
        for product in page:
            pictures, recordings = (
                tuple(row.digest for row in owned[product.id] if row.modality == modality and row.digest is not None)
                for modality in (Modality.IMAGE, Modality.SPEECH)
            )
            yield ShopProduct(product=product, pictures=pictures, recordings=recordings)
        after = page[-1].id


def _splits(found: Sequence[ShopProduct]) -> list[str]:
    """`train` or `val` for each."""
    traits = [
        (f"title {each.title.casefold()}" if each.title else f"sku {each.product.sku}", *each.pictures)
        for each in found
    ]
    kept = kept_apart([each.product.sku for each in found], traits)
    return ["val" if own else "train" for own in kept]


def _row(each: ShopProduct, split: str) -> dict[str, Any]:
    product = each.product
    pictures = each.pictures[:-1] if split == "val" and len(each.pictures) > 1 else each.pictures
    own = {
        "id": product.sku,
        "title": product.title,
        "description": product.description,
        "images": [f"media/{digest}" for digest in pictures],
        "audio": [f"media/{digest}" for digest in each.recordings] if split == "train" else [],
        "split": split,
    }
    return {**{name: value for name, value in product.attributes.items() if name not in own}, **own}


def _queries(each: ShopProduct) -> Iterator[dict[str, Any]]:
    sku = each.product.sku
    common = {"relevant": [sku], "split": "val"}
    if each.title:
        yield {"id": f"{sku} title", "modality": "text", "text": each.title, "leave_out": ["title"], **common}
    if len(each.pictures) > 1:
        yield {"id": f"{sku} picture", "modality": "image", "image": f"media/{each.pictures[-1]}", **common}
    for number, digest in enumerate(each.recordings):
        yield {"id": f"{sku} recording {number}", "modality": "speech", "audio": f"media/{digest}", **common}


def _write(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
