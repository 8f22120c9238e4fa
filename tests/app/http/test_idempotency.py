"""Idempotency-Key: the same request again gets the first answer."""

import io
import json
import threading
import uuid

from tests.app.http.conftest import Api, assert_problem, picture


def _key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid.uuid4())}


def test_the_same_body_again_gets_the_first_answer(api: Api, searches: str) -> None:
    key = _key()
    first = api.post(searches, json={"text": "red"}, headers=key)
    again = api.post(searches, json={"text": "red"}, headers=key)
    assert again.status_code == 202
    assert again.json == first.json
    assert again.headers["Location"] == first.headers["Location"]
    assert api.post(searches, json={"text": "red"}).json["job"]["id"] != first.json["job"]["id"]


def test_another_body_under_the_same_key_is_refused(api: Api, searches: str, products: str) -> None:
    key = _key()
    api.post(searches, json={"text": "red"}, headers=key)
    document = assert_problem(api.post(searches, json={"text": "blue"}, headers=key), 422)
    assert document["type"] == "urn:triseek:problem:idempotency-conflict"
    assert_problem(api.post(products, json={"sku": "x", "title": "red"}, headers=key), 422)


def test_a_form_is_the_same_whatever_its_boundary(api: Api, products: str) -> None:
    key = _key()

    def send(data: bytes) -> dict[str, object]:
        form = {"product": json.dumps({"sku": "a"}), "image": (io.BytesIO(data), "a.png")}
        answer: dict[str, object] = api.post(products, data=form, headers=dict(key)).json
        return answer

    assert send(picture())["job"] == send(picture())["job"]
    assert send(picture("JPEG"))["status"] == 422


def test_a_refused_request_leaves_its_key_free(api: Api, searches: str) -> None:
    key = _key()
    assert_problem(api.post("/v1/catalogues/nowhere/searches", json={"text": "red"}, headers=key), 404)
    assert api.post(searches, json={"text": "red"}, headers=key).status_code == 202


def test_requests_at_the_same_time_do_the_work_once(api: Api, searches: str) -> None:
    key, ids = _key(), []
    threads = [
        threading.Thread(
            target=lambda: ids.append(api.post(searches, json={"text": "red"}, headers=key).json["job"]["id"])
        )
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 6
    assert len(set(ids)) == 1


def test_a_key_has_a_length(api: Api, searches: str) -> None:
    assert_problem(
        api.post(searches, json={"text": "red"}, headers={"Idempotency-Key": "x" * 256}), 422, "/Idempotency-Key"
    )


def test_a_cancelled_job_may_be_cancelled_again_under_its_key(api: Api, searches: str) -> None:
    key = _key()
    job = api.post(searches, json={"text": "red"}).json["job"]["id"]
    first = api.post(f"/v1/jobs/{job}/cancel", headers=key)
    assert api.post(f"/v1/jobs/{job}/cancel", headers=key).json == first.json
