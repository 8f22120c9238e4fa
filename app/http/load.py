"""How many searches wait: one that would wait too long is refused at once, and told when to come again."""

import logging

import redis

from app.errors import TooManyWaiting
from app.jobs.names import Queue

log = logging.getLogger(__name__)
SECONDS = 0.5  # that a search waits for the count at most


class Load:
    """Looks how long the queue of searches is, which all web processes share.

    Where the broker cannot be reached nothing is refused: what is accepted is kept, and waits for it.

    Args:
        redis_url: of the broker.
        most: searches that may wait.
    """

    def __init__(self, redis_url: str, most: int) -> None:
        self._broker = redis.Redis.from_url(redis_url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS)
        self._most = most

    def take_search(self) -> None:
        """Lets one search more wait.

        Raises:
            TooManyWaiting: as many wait as may.
        """
        try:
            waiting = self._broker.llen(Queue.QUERY)
        except redis.RedisError as error:
            log.warning("How many searches wait is not known: %s", error)
            return
        if int(waiting) >= self._most:
            raise TooManyWaiting(f"{waiting} searches wait already: ask again in {TooManyWaiting.retry_after} seconds.")
