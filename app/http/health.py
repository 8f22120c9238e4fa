"""Probes: is the process alive, and can it serve."""

import logging

import redis
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.db import spaces
from app.errors import NotReady
from app.http.endpoints import Answer, Endpoints
from app.http.problems import CONTENT_TYPE
from app.http.schemas.health import AliveSchema, ReadySchema
from app.http.services import services

health = Endpoints("health", "Probes.", prefix="/health")
log = logging.getLogger(__name__)
TIMEOUT = 2.0  # seconds


@health.endpoint("GET", "/live", scopes=(), answers={200: AliveSchema})
def live() -> Answer:
    """Tell that the process answers."""
    return Answer(body={"status": "ok"})


@health.endpoint("GET", "/ready", scopes=(), answers={200: ReadySchema}, problems=[NotReady])
def ready() -> Answer:
    """Tell whether all is there that a search needs: the database, the broker, an active embedding space."""
    database, space = _database()
    checks = {"database": database, "broker": _broker(), "space": space}
    missing = [name for name, fine in checks.items() if not fine]
    if not missing:
        return Answer(body={"status": "ready", "checks": checks})
    problem = NotReady(f"Not there: {', '.join(missing)}.").problem() | {"checks": checks}
    return Answer(status=NotReady.status, body=problem, headers={"Content-Type": CONTENT_TYPE})


def _database() -> tuple[bool, bool]:
    try:
        with services().sessions() as session:
            return True, _has_space(session)
    except SQLAlchemyError as error:
        log.warning("The database does not answer: %s", type(error).__name__)
        return False, False


def _has_space(session: Session) -> bool:
    return spaces.active(session) is not None


def _broker() -> bool:
    url = services().settings.redis_url
    try:
        with redis.Redis.from_url(url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT) as client:
            return bool(client.ping())
    except redis.RedisError as error:
        log.warning("The broker does not answer: %s", type(error).__name__)
        return False
