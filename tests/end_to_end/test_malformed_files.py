"""Some two hundred files that are not what they should be: each ends with its reason, and stops nothing else."""

import base64
import json
from collections.abc import Mapping

import pytest

from app.catalog import importing, service
from app.catalog.drafts import MediaRef
from app.catalog.importing import ImportRequest
from app.catalog.service import ProductView
from app.db import job_errors, tenants
from app.db.job_tables import Job, JobError
from app.types import EmbeddingState, JobState
from tests.end_to_end.conftest import CATALOGUE, Shop
from tests.workers import malformed
from tests.workers.pictures import encoded, halves
from tests.workers.sounds import encoded as encoded_sound
from tests.workers.sounds import tone
from workers.ingest import embed_products

AT_ONCE = 32
GOOD = {"images": encoded(halves(), "PNG"), "speech": encoded_sound(tone(16_000), 16_000, "wav", "pcm_s16le")}


def test_there_are_enough_of_them() -> None:
    assert len(malformed.pictures()) + len(malformed.recordings()) + len(malformed.catalogues()) >= 200


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, of damaged TIFF files
@pytest.mark.parametrize(
    ("field", "files"), [("images", malformed.pictures()), ("speech", malformed.recordings())], ids=["images", "speech"]
)
def test_media_end_with_their_reason(shop: Shop, field: str, files: Mapping[str, bytes]) -> None:
    contents = {**files, "good": GOOD[field]}
    rows = [
        {"sku": f"p{number}", "title": name, field: [{"base64": base64.b64encode(data).decode()}]}
        for number, (name, data) in enumerate(contents.items())
    ]
    job, errors = _import(shop, "".join(json.dumps(row) + "\n" for row in rows).encode())
    refused = {error.sku: error.problem for error in errors}
    taken = _embedded(shop)
    assert job.total == len(contents)
    for row in rows:
        view = taken.get(row["sku"])
        problem = refused.get(row["sku"]) or (view.product.embedding_error if view else None)
        is_found = view is not None and view.embedding_state is EmbeddingState.READY
        assert (problem is None) is is_found, row["title"]
        if problem is not None:
            assert problem["errors"][0]["pointer"] == f"/{field}/0"
            assert problem["errors"][0]["detail"]
    assert taken[rows[-1]["sku"]].embedding_state is EmbeddingState.READY
    unreadable = [row["title"] for row in rows if row["sku"] in refused or taken[row["sku"]].product.embedding_error]
    assert len(unreadable) > len(files) / 2


@pytest.mark.parametrize("name", malformed.catalogues())
def test_a_catalogue_file_ends_with_its_reason(shop: Shop, name: str) -> None:
    job, errors = _import(shop, malformed.catalogues()[name])
    assert job.state == JobState.FAILED
    assert job.error["detail"]
    for error in errors:
        assert error.problem["detail"]
    assert _embedded(shop) == {}


def _import(shop: Shop, data: bytes) -> tuple[Job, list[JobError]]:
    own = shop.connections
    file = MediaRef(digest=own.store.put(data), bytes=len(data), content_type="")
    with own.jobs.transaction() as session:
        tenant = tenants.find_or_create(session, "default")
        job_id = importing.submit(session, tenant, CATALOGUE, file, ImportRequest()).id
    importing.Importer(client=own.jobs, store=own.store, settings=own.settings).run(job_id)
    with own.sessions() as session:
        return shop.job(job_id), job_errors.page(session, job_id, after=0, limit=1_000)


def _embedded(shop: Shop) -> dict[str, ProductView]:
    """All products, once none waits any more."""
    with shop.connections.sessions() as session:
        tenant = tenants.find_or_create(session, "default")
        ids = [view.product.id for view in service.page(session, tenant, CATALOGUE, after=0, limit=1_000)]
    for start in range(0, len(ids), AT_ONCE):
        embed_products(shop.connections, shop.held, ids[start : start + AT_ONCE])
    with shop.connections.sessions() as session:
        views = service.page(session, tenant, CATALOGUE, after=0, limit=1_000)
        return {view.product.sku: view for view in views}
