"""Statements that take long are told of, with their plans and without their values."""

import logging
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from app.db.engine import make_engine
from app.db.slow_statements import SlowStatements
from tests.conftest import Services

SLOW = text("SELECT id, pg_sleep(0.02) FROM (VALUES (1)) AS of(id) WHERE CAST(id AS text) <> :asked")
SECRET = "what was asked's own"


@pytest.fixture
def engine(services: Services) -> Iterator[Engine]:
    made = make_engine(services.settings.database_url)
    yield made
    made.dispose()


def _told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "app.db.slow_statements"]


def test_a_slow_statement_is_told_of_with_its_plan(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    SlowStatements(0.01).watch(engine)
    with engine.connect() as connection:
        assert connection.execute(SLOW, {"asked": SECRET}).one()[0] == 1
        assert connection.execute(text("SELECT 1")).scalar_one() == 1  # which is not slow
    (told,) = _told(caplog)
    assert "pg_sleep" in told
    assert "Result  (cost=" in told
    assert SECRET not in told
    assert "asked's" not in told


def test_of_many_slow_statements_one_a_minute_is_planned(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    SlowStatements(0.01).watch(engine)
    with engine.connect() as connection:
        for _ in range(3):
            connection.execute(SLOW, {"asked": SECRET})
    assert ["cost=" in told for told in _told(caplog)] == [True, False, False]


def test_a_plan_that_cannot_be_had_ends_nobodys_transaction(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    SlowStatements(0.01).watch(engine)
    with engine.connect() as connection:
        # The table is there by the time that a plan to make it is asked for.
        connection.execute(text("SELECT 2 AS number, CAST(pg_sleep(0.02) AS text) AS slept INTO TEMPORARY TABLE made"))
        assert connection.execute(text("SELECT number FROM made")).scalar_one() == 2
    (told,) = _told(caplog)
    assert told.endswith("Its plan is not known: ProgrammingError")


def test_what_changes_rows_is_not_planned(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    SlowStatements(0.0).watch(engine)
    with engine.begin() as connection:
        connection.execute(text("CREATE TEMPORARY TABLE changed (id int)"))
        connection.execute(text("INSERT INTO changed SELECT 1"))
    assert _told(caplog) == []


def test_statements_that_fail_are_as_they_were(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    SlowStatements(0.0, between_plans=0.0).watch(engine)
    with engine.connect() as connection, pytest.raises(DBAPIError):
        connection.execute(text("SELECT 1 / 0"))
    assert _told(caplog) == []
