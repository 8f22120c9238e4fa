"""Searches: submitted, waited for, answered."""

import base64
import io
import json
import threading
import time
import uuid
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.db import jobs, products
from app.db.job_tables import Job
from app.db.tables import Media
from app.http.services import Services
from app.search.frozen import thaw
from app.types import JobState, Modality
from tests.app.http.conftest import Api, assert_problem, frozen, picture


def _request(own: Services, job_id: str) -> dict[str, Any]:
    with own.sessions() as session:
        job = jobs.get(session, uuid.UUID(job_id))
        assert job is not None
        return job.request


def _answer(own: Services, job_id: str, count: int) -> None:
    """What a worker does: freezes hits, the first of which is the catalogue's product."""
    with own.sessions.begin() as session:
        job = jobs.get(session, uuid.UUID(job_id))
        assert job is not None
        product_id = int(
            session.connection()
            .exec_driver_sql("SELECT id FROM products WHERE catalogue_id = %s", (job.catalogue_id,))
            .scalar_one()
        )
        deleted = [(10**9 + number, "shoe") for number in range(1, count)]
        result = frozen([(product_id, "shoe"), *deleted])
        result |= {"total": count, "facets": {}, "space": 1, "transcript": None, "took_ms": {"total": 1.0}}
        result |= {"notes": [], "scan": "exact"}
        jobs.start(session, job.id)
        jobs.finish(session, job.id, JobState.SUCCEEDED, result=result)


def test_a_search_is_a_job_to_poll(api: Api, searches: str, own: Services) -> None:
    answer = api.post(searches, json={"text": "red shoes"})
    assert answer.status_code == 202
    assert answer.headers["Retry-After"] == "1"
    job = answer.json["job"]
    assert (job["kind"], job["state"]) == ("search", "queued")
    assert answer.headers["Location"] == f"/v1/jobs/{job['id']}"
    assert "result" not in api.get(answer.headers["Location"]).json
    _answer(own, job["id"], 3)
    document = api.get(answer.headers["Location"]).json
    assert document["state"] == "succeeded"
    first, second, _ = document["result"]["hits"]
    assert (first["rank"], first["product"]["title"]) == (1, "Red shoe")
    assert second["product"] is None  # deleted since
    assert "product_id" not in first


def test_the_short_form_may_mix_everything(api: Api, searches: str, own: Services) -> None:
    encoded = base64.b64encode(picture()).decode()
    search = {"text": "red", "image": {"base64": encoded}, "speech": {"product": "shoe"}, "limit": 3}
    request = _request(own, api.post(searches, json=search).json["job"]["id"])
    assert [(part["name"], part["modality"]) for part in request["parts"]] == [
        ("text", "text"),
        ("image", "image"),
        ("speech", "speech"),
    ]
    assert own.store.get(request["parts"][1]["media"]) == picture()
    assert request["parts"][2]["sku"] == "shoe"
    assert request["limit"] == 3
    assert request["against"] == ["text", "image", "speech"]


def test_the_long_form_has_weights(api: Api, searches: str, own: Services) -> None:
    search = {
        "query": [{"text": "red"}, {"text": "boot", "weight": 0.5}, {"product": "shoe", "weight": -0.3}],
        "against": ["image", "image"],
        "rerank": False,
    }
    request = _request(own, api.post(searches, json=search).json["job"]["id"])
    assert [(part["name"], part["weight"]) for part in request["parts"]] == [
        ("query/0", 1.0),
        ("query/1", 0.5),
        ("query/2", -0.3),
    ]
    assert (request["against"], request["rerank"]) == (["image"], False)


def test_a_form_brings_texts_files_and_options(api: Api, searches: str, own: Services) -> None:
    form = {
        "text": "red",
        "image": (io.BytesIO(picture()), "a.png"),
        "speech": (io.BytesIO(b"RIFF....WAVEfmt "), "a.wav"),
        "limit": "5",
        "against": "text,image",
        "rerank": "false",
    }
    request = _request(own, api.post(searches, data=form).json["job"]["id"])
    assert [part["name"] for part in request["parts"]] == ["text", "image", "speech"]
    assert (request["limit"], request["against"], request["rerank"]) == (5, ["text", "image"], False)


def test_two_pictures_in_a_form_are_parts_of_a_long_form(api: Api, searches: str, own: Services) -> None:
    files = [(io.BytesIO(picture()), "a.png"), (io.BytesIO(picture("JPEG")), "b.jpg")]
    form = {"query": json.dumps([{"image": {"upload": "b.jpg"}, "weight": 2}]), "image": files, "text": ""}
    request = _request(own, api.post(searches, data=form).json["job"]["id"])
    assert [(part["name"], part["weight"]) for part in request["parts"]] == [("query/0", 2.0), ("query/1", 1.0)]
    assert own.store.get(request["parts"][0]["media"]) == picture("JPEG")


def test_an_empty_filter_asks_for_nothing(api: Api, searches: str) -> None:
    assert api.post(searches, json={"text": "red", "filter": "", "facets": []}).status_code == 202


def test_a_client_that_prefers_to_wait_gets_the_finished_job(api: Api, searches: str, own: Services) -> None:
    def work() -> None:
        for _ in range(200):
            listed = api.get("/v1/jobs?kind=search&state=queued&limit=1").json["jobs"]
            if listed and _request(own, listed[0]["id"])["parts"][0]["text"] == "waited for":
                return _answer(own, listed[0]["id"], 1)
            time.sleep(0.02)
        return None

    worker = threading.Thread(target=work)
    worker.start()
    start = time.monotonic()
    answer = api.post(searches, json={"text": "waited for"}, headers={"Prefer": "respond-async, wait=20"})
    took = time.monotonic() - start
    worker.join()
    assert answer.status_code == 200
    assert answer.json["state"] == "succeeded"
    assert answer.headers["Preference-Applied"] == "wait=20"
    assert took < 10


def test_a_job_that_takes_longer_is_answered_as_queued(api: Api, searches: str) -> None:
    answer = api.post(searches, json={"text": "red"}, headers={"Prefer": "wait=1"})
    assert answer.status_code == 202
    assert "Preference-Applied" not in answer.headers


@pytest.mark.parametrize("prefer", ["wait=x", "wait=-1", "wait", "handling=lenient", "wait="])
def test_a_preference_that_makes_no_sense_is_ignored(api: Api, searches: str, prefer: str) -> None:
    assert api.post(searches, json={"text": "red"}, headers={"Prefer": prefer}).status_code == 202


def test_pages_of_hits_neither_repeat_nor_shift(api: Api, searches: str, own: Services) -> None:
    job = api.post(searches, json={"text": "red", "limit": 3}).json["job"]["id"]
    assert_problem(api.get(f"/v1/jobs/{job}/hits"), 409)
    _answer(own, job, 8)
    result = api.get(f"/v1/jobs/{job}").json["result"]
    ranks = [hit["rank"] for hit in result["hits"]]
    cursor = result["next_cursor"]
    while cursor is not None:
        page = api.get(f"/v1/jobs/{job}/hits?limit=2&cursor={cursor}").json
        ranks += [hit["rank"] for hit in page["hits"]]
        cursor = page["next_cursor"]
    assert ranks == list(range(1, 9))
    assert api.get(f"/v1/jobs/{job}/hits?cursor=8").json == {"hits": [], "next_cursor": None}


def test_a_failed_search_says_why(api: Api, searches: str, session: Session) -> None:
    job = api.post(searches, json={"text": "red"}).json["job"]["id"]
    why = {"type": "urn:triseek:problem:x", "title": "x", "status": 422, "detail": "because"}
    with session.begin():
        jobs.finish(session, uuid.UUID(job), JobState.FAILED, error=why)
    document = api.get(f"/v1/jobs/{job}").json
    assert (document["state"], document["error"]) == ("failed", why)
    assert "result" not in document


PICTURE, ANOTHER = 64 * "a", 64 * "b"
LOOK = {
    "query": "text",
    "modality": "text",
    "label": "red",
    "weight": 1.0,
    "similarity": 0.5,
    "sees": [{"against": "image", "ordinal": 0, "label": "row 1, column 1", "weight": 0.4}],
    "pictures": [{"ordinal": 0, "digest": PICTURE, "weights": [0.4] + 15 * [0.04]}],
}


def test_a_hit_that_explains_itself_has_a_heat_map(api: Api, searches: str, own: Services) -> None:
    job_id = api.post(searches, json={"text": "red", "explain": True}).json["job"]["id"]
    _answer(own, job_id, 2)
    with own.sessions.begin() as session:
        job = jobs.get(session, uuid.UUID(job_id))
        assert job is not None
        assert job.result is not None
        result = {**job.result, "hits": [{**hit, "attention": [LOOK]} for hit in thaw(job.result)]}
        session.execute(update(Job).where(Job.id == job.id).values(result=result))
        session.add_all(Media(digest=digest, bytes=1, content_type="image/png") for digest in (PICTURE, ANOTHER))
    product = result["hits"][0]["product_id"]
    _give_picture(own, product, PICTURE)
    for asked in ("", "?label=red&query=text&ordinal=0"):
        answer = api.get(f"/v1/jobs/{job_id}/hits/1/heat{asked}")
        assert (answer.status_code, answer.content_type) == (200, "image/png")
        assert answer.data.startswith(b"\x89PNG")
    assert api.get(f"/v1/jobs/{job_id}").json["result"]["hits"][0]["attention"] == [LOOK]
    _give_picture(own, product, ANOTHER)
    changed = api.get(f"/v1/jobs/{job_id}/hits/1/heat")
    assert changed.status_code == 404
    assert "search again" in changed.json["detail"]


def _give_picture(own: Services, product_id: int, digest: str) -> None:
    row = {"product_id": product_id, "modality": Modality.IMAGE, "ordinal": 0, "digest": digest}
    with own.sessions.begin() as session:
        products.set_media(session, [product_id], [row])


@pytest.mark.parametrize("asked", ["1/heat?label=blue", "1/heat?ordinal=1", "3/heat", "0/heat"])
def test_what_nothing_looked_at_has_no_heat_map(api: Api, searches: str, own: Services, asked: str) -> None:
    job_id = api.post(searches, json={"text": "red"}).json["job"]["id"]
    _answer(own, job_id, 2)
    answer = api.get(f"/v1/jobs/{job_id}/hits/{asked}")
    assert (answer.status_code, answer.json["type"]) == (404, "urn:triseek:problem:heat-unknown")


def test_a_search_that_has_not_ended_has_no_heat_map(api: Api, searches: str) -> None:
    job_id = api.post(searches, json={"text": "red"}).json["job"]["id"]
    assert api.get(f"/v1/jobs/{job_id}/hits/1/heat").status_code == 409


def test_a_picture_may_be_asked_by_its_address(api: Api, own: Services, searches: str) -> None:
    asked = {"query": [{"image": {"url": "https://shop.example/a.png"}, "weight": 0.5}, {"text": "red"}]}
    answer = api.post(searches, json=asked)
    assert answer.status_code == 202
    part = _request(own, answer.json["job"]["id"])["parts"][0]
    assert (part["url"], part["media"], part["modality"]) == ("https://shop.example/a.png", None, "image")
