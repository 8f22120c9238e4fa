"""Search tokens: what a browser is given, and all that it may do with it."""

import base64
import json
import uuid
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app.db import jobs
from app.http.services import Services
from app.keys import service, tokens
from app.keys.service import KeyWish
from app.types import JobState, Scope
from tests.app.http.conftest import Api, assert_problem, frozen, picture

SEEN = "public = TRUE"


@pytest.fixture
def stocked(api: Api, catalogue: str) -> dict[str, str]:
    """The digests of the pictures of two products, of which one is public."""
    found = {}
    for sku, size, public in (("seen", (5, 3), True), ("hidden", (7, 3), False)):
        product = {
            "sku": sku,
            "title": f"A {sku} thing",
            "attributes": {"public": public},
            "images": [{"base64": base64.b64encode(picture("PNG", size)).decode()}],
        }
        answer = api.post(f"/v1/catalogues/{catalogue}/products", json=product)
        assert answer.status_code == 202, answer.json
        found[sku] = answer.json["product"]["images"][0]["digest"]
    return found


def _token(api: Api, catalogue: str, **asked: Any) -> str:
    answer = api.post("/v1/search-tokens", json={"catalogue": catalogue, **asked})
    assert answer.status_code == 201, answer.json
    return str(answer.json["token"])


def _searched(own: Services, holder: Api, searches: str, **asked: Any) -> str:
    """A search that a worker has answered with both products, whatever it should have found; its job."""
    answer = holder.post(searches, json={"text": "thing", **asked})
    assert answer.status_code == 202, answer.json
    job_id = str(answer.json["job"]["id"])
    with own.sessions.begin() as session:
        job = jobs.get(session, uuid.UUID(job_id))
        assert job is not None
        rows = session.execute(text("SELECT id, sku FROM products WHERE catalogue_id = :id"), {"id": job.catalogue_id})
        result = frozen([(row.id, row.sku) for row in rows])
        result |= {"total": 2, "facets": {}, "space": 1, "transcript": None, "took_ms": {"total": 1.0}}
        jobs.start(session, job.id)
        jobs.finish(session, job.id, JobState.SUCCEEDED, result=result)
    return job_id


@pytest.fixture
def holder(app: Flask, api: Api, catalogue: str, stocked: dict[str, str]) -> Api:  # noqa: ARG001  which makes the catalogue
    return Api(app.test_client(), _token(api, catalogue, filter=SEEN))


def test_its_filter_goes_with_every_search(holder: Api, searches: str, own: Services) -> None:
    job_id = holder.post(searches, json={"text": "red", "filter": "price < 5"}).json["job"]["id"]
    with own.sessions() as session:
        job = jobs.get(session, uuid.UUID(job_id))
        assert job is not None
        assert (job.request["filter"], job.request["within"]) == ("price < 5", SEEN)


def test_nothing_but_searching_is_allowed(app: Flask, holder: Api, searches: str, products: str) -> None:
    assert holder.post(searches, json={"text": "red"}).status_code == 202
    assert_problem(holder.post("/v1/catalogues/other/searches", json={"text": "red"}), 404)
    allowed = set()
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            if not getattr(view, "scopes", ()):
                continue
            path = rule.rule.replace("<int:", "<")
            for argument in rule.arguments:
                path = path.replace(f"<{argument}>", "1")
            status = holder(method, path).status_code
            if status != 403:
                allowed.add(rule.endpoint)
    assert allowed == {
        "searches.submit_search",
        "jobs.read_job",
        "jobs.cancel_job",
        "jobs.list_hits",
        "jobs.draw_heat",
        "media.read_media",
    }
    assert_problem(holder.get(f"{products}/hidden"), 403)


def test_jobs_of_others_are_not_there(
    app: Flask, api: Api, holder: Api, catalogue: str, searches: str, own: Services
) -> None:
    owners = _searched(own, api, searches)
    otherwise = Api(app.test_client(), _token(api, catalogue))
    their_own = _searched(own, otherwise, searches)
    imported = api.post(f"/v1/catalogues/{catalogue}/products", json={"sku": "c", "title": "c"}).json["job"]["id"]
    for job_id in (owners, their_own, imported):
        for path in ("", "/hits", "/hits/1/heat"):
            assert_problem(holder.get(f"/v1/jobs/{job_id}{path}"), 404)
        assert_problem(holder.post(f"/v1/jobs/{job_id}/cancel"), 404)
    same = Api(app.test_client(), _token(api, catalogue, filter=SEEN))
    assert holder.get(f"/v1/jobs/{_searched(own, same, searches)}").status_code == 200


def test_what_is_hidden_by_now_is_not_shown(holder: Api, searches: str, own: Services) -> None:
    job_id = _searched(own, holder, searches)
    for found in (holder.get(f"/v1/jobs/{job_id}").json["result"], holder.get(f"/v1/jobs/{job_id}/hits").json):
        shown = {hit["sku"]: hit["product"] for hit in found["hits"]}
        assert shown["seen"]["title"] == "A seen thing"
        assert shown.get("hidden") is None
    hidden = next(hit["rank"] for hit in found["hits"] if hit["product"] is None)
    assert_problem(holder.get(f"/v1/jobs/{job_id}/hits/{hidden}/heat"), 404)


def test_where_pictures_come_from_is_not_shown(
    app: Flask, api: Api, catalogue: str, searches: str, products: str, own: Services
) -> None:
    source = "https://shop.example/a.png?signed=secret"
    assert api.post(products, json={"sku": "far", "title": "Far", "images": [{"url": source}]}).status_code == 202
    holder = Api(app.test_client(), _token(api, catalogue))
    for asking, told in ((holder, None), (api, source)):
        job_id = _searched(own, asking, searches)
        shown = {hit["sku"]: hit["product"] for hit in asking.get(f"/v1/jobs/{job_id}").json["result"]["hits"]}
        assert shown["far"]["images"][0]["source"] == told


def test_pictures_are_those_of_products_that_are_seen(holder: Api, stocked: dict[str, str]) -> None:
    assert holder.get(f"/v1/media/{stocked['seen']}").status_code == 200
    assert_problem(holder.get(f"/v1/media/{stocked['hidden']}"), 404)


def test_a_hidden_product_cannot_be_asked_by(holder: Api, searches: str) -> None:
    assert holder.post(searches, json={"product": "seen"}).status_code == 202
    hidden, unknown = (holder.post(searches, json={"product": sku}) for sku in ("hidden", "nothing"))
    assert_problem(hidden, 404)
    assert hidden.json["detail"].replace("hidden", "nothing") == unknown.json["detail"]


def test_it_ends_with_its_key(
    app: Flask, own: Services, catalogue: str, searches: str, stocked: dict[str, str]
) -> None:
    assert stocked
    with own.sessions.begin() as session:
        tenant = service.first_tenant(session)
        made = service.create(session, tenant, KeyWish(name="shop", scopes=[Scope.SEARCH]))
    holder = Api(app.test_client(), _token(Api(app.test_client(), made.key), catalogue))
    assert holder.post(searches, json={"text": "red"}).status_code == 202
    with own.sessions.begin() as session:
        service.revoke(session, tenant, made.row.prefix)
    assert_problem(holder.post(searches, json={"text": "red"}), 401)


def test_it_ends_in_time(
    app: Flask, api: Api, catalogue: str, searches: str, monkeypatch: pytest.MonkeyPatch, stocked: dict[str, str]
) -> None:
    assert stocked
    holder = Api(app.test_client(), _token(api, catalogue, expires_in_seconds=60))
    now = tokens.time.time()
    monkeypatch.setattr(tokens.time, "time", lambda: now + 59)
    assert holder.post(searches, json={"text": "red"}).status_code == 202
    monkeypatch.setattr(tokens.time, "time", lambda: now + 61)
    assert "expired" in assert_problem(holder.post(searches, json={"text": "red"}), 401)["detail"]


def test_it_cannot_be_changed(app: Flask, api: Api, catalogue: str, searches: str, stocked: dict[str, str]) -> None:
    assert stocked
    made = _token(api, catalogue, filter=SEEN)
    signed = made.removeprefix(tokens.PREFIX)
    content, _, signature = signed.rpartition(".")
    padded = content.lstrip(".") + "=" * (-len(content.lstrip(".")) % 4)
    assert not content.startswith(".")  # short ones are not packed
    claims = json.loads(base64.urlsafe_b64decode(padded))
    forged = [
        [*claims[:3], "public = FALSE", *claims[4:]],
        [claims[0] + 1, *claims[1:]],
        ["1", *claims[1:]],
        {},
        [],
        None,
    ]
    bad = [
        base64.urlsafe_b64encode(json.dumps(each).encode()).decode().rstrip("=") + "." + signature for each in forged
    ]
    bad += [
        signed[:-1] + ("A" if signed[-1] != "A" else "B"),
        signature,
        content,
        "",
        ".",
        "x" * 5000,
        "ä",
        signed + "\xff",
        signed + "=",
        signed + "x",
    ]
    for each in bad:
        assert_problem(Api(app.test_client(), tokens.PREFIX + each).post(searches, json={"text": "red"}), 401)


def test_it_asks_no_more_often_than_it_may(
    app: Flask, api: Api, catalogue: str, searches: str, stocked: dict[str, str]
) -> None:
    assert stocked
    one, other = (Api(app.test_client(), _token(api, catalogue, requests_per_minute=2)) for _ in range(2))
    assert [one.post(searches, json={"text": "red"}).status_code for _ in range(3)] == [202, 202, 429]
    assert other.post(searches, json={"text": "red"}).status_code == 202


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({}, "/catalogue"),
        ({"catalogue": "c", "filter": "price <"}, "/filter"),
        ({"catalogue": "c", "filter": ""}, "/filter"),
        ({"catalogue": "c", "filter": " "}, "/filter"),
        ({"catalogue": "c", "filter": "a = '" + "x" * 2_000 + "'"}, "/filter"),
        ({"catalogue": "c", "expires_in_seconds": 86_401}, "/expires_in_seconds"),
        ({"catalogue": "c", "requests_per_minute": 0}, "/requests_per_minute"),
    ],
)
def test_what_is_wrong_is_named(api: Api, asked: dict[str, Any], pointer: str) -> None:
    answer = api.post("/v1/search-tokens", json=asked)
    assert_problem(answer, 422)
    assert pointer in [each["pointer"] for each in answer.json["errors"]]


def test_a_token_of_no_catalogue_is_not_made(api: Api) -> None:
    assert_problem(api.post("/v1/search-tokens", json={"catalogue": "nowhere"}), 404)


def test_a_holders_idempotency_key_is_in_nobody_elses_way(
    app: Flask, api: Api, holder: Api, catalogue: str, searches: str, products: str
) -> None:
    same: dict[str, Any] = {"headers": {"Idempotency-Key": "import-1"}}
    other = Api(app.test_client(), _token(api, catalogue, filter=SEEN))
    made = [each.post(searches, json={"text": "red"}, **same).json["job"]["id"] for each in (holder, other, holder)]
    assert made[0] == made[2] != made[1]
    assert api.post(products, json={"sku": "new", "title": "New"}, **same).status_code == 202


def test_it_has_nothing_fetched(holder: Api, searches: str) -> None:
    answer = holder.post(searches, json={"text": "red", "image": {"url": "https://shop.example/a.png"}})
    assert_problem(answer, 422)
    assert answer.json["errors"][0]["pointer"] == "/image"
