"""Checks of what is installed here: Python, the workers' packages, the weights."""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from app.doctor.finding import Finding, Health

OLDEST = (3, 11)
NEEDED = ("celery", "redis", "flask", "psycopg", "pgvector", "sqlalchemy")
WORKERS = ("torch", "torchvision", "transformers", "librosa")
PATIENCE = 120  # seconds for the weights to be read


def python() -> Iterator[Finding]:
    """Python itself."""
    found = sys.version_info[:3]
    health = Health.FINE if found >= OLDEST else Health.BROKEN
    said = ".".join(map(str, found))
    yield Finding(part="Python", health=health, said=said, mend="Triseek needs Python 3.11 or newer.")


def packages() -> Iterator[Finding]:
    """The packages of the web process, and of the workers where they are meant to be."""
    yield _installed("packages", NEEDED, Health.BROKEN, "pip install triseek")
    mend = "On a machine that runs workers: pip install 'triseek[workers]'"
    yield _installed("workers' packages", WORKERS, Health.WARNING, mend)


def _installed(part: str, names: tuple[str, ...], worst: Health, mend: str) -> Finding:
    versions = {name: _version(name) for name in names}
    missing = [name for name, found in versions.items() if found is None]
    said = f"{', '.join(missing)} missing" if missing else ", ".join(f"{name} {versions[name]}" for name in names)
    return Finding(part=part, health=worst if missing else Health.FINE, said=said, mend=mend)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def weights() -> Iterator[Finding]:
    """The default encoders' weights, read in a process apart: this one has no torch."""
    if importlib.util.find_spec("torch") is None:
        return
    command = [sys.executable, "-P", "-m", "workers", "weights", "--json"]
    try:
        # Nothing of a user's is in the command.
        ran = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)  # noqa: S603
        rows = json.loads(ran.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        yield Finding(part="weights", health=Health.BROKEN, said="cannot be read", mend="Run triseek weights.")
        return
    for row in rows:
        health = Health.FINE if row["problem"] is None else Health.BROKEN
        said = row["problem"] or row["source"]
        mend = "Install it anew: pip install --force-reinstall 'triseek[workers]'"
        yield Finding(part=f"weights of {row['name']}", health=health, said=said, mend=mend)
