"""`triseek up` as a user runs it."""

import json
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

TRISEEK = str(Path(sys.executable).with_name("triseek"))
PATIENCE = 120.0  # seconds in which the encoders load, on a busy machine

pytestmark = pytest.mark.slow


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DATABASE_URL", "REDIS_URL", "MEDIA_URL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "data"


class Up:
    """One `triseek up` in a process of its own; killed at the end of the block if it still runs."""

    def __init__(self, data: Path) -> None:
        self.log = data.with_name("log")
        with self.log.open("w") as log:
            self.process = subprocess.Popen([TRISEEK, "up", "--data", data], stdout=log, stderr=log)
        self._file = data / "run.json"

    def __enter__(self) -> "Up":
        return self

    def __exit__(self, *exception: object) -> None:
        self.process.kill()
        self.process.wait()

    def wait_until_up(self) -> dict[str, Any]:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self.process.poll() is None:
            if self._file.exists():
                run: dict[str, Any] = json.loads(self._file.read_text())
                if run["pid"] == self.process.pid:
                    return run
            time.sleep(0.1)
        pytest.fail(self.log.read_text()[-3000:])

    def children(self) -> list[psutil.Process]:
        return list(psutil.Process(self.process.pid).children(recursive=True))


def gone(processes: list[psutil.Process], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes):
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def test_it_serves_refuses_a_second_stops_and_starts_again_after_a_kill(data: Path) -> None:
    with Up(data) as up:
        run = up.wait_until_up()
        assert httpx.get(f"{run['url']}/health/ready").status_code == 200
        assert f"{run['url']}/#key={run['key']}" in up.log.read_text()
        assert_closed_to_others(data)

        second = subprocess.run([TRISEEK, "up", "--data", data], capture_output=True, text=True, check=False)
        assert second.returncode == 2
        assert f"process {run['pid']}, {run['url']}" in second.stderr

        children = up.children()
        up.process.send_signal(signal.SIGKILL)
        up.process.wait()
        assert gone(children, 6)

    with Up(data) as up:
        again = up.wait_until_up()
        assert again["key"] == run["key"]
        children = up.children()
        up.process.send_signal(signal.SIGINT)
        assert up.process.wait(20) == 0
        assert gone(children, 1)
        assert not (data / "run.json").exists()


def assert_closed_to_others(data: Path) -> None:
    # Where root runs PostgreSQL as nobody, that user passes through the folder, but no more.
    assert stat.S_IMODE(data.stat().st_mode) in {0o700, 0o711}
    for path in data.iterdir():
        if path.name != "lock":
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    run = json.loads((data / "run.json").read_text())
    sockets = Path(run["redis_url"].removeprefix("unix://")).parent
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
