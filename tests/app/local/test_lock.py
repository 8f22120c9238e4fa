import json
import stat
from pathlib import Path

import pytest

from app.errors import StackRunning
from app.local.lock import FolderLock, Run

RUN = Run(pid=4711, url="http://127.0.0.1:8000", key="ts_x", database_url="d", redis_url="r", media_url="m")


@pytest.fixture
def held(tmp_path: Path) -> FolderLock:
    lock = FolderLock(tmp_path)
    lock.acquire()
    return lock


def test_a_second_stack_is_told_who_runs_on_the_folder(tmp_path: Path, held: FolderLock) -> None:
    held.publish(RUN)
    with pytest.raises(StackRunning, match=r"process 4711, http://127\.0\.0\.1:8000"):
        FolderLock(tmp_path).acquire()


def test_a_second_stack_is_refused_while_the_first_is_starting(tmp_path: Path, held: FolderLock) -> None:
    with pytest.raises(StackRunning, match="just starting"):
        FolderLock(tmp_path).acquire()
    held.release()


def test_the_run_file_is_closed_to_others_and_goes_with_the_lock(tmp_path: Path, held: FolderLock) -> None:
    held.publish(RUN)
    file = tmp_path / "run.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text())["key"] == "ts_x"
    held.release()
    assert not file.exists()


def test_what_a_killed_stack_left_does_not_stand_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"pid": 1, "url": "http://127.0.0.1:1"}')
    (tmp_path / "lock").touch()
    lock = FolderLock(tmp_path)
    lock.acquire()
    assert not (tmp_path / "run.json").exists()
    lock.release()
