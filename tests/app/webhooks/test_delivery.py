"""What webhooks are told, by requests to a server of the test's own."""

import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from sqlalchemy import func, update
from standardwebhooks.webhooks import Webhook as Signer
from standardwebhooks.webhooks import WebhookVerificationError

from app.db import jobs, tenants
from app.db import webhooks as rows
from app.db.job_tables import Job, Webhook, WebhookDelivery
from app.types import DeliveryState, JobKind, JobState
from app.webhooks import delivery, service
from app.webhooks.delivery import PAUSES, deliver_due
from tests.app.web_site import HOST, Respond, answer, web_site
from tests.conftest import Services

ALL = (JobKind.IMPORT, JobKind.EMBED)


class Listener:
    """Notes what it is told, and answers as it is meant to."""

    def __init__(self) -> None:
        self.told: list[tuple[dict[str, str], bytes]] = []
        self.respond: Respond = answer(204)

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        self.told.append((dict(handler.headers.items()), body))
        self.respond(handler)


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def url(listener: Listener) -> Iterator[str]:
    with web_site({"/hook": listener}) as (address, _):
        yield f"{address}/hook"


def _hook(services: Services, url: str, kinds: tuple[JobKind, ...] = ALL) -> Webhook:
    with services.jobs.transaction() as session:
        return service.add(session, tenants.find_or_create(session, "default"), url, kinds)


def _job(services: Services, kind: JobKind = JobKind.IMPORT, *, ended: bool = True) -> Job:
    with services.jobs.transaction() as session:
        tenant = tenants.find_or_create(session, "default")
        job = jobs.add(session, tenant_id=tenant, catalogue_id=None, kind=kind, request={}, total=2)
        if ended:
            jobs.advance(session, job.id, done=1, failed=1)
        return job


def _deliver(services: Services) -> int:
    return deliver_due(services.sessions, {HOST})


def _deliveries(services: Services, hook: Webhook) -> list[WebhookDelivery]:
    with services.sessions() as session:
        return rows.deliveries(session, hook.id, before=None, limit=100)


def _make_due(services: Services) -> None:
    with services.sessions.begin() as session:
        session.execute(update(WebhookDelivery).values(due_at=func.now() - timedelta(seconds=1)))


def test_a_webhook_is_told_of_a_jobs_end_in_signed_words(services: Services, url: str, listener: Listener) -> None:
    hook, job = _hook(services, url), _job(services)
    assert _deliver(services) == 1
    [(headers, body)] = listener.told
    said: Any = Signer(hook.secret).verify(body, headers)
    assert said["type"] == "job.succeeded"
    assert said["data"]["id"] == str(job.id)
    assert said["data"]["progress"] == {"done": 1, "failed": 1, "total": 2, "encoded": 0}
    assert {"result", "catalogue", "dry_run"} <= set(said["data"])
    [made] = _deliveries(services, hook)
    assert (service.state_of(made), made.tries, made.problem) == (DeliveryState.DELIVERED, 1, None)
    assert _deliver(services) == 0


def test_another_secret_does_not_fit(services: Services, url: str, listener: Listener) -> None:
    _hook(services, url)
    other = _hook(services, "http://nowhere.invalid/")
    _job(services)
    _deliver(services)
    [(headers, body)] = listener.told
    with pytest.raises(WebhookVerificationError):
        Signer(other.secret).verify(body, headers)


def test_jobs_of_other_kinds_and_jobs_that_go_on_are_not_told_of(
    services: Services, url: str, listener: Listener
) -> None:
    _hook(services, url, (JobKind.IMPORT,))
    _job(services, JobKind.EMBED)
    _job(services, ended=False)
    assert _deliver(services) == 0
    assert listener.told == []


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.CANCELLED])
def test_every_end_is_told_of(services: Services, url: str, listener: Listener, state: JobState) -> None:
    _hook(services, url)
    job = _job(services, ended=False)
    with services.jobs.transaction() as session:
        jobs.finish(session, job.id, state)
    _deliver(services)
    assert f'"type": "job.{state}"'.encode() in listener.told[0][1]


def test_a_failure_is_tried_again_later_under_the_same_id(services: Services, url: str, listener: Listener) -> None:
    hook = _hook(services, url)
    _job(services)
    listener.respond = answer(503)
    _deliver(services)
    assert _deliver(services) == 0  # not yet due
    [waits] = _deliveries(services, hook)
    assert (service.state_of(waits), waits.tries, waits.problem) == (DeliveryState.PENDING, 1, "It answered 503.")
    listener.respond = answer(200)
    _make_due(services)
    assert _deliver(services) == 1
    assert len({headers["webhook-id"] for headers, _ in listener.told}) == 1
    assert service.state_of(_deliveries(services, hook)[0]) is DeliveryState.DELIVERED


def test_what_fails_too_often_is_given_up_until_it_is_retried(services: Services, url: str, listener: Listener) -> None:
    hook = _hook(services, url)
    _job(services)
    listener.respond = answer(302, Location="http://elsewhere.example/")  # a redirect is no success
    for _ in range(len(PAUSES) + 1):
        assert _deliver(services) == 1
        if service.state_of(_deliveries(services, hook)[0]) is DeliveryState.PENDING:
            _make_due(services)
    assert service.state_of(_deliveries(services, hook)[0]) is DeliveryState.FAILED
    assert _deliver(services) == 0
    listener.respond = answer(200)
    with services.jobs.transaction() as session:
        assert service.retry(session, tenants.find_or_create(session, "default"), hook.id) == 1
    assert _deliver(services) == 1
    assert service.state_of(_deliveries(services, hook)[0]) is DeliveryState.DELIVERED


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("http://localhost:1/", "not a public one"),
        ("http://nowhere.invalid/", "could not be reached"),
        (f"http://{HOST}:1/", "could not be reached"),
    ],
)
def test_what_cannot_be_reached_says_why(services: Services, address: str, problem: str) -> None:
    hook = _hook(services, address)
    _job(services)
    _deliver(services)
    assert problem in (_deliveries(services, hook)[0].problem or "")


def test_who_drips_its_answer_holds_nobody_up(
    services: Services, url: str, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "LONGEST", 1.0)

    def drip(handler: BaseHTTPRequestHandler) -> None:
        for _ in range(100):
            handler.wfile.write(b"H")
            time.sleep(0.1)

    listener.respond = drip
    hook = _hook(services, url)
    _job(services)
    started = time.monotonic()
    _deliver(services)
    assert time.monotonic() - started < 8
    assert "more than 1 seconds" in (_deliveries(services, hook)[0].problem or "")


def test_whatever_is_wrong_with_one_webhook_the_others_are_told(services: Services, url: str) -> None:
    for wrong in ("http://商店.invalid/钩子", "http://localhost:99999/", "nonsense", "http://[::1/"):
        _hook(services, wrong)
    good = _hook(services, url)
    _job(services)
    assert _deliver(services) == 5
    assert [service.state_of(each) for each in _deliveries(services, good)] == [DeliveryState.DELIVERED]
    assert _deliver(services) == 0  # all were tried


def test_a_path_in_another_script_is_asked_for(services: Services, listener: Listener) -> None:
    with web_site({"/%E9%92%A9": listener}) as (address, _):
        _hook(services, f"{address}/钩")
        _job(services)
        _deliver(services)
    assert len(listener.told) == 1


def test_one_webhook_leaves_room_for_the_others(services: Services, url: str) -> None:
    many = _hook(services, url)
    for _ in range(delivery.MOST_OF_ONE + 1):
        _job(services)
    late = _hook(services, url)
    _job(services)
    assert _deliver(services) == delivery.MOST_OF_ONE + 1
    assert service.state_of(_deliveries(services, late)[0]) is DeliveryState.DELIVERED
    assert _deliver(services) == 2
    assert {service.state_of(each) for each in _deliveries(services, many)} == {DeliveryState.DELIVERED}


def test_what_was_not_begun_in_time_is_still_due(
    services: Services, url: str, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "LONGEST", 1.0)
    monkeypatch.setattr(delivery, "AT_ONCE", 1)
    listener.respond = lambda _: time.sleep(3)
    slow = _hook(services, url)
    for _ in range(3):
        _job(services)
    _deliver(services)
    assert sorted(each.tries for each in _deliveries(services, slow)) == [0, 0, 1]


def test_only_one_delivers_at_a_time(services: Services, url: str) -> None:
    _hook(services, url)
    _job(services)
    with rows.delivering(services.sessions) as first:
        assert first is not None
        assert _deliver(services) == 0
    assert _deliver(services) == 1


def test_an_end_that_is_taken_back_is_not_told_of(services: Services, url: str) -> None:
    _hook(services, url)
    job = _job(services, ended=False)
    with pytest.raises(ZeroDivisionError), services.jobs.transaction() as session:  # noqa: PT012
        jobs.finish(session, job.id, JobState.FAILED)
        raise ZeroDivisionError
    assert _deliver(services) == 0
