"""Keys and scopes."""

import pytest
from flask import Flask

from app.http.services import Services
from app.keys import service as keys
from app.keys.service import KeyWish
from app.types import Scope
from tests.app.http.conftest import Api, assert_problem


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic YTpi", "Bearer ä", "wrong"])
def test_without_a_valid_key_nothing_is_told(app: Flask, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = app.test_client().get("/v1/jobs", headers=headers)
    assert_problem(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_wrong_key_is_refused_before_the_body_is_read(app: Flask) -> None:
    answer = app.test_client().post(
        "/v1/catalogues/c/searches", data=b"{", headers={"Authorization": "Bearer x", "Content-Type": "text/csv"}
    )
    assert_problem(answer, 401)


def test_a_revoked_key_is_refused(app: Flask, own: Services) -> None:
    with own.sessions.begin() as session:
        tenant = keys.first_tenant(session)
        key = keys.create(session, tenant, KeyWish(name="gone", scopes=[Scope.SEARCH])).key
        keys.revoke(session, tenant, key[: keys.SHOWN])
    assert_problem(Api(app.test_client(), key).get("/v1/jobs"), 401)


def test_a_key_does_only_what_its_scopes_say(searcher: Api, searches: str, products: str) -> None:
    assert searcher.post(searches, json={"text": "red"}).status_code == 202
    assert searcher.get(f"{products}/shoe").status_code == 200
    assert_problem(searcher.post(products, json={"sku": "a", "title": "one"}), 403)
    assert_problem(searcher("DELETE", f"{products}/shoe"), 403)
    assert_problem(searcher.get("/v1/spaces"), 403)
    assert_problem(searcher.get("/v1/jobs"), 403)
