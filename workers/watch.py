"""Says that a worker is there, and ends one that no longer takes messages, so that whoever runs it starts it again.

Celery can lose its connection to the broker beside its event loop, as while it acknowledges a message. That message
then counts as unfinished for ever, and no other is taken (https://github.com/celery/celery/issues/8030 and 10205).
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import redis
from celery.signals import worker_ready
from celery.worker import state

from app.jobs.presence import announce
from app.settings import Settings

log = logging.getLogger(__name__)
LOOK = 2.0  # seconds between two looks
DEAF_FOR = 10.0  # seconds in which messages wait and none is taken
GRACE = 20.0  # seconds to end in an orderly way


@worker_ready.connect  # type: ignore[untyped-decorator]  # Celery's have no types
def watch(sender: Any, **_: object) -> None:  # noqa: ANN401  Celery's consumer has no type
    """Watches from the worker's own process, from a thread of its own."""
    queues = [queue.name for queue in sender.task_consumer.queues]
    broker = redis.Redis.from_url(Settings.from_env().redis_url, socket_timeout=LOOK)
    threading.Thread(target=_watch, args=(broker, queues), name="watch", daemon=True).start()


def _watch(broker: redis.Redis, queues: Sequence[str]) -> None:
    deaf_since: float | None = None
    while True:
        time.sleep(LOOK)
        if not is_deaf(broker, queues):
            deaf_since = None
            with suppress(redis.RedisError):  # without a broker nobody is there
                announce(broker, queues)
        elif deaf_since is None:
            deaf_since = time.monotonic()
        elif time.monotonic() - deaf_since > DEAF_FOR:
            log.error("Messages wait and none is taken: this worker ends, to be started again")
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(GRACE)
            os.kill(os.getpid(), signal.SIGKILL)


def is_deaf(broker: redis.Redis, queues: Sequence[str]) -> bool:
    """Whether messages wait in these queues though this worker has nothing to do."""
    if state.reserved_requests:
        return False
    try:
        return any(broker.llen(queue) for queue in queues)
    except redis.RedisError:
        return False  # nobody can take any
