"""When the client asks again: where a connection broke or was not to be had, and where the server asks for patience."""

from typing import Any

import httpx
from tenacity import RetryCallState, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from app.client_calls import Call
from app.errors import ApiProblem

TRIES = 4
LONGEST_PAUSE = 30.0  # seconds; who is asked to wait for longer is told so
BROKEN = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.ReadError,
    httpx.RemoteProtocolError,
    httpx.WriteError,
)
BUSY = (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE)
_backoff = wait_exponential_jitter(multiplier=0.1, max=2.0, jitter=0.2)


def policy(call: Call[Any]) -> dict[str, Any]:
    """What tenacity is told, sync and async: nothing is done twice, for a POST has a key.

    A body that is made as it is sent cannot be sent again.
    """
    return {
        "stop": stop_after_attempt(TRIES if call.is_repeatable else 1),
        "wait": _pause,
        "retry": retry_if_exception(_is_worth_it),
        "reraise": True,
    }


def _is_worth_it(error: BaseException) -> bool:
    if isinstance(error, ApiProblem):
        return error.status in BUSY and (error.retry_after or 0.0) <= LONGEST_PAUSE
    return isinstance(error, BROKEN)


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome is not None else None
    told = error.retry_after if isinstance(error, ApiProblem) else None
    return _backoff(state) if told is None else told
