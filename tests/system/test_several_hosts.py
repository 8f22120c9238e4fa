"""Several machines over one PostgreSQL, one Valkey and one media store: each does all of it, and one may go."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.cli.server import running
from app.client import Client
from app.local.servers import Servers
from app.settings import child_environ
from app.types import JobState
from tests.workers.pictures import encoded, halves

LEASE = 5  # seconds after which what a host left is taken over
PATIENCE = 120.0  # seconds
PRODUCTS = 60
PICTURE = encoded(halves(), "PNG")


@dataclass(frozen=True)
class Host:
    """The web process and the workers of one machine."""

    client: Client
    head: "subprocess.Popen[bytes]"

    def vanish(self) -> None:
        """Ends everything on it at once, as a power cut does."""
        self.head.kill()
        self.head.wait()


@contextmanager
def _host(folder: Path, environ: dict[str, str]) -> Iterator[Host]:
    command = [sys.executable, "-c", "from app.cli.main import triseek; triseek()", "up", "--data", str(folder)]
    head = subprocess.Popen(command, env=child_environ(environ), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + PATIENCE
        while (run := running(folder)) is None:
            assert head.poll() is None, "it has ended"
            assert time.monotonic() < until, "it is not up"
            time.sleep(0.1)
        with Client(run["url"], run["key"]) as client:
            yield Host(client, head)
    finally:
        head.terminate()
        head.wait(30)


@pytest.fixture
def environ(tmp_path: Path) -> Iterator[dict[str, str]]:
    """What both machines are told."""
    with Servers(tmp_path / "servers") as servers:
        yield {
            "DATABASE_URL": servers.database_url,
            "REDIS_URL": servers.redis_url,
            "MEDIA_URL": str(tmp_path / "media"),
            "TRISEEK_LEASE_SECONDS": str(LEASE),
        }


@pytest.mark.slow
def test_what_one_takes_the_other_finds_and_finishes(tmp_path: Path, environ: dict[str, str]) -> None:
    lines = [f'{{"sku": "A{number}", "title": "Lamp number {number}"}}\n'.encode() for number in range(PRODUCTS)]
    with _host(tmp_path / "a", environ) as first, _host(tmp_path / "b", environ) as second:
        job = first.client.add_product("shop", {"sku": "P1", "title": "Red square"}, images=[PICTURE])["job"]
        assert second.client.wait(job["id"]).state is JobState.SUCCEEDED
        answers = [host.client.search("shop", text="red square")["hits"] for host in (first, second)]
        assert answers[0] == answers[1]
        assert answers[0][0]["sku"] == "P1"
        found = second.client.search("shop", image=PICTURE)
        assert found["hits"][0]["sku"] == "P1"

        imported = first.client.import_file("shop", lines)
        first.vanish()
        assert second.client.wait(imported.id).document["progress"]["done"] == PRODUCTS
        assert second.client.search("shop", text="Lamp number 7")["hits"][0]["sku"] == "A7"
