import time

import pytest

from workers.stopwatch import Stopwatch


def test_each_lap_is_the_time_since_the_one_before() -> None:
    watch = Stopwatch()
    time.sleep(0.03)
    watch.lap("encode")
    watch.lap("sql")
    took = watch.took_ms(queued=0.25)
    assert list(took) == ["queue", "encode", "sql", "total"]
    assert took["encode"] >= 30
    assert 0 <= took["sql"] < took["encode"]
    assert took["queue"] == 250


def test_the_total_is_the_sum_of_all_steps() -> None:
    watch = Stopwatch()
    watch.lap("encode")
    took = watch.took_ms(queued=0.1)
    assert took["total"] == pytest.approx(took["queue"] + took["encode"], abs=0.2)  # each is rounded to 0.1


def test_a_clock_that_went_back_gives_no_negative_wait() -> None:
    assert Stopwatch().took_ms(queued=-5) == {"queue": 0, "total": 0}
