import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.errors import ServiceFailed
from app.local.family import Family, Program
from app.local.supervisor import Supervisor


def script(name: str, text: str) -> Program:
    return Program(name=name, command=[sys.executable, "-c", text])


def wait_for(condition: Callable[[], bool], seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def lines() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def family(lines: list[tuple[str, str]]) -> Iterator[Family]:
    with Family(sink=lambda name, line: lines.append((name, line))) as running:
        yield running


def test_a_program_that_dies_is_started_again(family: Family, lines: list[tuple[str, str]]) -> None:
    supervisor = Supervisor(family, [script("short", "print('here')")])
    supervisor.start()
    wait_for(lambda: lines.count(("short", "here")) >= 2)
    supervisor.stop()
    assert supervisor.keepers[0].last_words == "here"


def test_all_are_stopped_in_an_orderly_way(family: Family, lines: list[tuple[str, str]]) -> None:
    patient = "import signal; print('up', flush=True); signal.sigwait([signal.SIGTERM]); print('down')"
    mask = "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM]); "
    supervisor = Supervisor(family, [script("a", mask + patient), script("b", mask + patient)])
    supervisor.start()
    wait_for(lambda: len(lines) == 2)
    supervisor.stop()
    assert sorted(lines) == [("a", "down"), ("a", "up"), ("b", "down"), ("b", "up")]


def test_one_that_will_not_stop_is_killed(
    family: Family, lines: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.local.supervisor.STOP_SECONDS", 0.2)
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    supervisor = Supervisor(family, [script("deaf", deaf)])
    supervisor.start()
    wait_for(lambda: bool(lines))
    began = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - began < 5


def test_a_check_that_fails_is_tried_again(family: Family) -> None:
    calls = []

    def check() -> None:
        calls.append(1)
        raise ServiceFailed("not yet")

    supervisor = Supervisor(family, [], check)
    supervisor.start()
    wait_for(lambda: len(calls) >= 2)
    supervisor.stop()


def test_a_program_gets_its_environment_over_the_defaults(
    family: Family, lines: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OURS", "ours")
    text = "import os; print(os.environ['GIVEN'], os.environ['OURS'], os.environ['DEFAULT'], os.getcwd())"
    program = Program(
        name="env",
        command=[sys.executable, "-c", text],
        environ={"GIVEN": "given"},
        defaults={"OURS": "default", "DEFAULT": "default"},
        folder=tmp_path,
    )
    assert family.bury(family.start(program), 10) == 0
    assert lines == [("env", f"given ours default {tmp_path.resolve()}")]
