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
from app.db.tables import Job, Webhook, WebhookDelivery
from app.errors import HostPrivate
from app.guarded import GuardedBackend
from app.jobs.documents import job_document

PAUSES = tuple(datetime.timedelta(seconds=pause) for pause in (5, 300, 1_800, 7_200, 18_000, 36_000))  # between tries
JITTER = 0.1  # of a pause
AT_ONCE = 16  # connections
MOST = 128  # deliveries of one call
PATIENCE = 5.0  # seconds for a connection, and for each piece of an answer
LONGEST = 30.0  # seconds of one call
TIMEOUTS = dict.fromkeys(("connect", "read", "write", "pool"), PATIENCE)


def deliver_due(sessions: sessionmaker[Session], allowed: Collection[str] = ()) -> int:
    """Delivers what is due, unless somebody else is at it; how much was tried.

    A webhook hears of each job once or, if its answer is lost or a process ends too early, again under the same id.

    Args:
        sessions: to the database.
        allowed: host names that may be private.
    """
    with (
        webhooks.delivering(sessions) as session,
        ThreadPoolExecutor(AT_ONCE) as threads,
        httpcore.ConnectionPool(network_backend=GuardedBackend(allowed), max_connections=AT_ONCE) as pool,
    ):
        if session is None:
            return 0
        found = webhooks.due(session, MOST)
        tries = {threads.submit(_try, pool, *_request(*each)): each[0] for each in found}
        for delivery, problem in _outcomes(tries):
            webhooks.tried(session, delivery.id, problem=problem, again=_pause(delivery, problem))
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
        yield from ((delivery, f"It took more than {LONGEST:g} seconds.") for delivery in tries.values())


def _request(delivery: WebhookDelivery, webhook: Webhook, job: Job) -> tuple[str, list[tuple[str, str]], bytes]:
    """Address, headers and body."""
    ended = (job.finished_at or job.created_at).isoformat()
    body = json.dumps({"type": f"job.{job.state}", "timestamp": ended, "data": job_document(job)}, ensure_ascii=False)
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
        with pool.stream("POST", url, headers=headers, content=body, extensions={"timeout": TIMEOUTS}) as answer:
            return None if 200 <= answer.status < 300 else f"It answered {answer.status}."
    except HostPrivate as error:
        return error.detail
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, httpcore.ProxyError) as error:
        return f"It could not be reached: {error or type(error).__name__}."
    except (httpcore.UnsupportedProtocol, ValueError):
        return "Its address is none of http or https."


def _pause(delivery: WebhookDelivery, problem: str | None) -> datetime.timedelta | None:
    """Until the next try, if there is to be one."""
    if problem is None or delivery.tries >= len(PAUSES):
        return None
    return PAUSES[delivery.tries] * random.uniform(1, 1 + JITTER)  # noqa: S311  it keeps no secret
