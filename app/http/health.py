"""Probes: is the process alive, and can it serve."""

import logging

import redis
from flask import Blueprint, Response, jsonify
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.db import spaces
from app.http.services import services

health = Blueprint("health", __name__, url_prefix="/health")
log = logging.getLogger(__name__)
TIMEOUT = 2.0  # seconds


@health.get("/live")
def live() -> Response:
    """The process answers."""
    return jsonify({"status": "ok"})


@health.get("/ready")
def ready() -> tuple[Response, int]:
    """Everything that a search needs is there: the database, the broker, an active embedding space."""
    database, space = _database()
    checks = {"database": database, "broker": _broker(), "space": space}
    fine = all(checks.values())
    return jsonify({"status": "ready" if fine else "unready", "checks": checks}), 200 if fine else 503


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
