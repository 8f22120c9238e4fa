"""The programs of ours that a stack runs beside its servers."""

import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from app.db.tenancy import DatabaseRole
from app.errors import ServiceFailed
from app.local.family import Program
from app.settings import metrics_port_from_env

HOST = "127.0.0.1"
THREADS = 64  # request threads of the web process; most of them only wait for a job
# Seconds that an idle connection stays open: longer than clients and proxies keep theirs (nginx a minute), or one would
# send a request into a connection that is just being closed.
KEPT_ALIVE = "75"
DEFAULTS = {
    # One compute thread a process: the workers run side by side, and a search must not wait for an import's threads.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "PYTHONUNBUFFERED": "1",
    # Celery warns root of pickled messages; ours are JSON.
    "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
}


def services(urls: Mapping[str, str], logins: Mapping[DatabaseRole, str], port: int, folder: Path) -> list[Program]:
    """The web process and the workers.

    Args:
        urls: `DATABASE_URL`, of the role that owns the tables, `REDIS_URL` and `MEDIA_URL`.
        logins: the database as web and workers log in.
        port: where the web process listens, on this machine only.
        folder: the data folder; their working folder is inside it, so that no module is found by chance.
    """
    place = folder / "services"
    place.mkdir(mode=0o700, exist_ok=True)
    commands = {
        "web": _web(port),
        "query": _worker("query", ["workers.tasks.search"], processes=1),
        "embed": _worker("embed,check,reindex", ["workers.tasks.embed", "workers.tasks.spaces"], processes=1),
        "import": _worker("import", ["workers.tasks.imports"], processes=2, level="warning"),
        "upkeep": _upkeep(place),
    }
    return [
        Program(
            name=name,
            command=command,
            environ=_environ(name, urls, logins) | _metrics(number),
            defaults=DEFAULTS,
            folder=place,
        )
        for number, (name, command) in enumerate(commands.items())
    ]


def _environ(name: str, urls: Mapping[str, str], logins: Mapping[DatabaseRole, str]) -> dict[str, str]:
    """A program's URLs: who builds indexes knows the owner's login, nobody else."""
    role = DatabaseRole.WEB if name == "web" else DatabaseRole.WORKER
    admin = urls["DATABASE_URL"] if name == "upkeep" else ""
    return {**urls, "DATABASE_URL": logins[role], "DATABASE_ADMIN_URL": admin}


def _metrics(number: int) -> dict[str, str]:
    """The port at which a worker tells its figures: the one that is set, for the first of them, and those after it."""
    first = metrics_port_from_env()
    return {"TRISEEK_METRICS_PORT": str(first + number - 1)} if first and number else {}


def _web(port: int) -> list[str]:
    worker = ["--worker-class", "app.http.worker.PacedWorker", "--workers", "1", "--threads", str(THREADS)]
    options = ["--bind", f"{HOST}:{port}", *worker, "--limit-request-line", "8190"]
    limits = ["--timeout", "120", "--graceful-timeout", "5", "--keep-alive", KEPT_ALIVE, "--no-control-socket"]
    limits += ["--logger-class", "app.http.server_log.ServerLog"]
    return [sys.executable, "-P", "-m", "gunicorn", "app.wsgi:application", *options, *limits]


def _worker(queues: str, modules: list[str], *, processes: int, level: str = "info") -> list[str]:
    options = [
        "-Q",
        queues,
        "-I",
        ",".join(modules),
        "-c",
        str(processes),
        "-n",
        f"{queues.partition(',')[0]}@%h",
        "-l",
        level,
    ]
    # There is one worker a queue: none to ask for its clock or to listen to.
    quiet = ["--without-mingle", "--without-gossip"]
    return [sys.executable, "-P", "-m", "celery", "-q", "-A", "workers.celery", "worker", *options, *quiet]


def _upkeep(place: Path) -> list[str]:
    return [
        *_worker("upkeep,fetch", ["workers.tasks.upkeep"], processes=3, level="warning"),
        "-B",
        "-s",
        str(place / "beat"),
    ]


def free_port(wanted: int | None) -> int:
    """The wanted port, or any that is free.

    Raises:
        ServiceFailed: the wanted port is taken.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted or 0))
        except OSError as error:
            raise ServiceFailed(f"Port {wanted} on {HOST} cannot be used: {error.strerror}.") from error
        port: int = probe.getsockname()[1]
        return port
