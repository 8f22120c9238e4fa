"""Webhooks over HTTP: added, listed, removed; what was delivered to them."""

import pytest

from app.db import jobs, webhooks
from app.db.tenants import find_or_create
from app.http.services import Services
from app.types import JobKind
from app.webhooks.service import MOST
from tests.app.http.conftest import Api, assert_problem

HOOK = {"url": "https://shop.example/jobs"}


@pytest.fixture(autouse=True)
def _none_left(own: Services) -> None:
    with own.sessions.begin() as session:
        for each in webhooks.of_tenant(session, find_or_create(session, "default")):
            webhooks.remove(session, each.id)


def test_a_secret_is_told_once(api: Api) -> None:
    added = api.post("/v1/webhooks", json=HOOK)
    assert added.status_code == 201
    assert added.json["secret"].startswith("whsec_")
    assert added.json["kinds"] == ["import", "embed"]
    [listed] = api.get("/v1/webhooks").json["webhooks"]
    assert listed == {name: value for name, value in added.json.items() if name != "secret"}


def test_who_added_and_removed_one_is_noted_but_not_its_path(api: Api) -> None:
    added = api.post("/v1/webhooks", json={"url": "https://shop.example/jobs?token=secret", "kinds": ["import"]}).json
    assert api("DELETE", f"/v1/webhooks/{added['id']}").status_code == 204
    removed, made = api.get("/v1/audit").json["entries"][:2]
    assert (removed["action"], removed["subject"]) == ("webhook.remove", str(added["id"]))
    assert (made["action"], made["detail"]) == ("webhook.create", {"host": "shop.example", "kinds": ["import"]})


def test_the_same_request_adds_one(api: Api) -> None:
    headers = {"Idempotency-Key": "one hook"}
    first, second = (api.post("/v1/webhooks", json=HOOK, headers=headers) for _ in range(2))
    assert first.json == second.json
    assert len(api.get("/v1/webhooks").json["webhooks"]) == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/url"),
        ({"url": "ftp://shop.example"}, "/url"),
        ({"url": "https://"}, "/url"),
        ({"url": "https://shop.example:99999/"}, "/url"),
        ({"url": "https://me:secret@shop.example/"}, "/url"),
        ({"url": "https://" + "a" * 2_000}, "/url"),
        (HOOK | {"kinds": []}, "/kinds"),
        (HOOK | {"kinds": ["holiday"]}, "/kinds/0"),
        (HOOK | {"secret": "mine"}, "/secret"),
    ],
)
def test_wrong_fields_are_named(api: Api, body: dict[str, object], pointer: str) -> None:
    assert_problem(api.post("/v1/webhooks", json=body), 422, pointer)


def test_an_address_may_be_in_any_script_and_kinds_count_once(api: Api) -> None:
    added = api.post("/v1/webhooks", json={"url": "https://商店.example/钩子", "kinds": ["import", "import"]})
    assert (added.status_code, added.json["kinds"]) == (201, ["import"])


def test_there_are_not_too_many(api: Api) -> None:
    for _ in range(MOST):
        assert api.post("/v1/webhooks", json=HOOK).status_code == 201
    assert_problem(api.post("/v1/webhooks", json=HOOK), 422, "/url")


def test_deliveries_come_newest_first_page_by_page(api: Api, own: Services) -> None:
    url = f"/v1/webhooks/{api.post('/v1/webhooks', json=HOOK).json['id']}/deliveries"
    ended = []
    for _ in range(3):
        with own.jobs.transaction() as session:
            tenant = find_or_create(session, "default")
            job = jobs.add(session, tenant_id=tenant, catalogue_id=None, kind=JobKind.IMPORT, request={}, total=None)
            jobs.set_total(session, job.id, 0)
            ended.append(str(job.id))
    page = api.get(f"{url}?limit=2").json
    rest = api.get(f"{url}?limit=2&cursor={page['next_cursor']}").json
    found = page["deliveries"] + rest["deliveries"]
    assert [each["job"] for each in found] == ended[::-1]
    assert {each["state"] for each in found} == {"pending"}
    assert rest["next_cursor"] is None


def test_what_is_removed_is_gone(api: Api) -> None:
    url = f"/v1/webhooks/{api.post('/v1/webhooks', json=HOOK).json['id']}"
    assert api.post(f"{url}/retries").json == {"retried": 0}
    assert api("DELETE", url).status_code == 204
    for answer in (api("DELETE", url), api.get(f"{url}/deliveries"), api.post(f"{url}/retries")):
        assert_problem(answer, 404)


def test_an_id_that_no_column_can_hold_is_of_no_webhook(api: Api) -> None:
    for number in (2**63, 10**30):
        assert_problem(api.get(f"/v1/webhooks/{number}/deliveries"), 404)
