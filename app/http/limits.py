"""How much a key may ask for: requests a minute, and searches a day."""

import logging
import math
import time

from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerMinute
from limits.storage import RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from redis.exceptions import RedisError

from app.errors import TooManyRequests
from app.keys.service import Identity

log = logging.getLogger(__name__)
SECONDS = 0.5  # that a request waits for the counters at most
PREFIX = "triseek:limits"
MINUTE, DAY = "requests a minute", "searches a day"


class Limits:
    """Counts what keys ask for, in windows that slide, where all web processes see it.

    Where the counters cannot be reached, nothing is refused: a shop's searches do not hang on them.

    Args:
        redis_url: of the broker.
        requests_per_minute: of a key that has no limit of its own; none if 0.
    """

    def __init__(self, redis_url: str, requests_per_minute: int) -> None:
        url = redis_url.replace("unix://", "redis+unix://", 1)
        storage = RedisStorage(url, key_prefix=PREFIX, socket_timeout=SECONDS, socket_connect_timeout=SECONDS)
        self._windows = SlidingWindowCounterRateLimiter(storage)
        self._usual = requests_per_minute

    def take_request(self, who: Identity) -> None:
        """Counts a request.

        Raises:
            TooManyRequests: the key, or the search token, has had as many in this minute as it may.
        """
        if who.token is not None:
            self._take(
                RateLimitItemPerMinute(who.token.requests_per_minute), who.token.nonce, "This search token", MINUTE
            )
        most = who.requests_per_minute or self._usual
        if most:
            self._take(RateLimitItemPerMinute(most), str(who.key_id), "This key", MINUTE)

    def take_search(self, who: Identity) -> None:
        """Counts a search.

        Raises:
            TooManyRequests: the key has had as many on this day as it may.
        """
        if who.searches_per_day:
            self._take(RateLimitItemPerDay(who.searches_per_day), str(who.key_id), "This key", DAY)

    def _take(self, limit: RateLimitItem, whose: str, said: str, what: str) -> None:
        try:
            if self._windows.hit(limit, what, whose):
                return
            until = self._windows.get_window_stats(limit, what, whose).reset_time
        except RedisError as error:
            log.warning("What keys ask for is not counted: %s", error)
            return
        wait = max(1, math.ceil(until - time.time()))
        raise TooManyRequests(f"{said} may have {limit.amount} {what}: ask again in {wait} seconds.", retry_after=wait)
