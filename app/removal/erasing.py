"""Erasure: a product, a catalogue, or all that a tenant has, removed wherever it is, with a report that counts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.catalog import service as catalog
from app.db import catalogues, counting, embeddings, jobs, media, products, removals, tenants, unused_media
from app.db.job_tables import Job
from app.db.tables import Product
from app.errors import ProductUnknown
from app.jobs.client import JobClient, enqueue
from app.jobs.names import Task
from app.media.store import MediaStore
from app.removal.collecting import OUTPUTS, remove_outputs
from app.types import JobKind, JobState

AT_ONCE = 100  # products in one transaction
ERASE = "erase"  # what an upkeep job of ours does


def submit(session: Session, tenant_id: int, catalogue: str | None, sku: str | None) -> Job:
    """Queues the erasure of a product, of a catalogue, or of all that a tenant has but its keys.

    Raises:
        CatalogueUnknown: there is none of this name.
        ProductUnknown: there is none of this SKU, nor was one deleted of which anything is left.
    """
    own = None if catalogue is None else catalog.catalogue_id(session, tenant_id, catalogue)
    if own is not None and sku is not None:
        is_there = products.find(session, own, sku) is not None or removals.of_catalogue(session, own, sku)
        if not is_there:
            raise ProductUnknown(f"Catalogue {catalogue!r} has no product {sku!r}, and nothing is left of one.")
    request = {"what": ERASE, "catalogue_id": own, "catalogue": catalogue, "sku": sku}
    # No catalogue's: the job would go with it.
    job = jobs.add(session, tenant_id=tenant_id, catalogue_id=None, kind=JobKind.UPKEEP, request=request, total=None)
    enqueue(session, Task.UPKEEP_JOB, [str(job.id)])
    return job


def erase(client: JobClient, store: MediaStore, job: Job) -> None:
    """Runs an erasure to its end, or goes on where an earlier attempt was cut off."""
    erasing = _Erasing(client, store, job)
    for catalogue_id in erasing.catalogue_ids():
        erasing.erase_products(catalogue_id)
    erasing.finish()


class _Erasing:
    def __init__(self, client: JobClient, store: MediaStore, job: Job) -> None:
        self._client, self._store, self._job = client, store, job
        self._sku: str | None = job.request["sku"]
        self._own: int | None = job.request["catalogue_id"]
        self._removed = Counter((job.result or {}).get("removed", {}))
        # By catalogue, the ids of products whose traces are looked for at the end.
        self._ids: dict[str, list[int]] = dict((job.result or {}).get("ids", {}))

    def catalogue_ids(self) -> list[int]:
        """That products are erased of."""
        with self._client.sessions() as session:
            return [self._own] if self._own is not None else catalogues.of_tenant(session, self._job.tenant_id)

    def erase_products(self, catalogue_id: int) -> None:
        """Erases the products of a catalogue, or the one that is meant, batch by batch."""
        self._traces(catalogue_id)
        while True:
            with self._client.transaction() as session:
                batch = self._batch(session, catalogue_id)
                if not batch:
                    return
                digests, texts = self._remove(session, catalogue_id, batch)
                taken = unused_media.take_these(session, digests)
                self._removed.update(media=len(taken), bytes=sum(size for _, size in taken))
                self._note(session)
            self._remove_bytes(taken, [*digests, *texts])

    def _batch(self, session: Session, catalogue_id: int) -> list[Product]:
        if self._sku is not None:
            found = products.find(session, catalogue_id, self._sku)
            return [] if found is None else [found]
        return products.page(session, catalogue_id, after=0, limit=AT_ONCE)

    def _remove(self, session: Session, catalogue_id: int, batch: Sequence[Product]) -> tuple[list[str], list[str]]:
        """Removes products with all that hangs on them; the digests of their media, and of all that was embedded."""
        ids = [product.id for product in batch]
        locked = embeddings.lock_versions(session, ids)
        digests = sorted({row.digest for row in media.of_products(session, ids) if row.digest is not None})
        embedded = counting.embedded_of(session, catalogue_id, ids)
        catalog.delete_locked(session, list(locked.values()))
        results = removals.strip_results(session, catalogue_id, ids)
        errors = removals.remove_errors(session, catalogue_id, [product.sku for product in batch])
        self._removed.update(products=len(locked), results=results, errors=errors)
        for space_id, count in embedded.vectors.items():
            self._removed[f"vectors in space {space_id}"] += count
        self._removed.update(tokens=embedded.tokens)
        self._ids.setdefault(str(catalogue_id), []).extend(ids)
        return digests, embedded.digests

    def _traces(self, catalogue_id: int) -> None:
        """What is left of products that were deleted before, those among them that could be brought back."""
        with self._client.transaction() as session:
            found = removals.of_catalogue(session, catalogue_id, self._sku)
            ids = [each.product_id for each in found]
            self._removed.update(results=removals.strip_results(session, catalogue_id, ids) if ids else 0)
            self._ids.setdefault(str(catalogue_id), []).extend(ids)
            removals.remove(session, [each.id for each in found])
            digests = sorted({digest for each in found for digest in each.digests})
            taken = unused_media.take_these(session, digests)
            self._removed.update(media=len(taken), bytes=sum(size for _, size in taken))
            self._note(session)
        self._remove_bytes(taken, digests)

    def _remove_bytes(self, taken: Sequence[tuple[str, int]], embedded: Sequence[str]) -> None:
        for digest, _ in taken:
            self._store.remove(digest)
        with self._client.sessions() as session:
            used = unused_media.embedded(session, embedded)
        gone = [digest for digest in embedded if digest not in used]
        for encoder in self._store.derived(OUTPUTS):
            remove_outputs(self._store, encoder, gone)

    def _note(self, session: Session) -> None:
        jobs.amend(session, self._job.id, result={"removed": dict(self._removed), "ids": self._ids})
        jobs.set_done(session, self._job.id, self._removed["products"])
        jobs.renew(session, self._job.id, self._job.attempts)

    def finish(self) -> None:
        """Removes what is no product's, counts what is left, and ends the job."""
        with self._client.transaction() as session:
            if self._sku is None and self._own is not None:
                self._removed.update(catalogues=catalogues.remove(session, [self._own]))
            elif self._sku is None:
                self._removed.update(jobs=removals.remove_jobs(session, self._job.tenant_id, self._job.id))
                own = catalogues.of_tenant(session, self._job.tenant_id)
                self._removed.update(catalogues=catalogues.remove(session, own))
                self._removed.update(tenants.remove_belongings(session, self._job.tenant_id))
            left = self._left(session)
            result = {"removed": dict(sorted(self._removed.items())), "left": left, "is_erased": not any(left.values())}
            jobs.set_expected(session, self._job.id, self._removed["products"])
            jobs.finish(session, self._job.id, JobState.SUCCEEDED, result=result)

    def _left(self, session: Session) -> Mapping[str, Any]:
        """What is still there of what was to be erased: counted, not assumed."""
        left = Counter({"products": 0, "vectors": 0, "tokens": 0, "media rows": 0, "results": 0})
        for catalogue, ids in self._ids.items():
            left.update(counting.left_of(session, int(catalogue), ids))
            left["results"] += removals.count_results(session, int(catalogue), ids)
        return dict(left)
