"""The web process and a worker as they are run, told to log as JSON, to trace, and to tell their figures."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.db.engine import make_engine, make_sessions
from app.keys.service import KeyWish, create, first_tenant
from app.local.servers import Servers
from app.local.services import DEFAULTS, free_port
from app.settings import child_environ
from app.types import Scope
from tests.conftest import cloned
from tests.system.observed.collector import Collector, collecting

DATABASE = "test_observed"
PASSWORD = "pw-of-the-database-5c1d"
METRICS_TOKEN = "token-of-prometheus-77a0"
PATIENCE = 60.0  # seconds
WEB = (
    "gunicorn",
    "app.wsgi:application",
    "--worker-class",
    "gthread",
    "--threads",
    "4",
    "--no-control-socket",
    "--access-logfile",
    "-",
)
WORKER = ("celery", "-q", "-A", "workers.celery", "worker", "-Q", "import,upkeep", "-c", "1", "-l", "info", "-B")
MODULES = "workers.tasks.imports,workers.tasks.upkeep"


@dataclass(frozen=True)
class Observed:
    """What is asked, and where it tells."""

    http: httpx.Client
    key: str
    database_url: str
    metrics_url: str  # of the worker
    logs: Path  # with a file each of `web` and `worker`
    collector: Collector
    worker: "subprocess.Popen[bytes]"
    environ: dict[str, str]

    def records(self, part: str) -> list[dict[str, Any]]:
        """What a part has logged, each line an object."""
        return [json.loads(line) for line in self.text(part).splitlines()]

    def text(self, part: str) -> str:
        return (self.logs / part).read_text()

    def figure(self, series: str) -> float:
        """One of the worker's figures."""
        lines = httpx.get(self.metrics_url).text.splitlines()
        return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{series} ")), 0.0)

    def run_worker(self, environ: dict[str, str], missing: str = "-") -> "subprocess.CompletedProcess[str]":
        """Another worker that is to end by itself, of which a package is missing."""
        program = f"import sys; sys.modules[{missing!r}] = None; sys.argv = {[*WORKER[:-1], '-I', MODULES]!r}"
        command = [sys.executable, "-P", "-c", f"{program}; from celery.__main__ import main; main()"]
        return subprocess.run(
            command, env=self.environ | environ, capture_output=True, text=True, timeout=60, check=False
        )

    def import_nothing(self, request_id: str) -> dict[str, Any]:
        """An import without a row that could be taken; its job as it ended."""
        headers = {"Content-Type": "application/x-ndjson", "X-Request-Id": request_id}
        path, body = "/v1/catalogues/shop/imports", b'{"sku": "secret-sku-91", "nonsense": true}\n'
        job = self.http.post(path, content=body, headers=headers).raise_for_status().json()["job"]
        ended: dict[str, Any] = self.http.get(f"/v1/jobs/{job['id']}?wait=30", timeout=40).json()
        assert ended["state"] == "failed", ended
        return ended


def wait_until(is_so: Any) -> None:
    until = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.1)


@pytest.fixture(scope="package")
def observed(servers: Servers, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    folder = tmp_path_factory.mktemp("observed")
    port, metrics_port = free_port(None), free_port(None)
    with _database(servers, template) as url, collecting() as collector:
        environ = child_environ(
            {
                "DATABASE_URL": url,
                "REDIS_URL": servers.redis_url.replace("?", "") + "?db=3",
                "MEDIA_URL": str(folder / "media"),
                "TRISEEK_LOG_FORMAT": "json",
                "TRISEEK_TRACES": "1",
                "TRISEEK_TASK_EVENTS": "1",
                "TRISEEK_METRICS_PORT": str(metrics_port),
                "TRISEEK_METRICS_TOKEN": METRICS_TOKEN,
                "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
                "OTEL_BSP_SCHEDULE_DELAY": "200",
            },
            DEFAULTS,
        )
        web = (*WEB, "--bind", f"127.0.0.1:{port}", "--logger-class", "app.http.server_log.ServerLog")
        worker = (*WORKER, "-I", MODULES, "-s", str(folder / "beat"))
        client = httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {_key(url)}"})
        with (
            _running("web", web, environ, folder),
            _running("worker", worker, environ, folder) as process,
            client as http,
        ):
            metrics_url = f"http://127.0.0.1:{metrics_port}/metrics"
            own = Observed(
                http, client.headers["Authorization"][7:], url, metrics_url, folder, collector, process, environ
            )
            wait_until(lambda: _answers(own))
            yield own


def _answers(own: Observed) -> bool:
    with suppress(httpx.TransportError):
        return bool(own.http.get("/health/ready").json()["workers"]["upkeep"])
    return False


@contextmanager
def _database(servers: Servers, template: str) -> Iterator[str]:
    with cloned(servers, template, DATABASE) as url:
        # No password is asked for on this socket; the processes do not know that.
        yield url.replace("@", f":{PASSWORD}@", 1)


def _key(database_url: str) -> str:
    engine = make_engine(database_url)
    with make_sessions(engine).begin() as session:
        key = create(session, first_tenant(session), KeyWish(name="tests", scopes=list(Scope))).key
    engine.dispose()
    return key


@contextmanager
def _running(
    name: str, command: tuple[str, ...], environ: dict[str, str], folder: Path
) -> Iterator["subprocess.Popen[bytes]"]:
    with (folder / name).open("w") as log:
        program = [sys.executable, "-P", "-m", *command]
        process = subprocess.Popen(program, env=environ, stdout=log, stderr=log, start_new_session=True)
        try:
            yield process
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
            process.wait()
