import os
import pwd
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
import redis

from app.local import root
from app.local.root import RootWay
from app.local.servers import Servers

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has a way to choose")


def socket_folder_of(servers: Servers) -> Path:
    return Path(parse_qs(urlsplit(servers.database_url).query)["host"][0])


def test_both_servers_answer_on_closed_sockets_and_keep_their_data(tmp_path: Path) -> None:
    with Servers(tmp_path / "data") as servers:
        sockets = socket_folder_of(servers)
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        assert stat.S_IMODE((tmp_path / "data" / "postgres").stat().st_mode) == 0o700
        with psycopg.connect(servers.database_url) as connection:
            connection.execute("CREATE EXTENSION vector")
            connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        with redis.Redis.from_url(servers.redis_url) as client:
            client.set("kept", "7")
    assert not sockets.exists()

    with Servers(tmp_path / "data") as servers:
        with psycopg.connect(servers.database_url) as connection:
            assert connection.execute("SELECT number FROM kept").fetchone() == (7,)
        with redis.Redis.from_url(servers.redis_url) as client:
            assert client.get("kept") == b"7"


def test_a_server_whose_url_is_given_is_not_started(tmp_path: Path) -> None:
    with Servers(tmp_path / "theirs") as theirs:
        with Servers(tmp_path / "own", database_url=theirs.database_url) as servers:
            assert servers.database_url == theirs.database_url
            assert not (tmp_path / "own" / "postgres").exists()
            with redis.Redis.from_url(servers.redis_url) as client:
                assert client.ping()
        with psycopg.connect(theirs.database_url) as connection:  # still there
            assert connection.execute("SELECT 1").fetchone() == (1,)
        with Servers(tmp_path / "none", database_url=theirs.database_url, redis_url=theirs.redis_url) as servers:
            assert servers.redis_url == theirs.redis_url
            servers.revive()
        assert list((tmp_path / "none").iterdir()) == []


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can pass through, which pytest's own are not."""
    with tempfile.TemporaryDirectory(prefix="triseek-test-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def assert_answers(folder: Path, way: RootWay) -> None:
    with Servers(folder, root_way=way) as servers, psycopg.connect(servers.database_url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


@as_root
def test_root_runs_postgresql_in_a_user_namespace(tmp_path: Path) -> None:
    if not root.namespaces_work():
        pytest.skip("user namespaces are refused here")
    assert_answers(tmp_path / "data", RootWay.NAMESPACE)
    assert (tmp_path / "data" / "postgres").stat().st_uid == 0


@as_root
def test_root_runs_postgresql_as_nobody_in_the_data_folder_and_may_change_its_way(open_folder: Path) -> None:
    data = open_folder / "data"
    assert_answers(data, RootWay.NOBODY)
    assert (data / "postgres").stat().st_uid == pwd.getpwnam("nobody").pw_uid
    if root.namespaces_work():
        assert_answers(data, RootWay.NAMESPACE)
        assert (data / "postgres").stat().st_uid == 0


@as_root
def test_root_runs_postgresql_elsewhere_when_nobody_cannot_reach_the_data_folder(
    tmp_path: Path, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(root, "STATE", open_folder)
    assert_answers(tmp_path / "data", RootWay.NOBODY)
    assert [path.name for path in open_folder.glob("*/postgres")] == ["postgres"]
