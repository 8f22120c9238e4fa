"""What is answered is what the OpenAPI document says."""

import uuid
from typing import Any

import pytest
from marshmallow import Schema

from app.db import jobs, products
from app.http.schemas.catalogues import CataloguesSchema
from app.http.schemas.health import AliveSchema, ReadySchema
from app.http.schemas.jobs import JobAcceptedSchema, JobErrorPageSchema, JobPageSchema, JobSchema
from app.http.schemas.products import ProductAcceptedSchema, ProductPageSchema, StoredProductSchema
from app.http.schemas.searches import FinishedSearchSchema, HitPageSchema
from app.http.schemas.spaces import SpacesSchema
from app.http.services import Services
from app.types import JobState
from tests.app.http.conftest import Api, frozen


def _assert_matches(schema: type[Schema], document: Any) -> None:
    assert schema().validate(document) == {}


@pytest.fixture
def finished_search(api: Api, searches: str, own: Services) -> str:
    """The id of a search that found the catalogue's product."""
    job_id: str = api.post(searches, json={"text": "red"}).json["job"]["id"]
    with own.sessions.begin() as session:
        job = jobs.get(session, uuid.UUID(job_id))
        assert job is not None
        [product] = products.page(session, job.catalogue_id or 0, after=0, limit=1)
        took = {"queue": 1.0, "encode": 2.0, "sql": 3.0, "rerank": 4.0, "total": 10.0}
        result = {
            **frozen([(product.id, product.sku)]),
            "total": 1,
            "facets": {"colour": [{"value": "red", "count": 1}]},
            "notes": [],
            "scan": "exact",
            "space": 1,
            "transcript": None,
            "took_ms": took,
        }
        jobs.finish(session, job.id, JobState.SUCCEEDED, result=result)
    return job_id


def test_products(api: Api, products: str) -> None:
    _assert_matches(ProductAcceptedSchema, api.post(products, json={"sku": "a", "title": "one", "price": 5}).json)
    _assert_matches(ProductAcceptedSchema, api("PUT", f"{products}/a", json={"title": "two"}).json)
    _assert_matches(ProductAcceptedSchema, api("PATCH", f"{products}/a", json={"price": 1.25}).json)
    _assert_matches(StoredProductSchema, api.get(f"{products}/a").json)
    _assert_matches(ProductPageSchema, api.get(products).json)
    _assert_matches(CataloguesSchema, api.get("/v1/catalogues").json)


def test_searches_and_hits(api: Api, searches: str, finished_search: str) -> None:
    _assert_matches(JobAcceptedSchema, api.post(searches, json={"text": "red"}).json)
    document = api.get(f"/v1/jobs/{finished_search}").json
    _assert_matches(FinishedSearchSchema, document)
    _assert_matches(HitPageSchema, api.get(f"/v1/jobs/{finished_search}/hits").json)
    assert set(document["result"]["hits"][0]) == {
        "rank",
        "sku",
        "score",
        "cosine",
        "words",
        "relevance",
        "exact",
        "contributions",
        "product",
        "attention",
    }


def test_jobs_spaces_and_probes(api: Api, searches: str, space_id: int) -> None:
    assert space_id
    job = api.post(searches, json={"text": "red"}).json["job"]["id"]
    _assert_matches(JobSchema, api.post(f"/v1/jobs/{job}/cancel").json)
    _assert_matches(JobPageSchema, api.get("/v1/jobs").json)
    _assert_matches(JobErrorPageSchema, api.get(f"/v1/jobs/{job}/errors").json)
    _assert_matches(SpacesSchema, api.get("/v1/spaces").json)
    _assert_matches(AliveSchema, api.get("/health/live").json)
    _assert_matches(ReadySchema, api.get("/health/ready").json)
