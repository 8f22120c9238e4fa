"""Probes: is the process alive, and can it serve."""

import logging
from collections.abc import Mapping

import redis
from sqlalchemy.exc import SQLAlchemyError

from app.db import spaces
from app.db.migrate import is_behind
from app.errors import NotReady
from app.http.endpoints import Answer, Endpoints
from app.http.problems import CONTENT_TYPE
from app.http.schemas.health import CHECKS, AliveSchema, ReadySchema
from app.http.services import services
from app.jobs.names import Queue
from app.jobs.presence import taken

health = Endpoints("health", "Probes.", prefix="/health")
log = logging.getLogger(__name__)
TIMEOUT = 2.0  # seconds


@health.endpoint("GET", "/live", scopes=(), answers={200: AliveSchema})
def live() -> Answer:
    """Tell that the process answers."""
    return Answer(body={"status": "ok"})


@health.endpoint("GET", "/ready", scopes=(), answers={200: ReadySchema}, problems=[NotReady])
def ready() -> Answer:
    """Tell whether requests can be taken: by a database of this release's tables, a space, and the broker.

    Workers that are away are a warning: what is asked for waits for them, and another web process has no others.
    """
    workers = _workers()
    found = _database() | {"broker": workers is not None}
    checks = {name: found.get(name, False) for name in CHECKS}
    told = {"checks": checks, "workers": workers or {}, "warnings": _warnings(workers or {})}
    missing = [name for name, fine in checks.items() if not fine]
    if not missing:
        return Answer(body={"status": "ready", **told})
    problem = NotReady(f"Not there: {', '.join(missing)}.").problem() | told
    return Answer(status=NotReady.status, body=problem, headers={"Content-Type": CONTENT_TYPE})


def _database() -> dict[str, bool]:
    found = {}
    try:
        with services().sessions() as session:
            found["migrations"] = not is_behind(session)
            found["database"] = True
            found["space"] = found["migrations"] and spaces.active(session) is not None
    except SQLAlchemyError as error:
        log.warning("The database does not answer: %s", type(error).__name__)
    return found


def _workers() -> Mapping[Queue, bool] | None:
    """By queue, whether a worker takes from it; None where the broker does not say."""
    url = services().settings.redis_url
    try:
        with redis.Redis.from_url(url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT) as client:
            return taken(client)
    except redis.RedisError as error:
        log.warning("The broker does not answer: %s", type(error).__name__)
        return None


def _warnings(workers: Mapping[Queue, bool]) -> list[str]:
    away = [queue for queue, is_there in workers.items() if not is_there]
    return [f"No worker takes from the queue {queue}: what waits there is not lost, and not done." for queue in away]
