"""The life of API keys: made, used, rotated, expired, revoked."""

import datetime
import threading

import pytest
from flask import Flask
from sqlalchemy import text

from app.http.services import Services
from app.keys import service
from app.keys.service import KeyWish
from app.types import Scope
from tests.app.http.conftest import Api, assert_problem


def _made(api: Api, **asked: object) -> dict[str, str]:
    answer = api.post("/v1/keys", json={"name": "page", "scopes": ["search"], **asked})
    assert answer.status_code == 201, answer.json
    document: dict[str, str] = answer.json  # type: ignore[assignment]
    return document


def _listed(api: Api, prefix: str) -> dict[str, object]:
    (found,) = [each for each in api.get("/v1/keys").json["keys"] if each["prefix"] == prefix]
    return dict(found)


def test_a_key_is_told_once_and_works(app: Flask, api: Api, searches: str) -> None:
    made = _made(api)
    assert made["key"].startswith(made["prefix"])
    own = Api(app.test_client(), made["key"])
    assert own.post(searches, json={"text": "red"}).status_code == 202
    assert_problem(own.get("/v1/keys"), 403)
    assert "key" not in _listed(api, made["prefix"])


def test_a_repeated_request_makes_no_second_key_and_does_not_tell_the_first(api: Api, own: Services) -> None:
    asked = {"json": {"name": "twice", "scopes": ["search"]}, "headers": {"Idempotency-Key": "make-it-once"}}
    first, second = api.post("/v1/keys", **asked), api.post("/v1/keys", **asked)
    assert first.json["prefix"] == second.json["prefix"]
    assert (first.json["key"] is None, second.json["key"]) == (False, None)
    with own.sessions() as session:
        stored = session.scalars(text("SELECT answer::text FROM idempotency_keys")).all()
    assert all(first.json["key"] not in (each or "") for each in stored)


def test_its_use_is_noted(app: Flask, api: Api, searches: str) -> None:
    made = _made(api)
    assert _listed(api, made["prefix"])["last_used_at"] is None
    Api(app.test_client(), made["key"]).post(searches, json={"text": "red"})
    assert _listed(api, made["prefix"])["last_used_at"] is not None


def test_an_expired_key_is_refused(app: Flask, api: Api, own: Services) -> None:
    made = _made(api, expires_in_days=1)
    assert _listed(api, made["prefix"])["state"] == "valid"
    with own.sessions.begin() as session:
        statement = "UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE prefix = :prefix"
        session.execute(text(statement), {"prefix": made["prefix"]})
    assert_problem(Api(app.test_client(), made["key"]).get("/v1/jobs"), 401)
    assert _listed(api, made["prefix"])["state"] == "expired"
    assert_problem(api.post(f"/v1/keys/{made['prefix']}/rotate", json={}), 404)


def test_a_key_is_rotated_without_a_word_about_it(api: Api) -> None:
    old = api.post("/v1/keys", json={"name": "old", "scopes": ["search"]}).json
    assert api.post(f"/v1/keys/{old['prefix']}/rotate").status_code == 201


def test_a_rotated_key_works_for_as_long_as_was_said(app: Flask, api: Api) -> None:
    old = _made(api, scopes=["write", "search"], expires_in_days=30)
    new = api.post(f"/v1/keys/{old['prefix']}/rotate", json={"grace_hours": 1})
    assert new.status_code == 201
    assert (new.json["name"], set(new.json["scopes"])) == ("page", {"write", "search"})
    kept = datetime.datetime.fromisoformat(new.json["expires_at"]) - datetime.datetime.now(datetime.UTC)
    assert kept > datetime.timedelta(days=29)
    for key in (old["key"], new.json["key"]):
        assert_problem(Api(app.test_client(), key).get("/v1/keys"), 403)
    assert api.post(f"/v1/keys/{new.json['prefix']}/rotate", json={"grace_hours": 0}).status_code == 201
    assert_problem(Api(app.test_client(), new.json["key"]).get("/v1/keys"), 401)


def test_of_many_rotations_at_once_one_is_done(app: Flask, api: Api) -> None:
    old = _made(api)
    answers: list[int] = []

    def rotate() -> None:
        own = Api(app.test_client(), api.key)
        answers.append(own.post(f"/v1/keys/{old['prefix']}/rotate", json={}).status_code)

    threads = [threading.Thread(target=rotate) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201] + [409] * 5
    assert _listed(api, old["prefix"])["replaced_by"] in {each["prefix"] for each in api.get("/v1/keys").json["keys"]}


def test_grace_does_not_lengthen_a_life(api: Api) -> None:
    old = _made(api, expires_in_days=1)
    api.post(f"/v1/keys/{old['prefix']}/rotate", json={"grace_hours": 1000})
    assert _listed(api, old["prefix"])["expires_at"] == old["expires_at"]


def test_a_revoked_key_is_gone_and_it_is_noted_who_did_it(app: Flask, api: Api) -> None:
    made = _made(api)
    assert api("DELETE", f"/v1/keys/{made['prefix']}").status_code == 204
    assert_problem(Api(app.test_client(), made["key"]).get("/v1/jobs"), 401)
    assert_problem(api("DELETE", f"/v1/keys/{made['prefix']}"), 404)
    actions = [(each["action"], each["subject"]) for each in api.get("/v1/audit").json["entries"][:2]]
    assert actions == [("key.revoke", made["prefix"]), ("key.create", made["prefix"])]


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"name": "", "scopes": ["search"]}, "/name"),
        ({"name": "a\x00b", "scopes": ["search"]}, "/name"),
        ({"scopes": ["search"]}, "/name"),
        ({"name": "a", "scopes": []}, "/scopes"),
        ({"name": "a", "scopes": ["root"]}, "/scopes/0"),
        ({"name": "a", "scopes": ["search"], "expires_in_days": 0}, "/expires_in_days"),
        ({"name": "a", "scopes": ["search"], "expires_in_days": True}, "/expires_in_days"),
        ({"name": "a", "scopes": ["search"], "tenant": 2}, "/tenant"),
    ],
)
def test_what_is_wrong_is_named(api: Api, asked: dict[str, object], pointer: str) -> None:
    answer = api.post("/v1/keys", json=asked)
    assert_problem(answer, 422)
    assert pointer in [each["pointer"] for each in answer.json["errors"]]


def test_only_administrators_give_out_keys(app: Flask, own: Services) -> None:
    with own.sessions.begin() as session:
        wish = KeyWish(name="w", scopes=[Scope.WRITE, Scope.SEARCH])
        writer = service.create(session, service.first_tenant(session), wish).key
    own_api = Api(app.test_client(), writer)
    assert_problem(own_api.get("/v1/keys"), 403)
    assert_problem(own_api.post("/v1/keys", json={"name": "a", "scopes": ["admin"]}), 403)
    assert_problem(own_api.post("/v1/keys/ts_1234567/rotate", json={}), 403)
    assert_problem(own_api("DELETE", "/v1/keys/ts_1234567"), 403)
