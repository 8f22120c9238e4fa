"""How much a key may ask for."""

import pytest
from flask import Flask

from app.errors import TooManyRequests
from app.http.limits import Limits
from app.http.services import Services
from app.keys import service
from app.keys.service import Identity, KeyWish
from app.types import Scope
from tests.app.http.conftest import Api, assert_problem


def _api(app: Flask, own: Services, **limits: int) -> Api:
    with own.sessions.begin() as session:
        wish = KeyWish(name="limited", scopes=[Scope.SEARCH, Scope.WRITE], **limits)  # type: ignore[arg-type]
        return Api(app.test_client(), service.create(session, service.first_tenant(session), wish).key)


def _identity(key_id: int, **limits: int) -> Identity:
    usual: dict[str, int | None] = {"requests_per_minute": None, "searches_per_day": None}
    return Identity(tenant_id=1, key_id=key_id, key_prefix="ts_", scopes=frozenset(), **(usual | limits))  # type: ignore[arg-type]


def test_a_key_is_refused_that_asks_too_often_and_told_when_to_come_back(app: Flask, own: Services) -> None:
    limited, other = _api(app, own, requests_per_minute=3), _api(app, own)
    assert [limited.get("/v1/jobs").status_code for _ in range(3)] == [200] * 3
    refused = limited.get("/v1/jobs")
    assert_problem(refused, 429)
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert f"in {refused.headers['Retry-After']} seconds" in refused.json["detail"]
    assert other.get("/v1/jobs").status_code == 200


def test_searches_have_a_limit_of_their_own(app: Flask, own: Services, searches: str) -> None:
    limited = _api(app, own, searches_per_day=2)
    assert_problem(limited.post("/v1/catalogues/nowhere/searches", json={"text": "red"}), 404)  # which does not count
    assert [limited.post(searches, json={"text": "red"}).status_code for _ in range(2)] == [202] * 2
    refused = limited.post(searches, json={"text": "red"})
    assert_problem(refused, 429)
    assert 60 < int(refused.headers["Retry-After"]) <= 86_400
    assert limited.get("/v1/jobs").status_code == 200


def test_keys_without_limits_have_the_usual_one(own: Services) -> None:
    limits = Limits(own.settings.redis_url, requests_per_minute=2)
    usual, free = _identity(900_001), _identity(900_002, requests_per_minute=50)
    for _ in range(2):
        limits.take_request(usual)
    with pytest.raises(TooManyRequests, match="2 requests a minute"):
        limits.take_request(usual)
    for _ in range(10):
        limits.take_request(free)


def test_without_the_counters_nothing_is_refused() -> None:
    limits = Limits("redis://127.0.0.1:1/0", requests_per_minute=1)
    for _ in range(3):
        limits.take_request(_identity(1))
