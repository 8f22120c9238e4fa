"""Memory is given back now and then, not after each task."""

import pytest

from workers import freed
from workers.freed import EVERY, Freed


def test_memory_is_given_back_once_in_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now, trimmed = [0.0], list[float]()
    monkeypatch.setattr(freed.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(freed, "_trim", lambda: trimmed.append(now[0]))
    own = Freed()
    for _ in range(12):
        now[0] += 1.0
        own.now_and_then()
    assert trimmed == [EVERY, 2 * EVERY]
