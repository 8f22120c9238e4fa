"""Requests have ids that their answers and the log share."""

import logging
import re

import pytest

from app.catalog import service
from tests.app.http.conftest import Api, assert_problem


def test_an_id_that_was_sent_is_kept_and_another_one_made(api: Api) -> None:
    assert api.get("/v1/jobs", headers={"X-Request-Id": "shop-42:7"}).headers["X-Request-Id"] == "shop-42:7"
    made = [api.get("/v1/jobs").headers["X-Request-Id"] for _ in range(2)]
    assert made[0] != made[1]
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in made)


@pytest.mark.parametrize("sent", ["", " ", "a b", "x" * 129, "é", "a;b", "<script>"])
def test_what_has_no_place_in_a_log_is_not_taken_over(api: Api, sent: str) -> None:
    assert api.get("/v1/jobs", headers={"X-Request-Id": sent}).headers["X-Request-Id"] != sent


def test_refused_requests_have_one_too(api: Api) -> None:
    assert api.http.get("/v1/jobs").headers["X-Request-Id"]
    assert api.get("/nowhere").headers["X-Request-Id"]


def test_a_job_is_shown_with_the_id_of_the_request_that_made_it(api: Api, products: str) -> None:
    made = api.post(products, json={"sku": "a", "title": "one"}, headers={"X-Request-Id": "shop-43"}).json["job"]
    assert made["request_id"] == "shop-43"
    assert api.get(f"/v1/jobs/{made['id']}").json["request_id"] == "shop-43"


def test_what_went_wrong_is_told_and_logged_under_it(
    api: Api, products: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the cause")

    monkeypatch.setattr(service, "view", broken)
    with caplog.at_level(logging.ERROR):
        answer = api.get(f"{products}/a", headers={"X-Request-Id": "shop-42"})
    assert "shop-42" in assert_problem(answer, 500)["detail"]
    assert "the cause" not in answer.text
    assert "Request shop-42 failed" in caplog.text
    assert "the cause" in caplog.text
