"""One stack a folder, and how others find the one that runs there."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from app.errors import StackRunning


@dataclass(frozen=True, kw_only=True)
class Run:
    """What is known of a running stack; kept in `run.json`, which only its user can read."""

    pid: int
    url: str
    key: str
    database_url: str
    redis_url: str
    media_url: str


class FolderLock:
    """Held while a stack runs on the folder. The system lets go of it when the process ends, however that goes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = FileLock(folder / "lock")

    def acquire(self) -> None:
        """Takes the lock.

        Raises:
            StackRunning: another process holds it; the detail names the process and its address.
        """
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise StackRunning(f"Triseek already runs on {self._folder}: {self._who()}.") from error
        self._run.unlink(missing_ok=True)  # of a run that was killed

    def publish(self, run: Run) -> None:
        """Writes `run.json`."""
        write_secret(self._run, json.dumps(asdict(run), indent=2) + "\n")

    def release(self) -> None:
        """Removes `run.json` and lets go."""
        if self._lock.is_locked:
            self._run.unlink(missing_ok=True)
            self._lock.release()

    @property
    def _run(self) -> Path:
        return self._folder / "run.json"

    def _who(self) -> str:
        try:
            run = json.loads(self._run.read_text())
        except (OSError, ValueError):
            return "it is just starting"
        return f"process {run['pid']}, {run['url']}"


def write_secret(path: Path, text: str) -> None:
    """Replaces the file by one that only this user can read, whole or not at all."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)
