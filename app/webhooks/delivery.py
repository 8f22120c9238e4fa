"""Tells webhooks of the ends of jobs, signed, until they have taken it or have had their chances.

Source: Standard Webhooks 1.0 (https://www.standardwebhooks.com): the headers, the signature, the pauses between tries.
"""

import datetime
import json
import random
from collections.abc import Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed

import httpcore
from sqlalchemy.orm import Session, sessionmaker
from standardwebhooks.webhooks import Webhook as Signer

from app.db import webhooks
from app.db.job_tables import Job, Webhook, WebhookDelivery
from app.errors import HostPrivate
from app.guarded import GuardedBackend, request_url
from app.jobs.documents import job_document
from app.types import JobKind

PAUSES = tuple(datetime.timedelta(seconds=pause) for pause in (5, 300, 1_800, 7_200, 18_000, 36_000))  # between tries
JITTER = 0.1  # of a pause
AT_ONCE = 16  # connections
MOST = 128  # deliveries of one call
MOST_OF_ONE = 4  # of these to one webhook: one that is slow leaves room for the others
PATIENCE = 5.0  # seconds for a connection, and for each piece of an answer
LONGEST = 15.0  # seconds of one call
TIMEOUTS = dict.fromkeys(("connect", "read", "write", "pool"), PATIENCE)


def deliver_due(sessions: sessionmaker[Session], allowed: Collection[str] = ()) -> int:
    """Delivers what is due, unless somebody else is at it; how much was due and taken up.

    A webhook hears of each job once or, if its answer is lost or a process ends too early, again under the same id.

    Args:
        sessions: to the database.
        allowed: host names that may be private.
    """
    with (
        webhooks.delivering(sessions) as session,
        httpcore.ConnectionPool(network_backend=GuardedBackend(allowed), max_connections=AT_ONCE) as pool,
    ):
        if session is None:
            return 0
        threads = ThreadPoolExecutor(AT_ONCE)
        found = webhooks.due(session, MOST, MOST_OF_ONE)
        tries = {threads.submit(_try, pool, *_request(*each)): each[0] for each in found}
        try:
            for delivery, problem in _outcomes(tries):
                webhooks.tried(session, delivery.id, problem=problem, again=_pause(delivery, problem))
        finally:
            # What was not begun is still due. Who drips is cut off as the connections close.
            threads.shutdown(wait=False, cancel_futures=True)
    return len(found)


def message_id(delivery: WebhookDelivery) -> str:
    """What a webhook knows a delivery by, however often it comes."""
    return f"msg_{delivery.id}"


def _outcomes(tries: dict[Future[str | None], WebhookDelivery]) -> Iterator[tuple[WebhookDelivery, str | None]]:
    """How each try ended, as they end; who takes too long is not waited for, as little as it may say at a time."""
    try:
        for ended in as_completed(list(tries), LONGEST):
            yield tries.pop(ended), ended.result()
    except TimeoutError:
        for each, delivery in tries.items():
            if each.done():
                yield delivery, each.result()
            elif not each.cancel():
                yield delivery, f"It took more than {LONGEST:g} seconds."


def _request(
    delivery: WebhookDelivery, webhook: Webhook, job: Job, catalogue: str | None
) -> tuple[str, list[tuple[str, str]], bytes]:
    """Address, headers and body."""
    ended = (job.finished_at or job.created_at).isoformat()
    data = job_document(job) | {"catalogue": catalogue}
    if job.kind != JobKind.SEARCH:
        data["result"] = job.result
    body = json.dumps({"type": f"job.{job.state}", "timestamp": ended, "data": data}, ensure_ascii=False)
    name, now = message_id(delivery), datetime.datetime.now(datetime.UTC)
    headers = [
        ("Content-Type", "application/json"),
        ("User-Agent", "Triseek"),
        ("webhook-id", name),
        ("webhook-timestamp", str(int(now.timestamp()))),
        ("webhook-signature", Signer(webhook.secret).sign(name, now, body)),
    ]
    return webhook.url, headers, body.encode()


def _try(pool: httpcore.ConnectionPool, url: str, headers: list[tuple[str, str]], body: bytes) -> str | None:
    """Delivers once; what went wrong, if anything did."""
    try:
        own = request_url(url)
        with pool.stream("POST", own, headers=headers, content=body, extensions={"timeout": TIMEOUTS}) as answer:
            return None if 200 <= answer.status < 300 else f"It answered {answer.status}."
    except HostPrivate as error:
        return error.detail
    except httpcore.ReadTimeout:
        return f"It did not answer within {PATIENCE:g} seconds."
    except httpcore.ProtocolError as error:
        return f"Its answer is no HTTP: {error}."
    except Exception as error:  # noqa: BLE001  whatever is wrong with one delivery, it holds up no other
        return f"It could not be reached: {error or type(error).__name__}."


def _pause(delivery: WebhookDelivery, problem: str | None) -> datetime.timedelta | None:
    """Until the next try, if there is to be one."""
    if problem is None or delivery.tries >= len(PAUSES):
        return None
    return PAUSES[delivery.tries] * random.uniform(1, 1 + JITTER)  # noqa: S311  it keeps no secret
