import socket
from pathlib import Path

import pytest

from app.db.tenancy import DatabaseRole
from app.errors import ServiceFailed
from app.local.services import HOST, free_port, services

URLS = {"DATABASE_URL": "d", "REDIS_URL": "r", "MEDIA_URL": "m"}
LOGINS = {DatabaseRole.WEB: "w", DatabaseRole.WORKER: "k"}


def test_search_and_embedding_have_a_worker_each(tmp_path: Path) -> None:
    commands = {program.name: " ".join(program.command) for program in services(URLS, LOGINS, 8000, tmp_path)}
    assert "-Q query -I workers.tasks.search " in commands["query"]
    assert "-Q embed,check,reindex -I workers.tasks.embed,workers.tasks.spaces " in commands["embed"]
    assert "-Q import -I workers.tasks.imports " in commands["import"]
    assert "-Q upkeep,fetch -I workers.tasks.upkeep " in commands["upkeep"]
    assert f"--bind {HOST}:8000 " in commands["web"]


def test_every_program_is_told_the_urls(tmp_path: Path) -> None:
    for program in services(URLS, LOGINS, 8000, tmp_path):
        assert {**program.environ, "DATABASE_URL": "d"}.items() >= URLS.items()


def test_each_program_logs_in_as_what_it_is_and_only_who_builds_indexes_as_the_owner(tmp_path: Path) -> None:
    told = {program.name: program.environ for program in services(URLS, LOGINS, 8000, tmp_path)}
    assert {name: environ["DATABASE_URL"] for name, environ in told.items()} == {
        "web": "w",
        **dict.fromkeys(("query", "embed", "import", "upkeep"), "k"),
    }
    assert {name for name, environ in told.items() if environ["DATABASE_ADMIN_URL"]} == {"upkeep"}


def test_a_port_that_is_taken_is_named() -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(ServiceFailed, match=f"Port {taken} on 127.0.0.1"):
            free_port(taken)


def test_any_free_port_is_taken_unless_told() -> None:
    assert free_port(None) > 1023
