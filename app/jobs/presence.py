"""Which queues workers take from, by their own word."""

from collections.abc import Iterable

import redis

from app.jobs.names import SERVED, Queue

ANNOUNCED_FOR = 15  # seconds that a worker's word holds
TAKEN = "triseek:taken:{}"


def announce(broker: redis.Redis, queues: Iterable[str]) -> None:
    """Says that a worker takes from these queues; to be said again before it is forgotten."""
    for queue in queues:
        broker.set(TAKEN.format(queue), 1, ex=ANNOUNCED_FOR)


def taken(broker: redis.Redis) -> dict[Queue, bool]:
    """Which queues some worker takes from."""
    said = broker.mget([TAKEN.format(queue) for queue in SERVED])
    return {queue: value is not None for queue, value in zip(SERVED, said, strict=True)}
