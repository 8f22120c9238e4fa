"""Products: written in batches, read, deleted; each new content waits to be embedded."""

import datetime
import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.catalog.drafts import MediaRef, ProductDraft, RemoteRef
from app.catalog.settings import CatalogueSettings, word_columns
from app.conditions import Condition
from app.db import catalogues, embeddings, jobs, media, products
from app.db.filtering import sql_of
from app.db.job_tables import Job
from app.db.tables import Product, ProductMedia
from app.errors import CatalogueUnknown, ProductUnknown
from app.jobs.client import enqueue
from app.jobs.names import Task
from app.types import EmbeddingState, JobKind

BATCH = 32  # products in one message


@dataclass(frozen=True, kw_only=True)
class ProductView:
    """A product as a client reads it."""

    product: Product
    media: list[ProductMedia]
    modalities: list[str]  # by which it can be found now

    @property
    def embedding_state(self) -> EmbeddingState:
        """Whether it can be found."""
        if self.product.failed_version == self.product.version:
            return EmbeddingState.FAILED
        is_ready = self.product.embedded_version == self.product.version
        return EmbeddingState.READY if is_ready else EmbeddingState.PENDING


def catalogue_id(session: Session, tenant_id: int, name: str) -> int:
    """The id of a tenant's catalogue.

    Raises:
        CatalogueUnknown: there is none of this name.
    """
    found = catalogues.find(session, tenant_id, name)
    if found is None:
        raise CatalogueUnknown(f"There is no catalogue {name!r}; the first upload to it makes it.")
    return found


def put(session: Session, tenant_id: int, catalogue: str, draft: ProductDraft) -> Job:
    """Replaces or makes one product, under a job that ends when it can be found."""
    catalogue_row = catalogues.find_or_create(session, tenant_id, catalogue)
    job = jobs.add(
        session,
        tenant_id=tenant_id,
        catalogue_id=catalogue_row,
        kind=JobKind.EMBED,
        request={"sku": draft.sku},
        total=1,
    )
    put_batch(session, catalogue_row, job.id, [draft])
    session.refresh(job)
    return job


def put_batch(session: Session, catalogue_row: int, job_id: uuid.UUID, drafts: Sequence[ProductDraft]) -> None:
    """Replaces or makes products of one catalogue under a job, of which each is one step.

    A product that is embedded with this very content counts as done at once. So do drafts that a later one of the
    same SKU in the batch has overtaken, and products that were still waiting for another job, for that one.
    """
    latest = {draft.sku: draft for draft in drafts}
    media.record(session, [(ref.digest, ref.bytes, ref.content_type) for ref in _stored(latest.values())])
    rows = products.lock(session, catalogue_row, list(latest))
    changed = [sku for sku, draft in latest.items() if not _is_ready(rows[sku], draft)]
    done = _overtaken([rows[sku] for sku in changed])
    done[job_id] += len(drafts) - len(changed)
    written = {sku: draft for sku, draft in latest.items() if sku in changed or not _is_same(rows[sku], draft)}
    words = _words(session, catalogue_row, list(written.values()))
    contents = {sku: _values(rows[sku], draft, job_id, sku in changed) for sku, draft in written.items()}
    products.write(session, [contents[sku] | words[sku] for sku in written])
    changed_ids = [rows[sku].id for sku in changed]
    own_media = _media_rows(rows, [latest[sku] for sku in changed], media.fetched(session, changed_ids))
    products.set_media(session, changed_ids, own_media)
    send_later(session, changed_ids, {row["product_id"] for row in own_media if row["digest"] is None})
    jobs.lock(session, {*done, job_id})
    _count_done(session, done)


def send_later(session: Session, product_ids: Sequence[int], lacking: Collection[int]) -> None:
    """Has products embedded after the commit, those that lack a picture or recording once it has been fetched."""
    _later(session, Task.FETCH_MEDIA, [each for each in product_ids if each in lacking])
    _later(session, Task.EMBED_PRODUCTS, [each for each in product_ids if each not in lacking])


def view(session: Session, tenant_id: int, catalogue: str, sku: str) -> ProductView:
    """One product.

    Raises:
        CatalogueUnknown, ProductUnknown: there is none of this name or SKU.
    """
    product = products.find(session, catalogue_id(session, tenant_id, catalogue), sku)
    if product is None:
        raise ProductUnknown(f"Catalogue {catalogue!r} has no product {sku!r}.")
    return views(session, [product])[0]


def views(session: Session, rows: Sequence[Product]) -> list[ProductView]:
    """Products with their media and the modalities they can be found by, in the order given."""
    ids = [product.id for product in rows]
    own_media: dict[int, list[ProductMedia]] = {product_id: [] for product_id in ids}
    for each in media.of_products(session, ids):
        own_media[each.product_id].append(each)
    modalities: dict[int, list[str]] = {}
    for catalogue in {product.catalogue_id for product in rows}:
        own = [product.id for product in rows if product.catalogue_id == catalogue]
        modalities |= embeddings.modalities(session, catalogue, own)
    return [
        ProductView(product=product, media=own_media[product.id], modalities=modalities.get(product.id, []))
        for product in rows
    ]


def page(
    session: Session,
    tenant_id: int,
    catalogue: str,
    condition: Condition | None = None,
    *,
    state: EmbeddingState | None = None,
    after: int,
    limit: int,
) -> list[ProductView]:
    """Products of a catalogue that meet a condition and are in a state, in the order they came, past this id."""
    catalogue_row = catalogue_id(session, tenant_id, catalogue)
    rows = products.page(session, catalogue_row, where=sql_of(condition), state=state, after=after, limit=limit)
    return views(session, rows)


def delete(session: Session, tenant_id: int, catalogue: str, sku: str) -> None:
    """Deletes a product; a job that still waits for it counts it as done.

    Raises:
        CatalogueUnknown, ProductUnknown: there is none of this name or SKU.
    """
    product = view(session, tenant_id, catalogue, sku).product
    delete_locked(session, list(embeddings.lock_versions(session, [product.id]).values()))


def delete_locked(session: Session, rows: Sequence[Product]) -> None:
    """Deletes products that are locked; jobs that still wait for them count them as done."""
    _count_done(session, _overtaken(rows))
    products.remove(session, [product.id for product in rows])


def _is_pending(product: Product) -> bool:
    return product.version > max(product.embedded_version, product.failed_version)


def _is_ready(product: Product, draft: ProductDraft) -> bool:
    return product.content_digest == draft.content_digest and product.version == product.embedded_version


def _is_same(product: Product, draft: ProductDraft) -> bool:
    """Whether nothing of the product would change, of what is embedded or not."""
    return (product.title, product.description, product.attributes, product.price, product.currency) == (
        draft.title,
        draft.description,
        draft.attributes,
        draft.price,
        draft.currency,
    )


def _overtaken(rows: Sequence[Product]) -> Counter[uuid.UUID]:
    return Counter(product.job_id for product in rows if product.job_id is not None and _is_pending(product))


def _count_done(session: Session, done: Counter[uuid.UUID]) -> None:
    # In one order everywhere, so that two transactions never wait for each other.
    for job_id, count in sorted((+done).items()):
        jobs.advance(session, job_id, done=count)


def _values(product: Product, draft: ProductDraft, job_id: uuid.UUID, changed: bool) -> dict[str, Any]:
    return {
        "product_id": product.id,
        "title": draft.title,
        "description": draft.description,
        "attributes": dict(draft.attributes),
        "price": draft.price,
        "currency": draft.currency,
        "content_digest": draft.content_digest,
        "version": product.version + changed,
        "attempts": 0 if changed else product.attempts,
        "embedding_error": None if changed else product.embedding_error,
        "job_id": job_id if changed else product.job_id,
        "queued_at": datetime.datetime.now(datetime.UTC) if changed else product.queued_at,
    }


def _words(session: Session, catalogue_row: int, drafts: Sequence[ProductDraft]) -> dict[str, dict[str, Any]]:
    row = catalogues.shared(session, catalogue_row)
    if row is None:
        raise LookupError(catalogue_row)
    settings = CatalogueSettings.of(row)
    return {draft.sku: word_columns(vars(draft), settings, row.words_version) for draft in drafts}


def _stored(drafts: Iterable[ProductDraft]) -> list[MediaRef]:
    return [ref for draft in drafts for _, _, ref in draft.media if isinstance(ref, MediaRef)]


def _media_rows(
    rows: Mapping[str, Product], drafts: Sequence[ProductDraft], fetched: Mapping[tuple[int, str, str], str]
) -> list[dict[str, Any]]:
    """The pictures and recordings of drafts; what was fetched before is not fetched again."""
    made = []
    for draft in drafts:
        product = rows[draft.sku].id
        for modality, ordinal, ref in draft.media:
            url = ref.url if isinstance(ref, RemoteRef) else None
            digest = ref.digest if isinstance(ref, MediaRef) else fetched.get((product, modality, ref.url))
            made.append({"product_id": product, "modality": modality, "ordinal": ordinal, "digest": digest, "url": url})
    return made


def _later(session: Session, task: Task, product_ids: Sequence[int]) -> None:
    batches = [product_ids[start : start + BATCH] for start in range(0, len(product_ids), BATCH)]
    enqueue(session, task, *[[list(batch)] for batch in batches])
