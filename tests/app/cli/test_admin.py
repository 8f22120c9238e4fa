"""Administrators' commands: against a server that listens, and jobs whose ends are written as a worker would."""

import io
import json
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image
from sqlalchemy import text

from app.cli.main import triseek
from app.client import Client
from app.db import spaces
from app.doctor.servers import database
from app.types import Modality, SpaceKey
from tests.app.conftest import Listening
from tests.conftest import Services


@pytest.fixture
def space_id(services: Services) -> int:
    with services.sessions.begin() as session:
        encoders = {modality: f"{modality}@1" for modality in Modality}
        space = spaces.find_or_create(session, SpaceKey(encoders=encoders, alignment="0" * 64, dim=4))
        spaces.activate(session, space)
        return space.id


def _run(listening: Listening, *arguments: str, code: int = 0, answer: str | None = None) -> str:
    server = ["--url", listening.url, "--key", listening.key]
    result = CliRunner().invoke(triseek, [*arguments, *server], input=answer)
    assert result.exit_code == code, result.output
    return result.output


def test_spaces_are_listed_activated_and_gone_back_from(
    listening: Listening, services: Services, space_id: int
) -> None:
    with services.sessions.begin() as session:
        encoders = {modality: f"{modality}@2" for modality in Modality}
        other = spaces.find_or_create(session, SpaceKey(encoders=encoders, alignment="1" * 64, dim=4))
        other.state = "ready"
        session.flush()
        new = other.id
    assert [each["id"] for each in json.loads(_run(listening, "spaces", "list", "--json"))] == [space_id, new]
    assert "active" in _run(listening, "spaces", "list")
    assert f"Space {new} answers searches now." in _run(listening, "spaces", "activate", str(new))
    assert json.loads(_run(listening, "spaces", "rollback", "--json"))["id"] == space_id
    _run(listening, "spaces", "retire", str(new), code=1, answer="n\n")
    for refused in ("4711", str(space_id)):
        assert "Remove all" not in _run(listening, "spaces", "retire", refused, code=2, answer="")
    assert "is retired" in _run(listening, "spaces", "retire", str(new), answer="y\n")
    assert "is retired" in _run(listening, "spaces", "activate", str(new), code=2)
    actions = [entry["action"] for entry in json.loads(_run(listening, "audit", "--json"))]
    assert actions == ["space.retire", "space.rollback", "space.activate"]
    assert "space.rollback" in _run(listening, "audit")


@pytest.mark.usefixtures("space_id")
def test_a_catalogue_is_counted_and_exported(listening: Listening, client: Client, tmp_path: Path) -> None:
    client.add_product("shop", {"sku": "a", "title": "Lamp", "price": 5, "attributes": {"colour": "red"}})
    client.add_product("shop", {"sku": "b", "title": "Chair", "images": [{"url": "http://example.com/a.jpg"}]})
    assert json.loads(_run(listening, "catalogue", "stats", "shop", "--json"))["products"]["total"] == 2
    assert "2 (0 ready, 2 pending, 0 failed)" in _run(listening, "catalogue", "stats", "shop")
    lines = tmp_path / "shop.ndjson"
    _run(listening, "catalogue", "export", "shop", str(lines), "--no-media")
    rows = [json.loads(line) for line in lines.read_text().splitlines()]
    assert rows == [
        {"sku": "a", "title": "Lamp", "attributes": {"colour": "red"}, "price": 5},
        {"sku": "b", "title": "Chair", "images": [{"url": "http://example.com/a.jpg"}]},
    ]


@pytest.mark.usefixtures("space_id")
def test_an_exported_catalogue_can_be_imported(listening: Listening, client: Client, tmp_path: Path) -> None:
    client.add_product("shop", {"sku": "a", "title": "Lamp"}, images=[_picture()])
    file = tmp_path / "shop.zip"
    _run(listening, "catalogue", "export", "shop", str(file))
    with zipfile.ZipFile(file) as archive:
        (row,) = [json.loads(line) for line in archive.read("catalogue.ndjson").splitlines()]
        assert archive.read(row["images"][0]["upload"]) == _picture()
    job = client.import_file("copy", file)
    assert (job.kind, job.state) == ("import", "queued")


@pytest.mark.usefixtures("space_id")
def test_what_is_to_be_erased_must_be_said(listening: Listening, client: Client) -> None:
    client.add_product("shop", {"sku": "a", "title": "Lamp"})
    _run(listening, "erase", code=2)
    _run(listening, "erase", "shop", "--everything", code=2)
    _run(listening, "erase", "shop", "a", code=1, answer="n\n")
    assert client.get_product("shop", "a")["title"] == "Lamp"


@pytest.mark.usefixtures("space_id")
def test_a_reindex_says_what_is_wrong_before_anything_is_built(listening: Listening, tmp_path: Path) -> None:
    judged = tmp_path / "judged"
    judged.mkdir()
    (judged / "queries.jsonl").write_text('{"id": "1", "modality": "text", "text": "lamp", "relevant": ["a"]}')
    wrong = {
        "there is no folder": ["--page", str(tmp_path / "nothing" / "page.html")],
        "goes with --verify": ["--judged-in", "shop"],
        "Say with --judged-in": ["--verify", str(judged)],
        "There is no catalogue": ["--verify", str(judged), "--judged-in", "nothing"],
        "it has no card.json": ["--alignment", str(judged)],
        "does not exist": ["--alignment", str(tmp_path / "nothing")],
    }
    for said, options in wrong.items():
        assert said.replace(" ", "") in "".join(_run(listening, "reindex", *options, code=2).split()), said


def test_what_cannot_be_backed_up_or_restored_is_said(tmp_path: Path, services: Services) -> None:
    file = tmp_path / "file"
    file.write_text("")
    settings = services.settings
    environ = {"DATABASE_URL": settings.database_url, "MEDIA_URL": settings.media_url}
    result = CliRunner().invoke(triseek, ["backup", str(file)], env=environ)
    assert (result.exit_code, "cannot be written" in result.output) == (2, True)
    result = CliRunner().invoke(triseek, ["restore", str(tmp_path), "--data", str(tmp_path / "new")])
    assert (result.exit_code, "has no backup" in result.output) == (2, True)
    assert not (tmp_path / "new").exists()


def test_a_backup_is_for_nobody_else_to_read(tmp_path: Path, services: Services) -> None:
    environ = {"DATABASE_URL": services.settings.database_url, "MEDIA_URL": services.settings.media_url}
    target = tmp_path / "backups"
    result = CliRunner().invoke(triseek, ["backup", str(target)], env=environ)
    assert result.exit_code == 0, result.output
    made = [target, *target.rglob("*")]
    assert len(made) > 3
    assert [each for each in made if each.stat().st_mode & 0o077] == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_are_told_how_to_complete(shell: str) -> None:
    result = CliRunner().invoke(triseek, ["completion", shell])
    assert (result.exit_code, "_TRISEEK_COMPLETE" in result.output) == (0, True)


@pytest.mark.usefixtures("space_id")
def test_the_doctor_finds_what_is_broken(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = services.settings
    monkeypatch.setattr("app.doctor.programs.weights", lambda: iter(()))  # tested by themselves
    for name in ("database_url", "redis_url", "media_url"):
        monkeypatch.setenv(name.upper(), getattr(settings, name))
    result = CliRunner().invoke(triseek, ["doctor", "--json", "--data", "nowhere"])
    assert result.exit_code == 0, result.output
    found = {each["part"]: each for each in json.loads(result.output)}
    varying = ("broker", "room for media", "login")  # tests log in as the owner
    assert {each["health"] for part, each in found.items() if part not in varying} == {"fine"}
    assert found["embedding spaces"]["said"] == "1 active"
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    result = CliRunner().invoke(triseek, ["doctor", "--data", "nowhere"])
    assert result.exit_code == 1
    assert "REDIS_URL" in result.output


@pytest.mark.usefixtures("space_id")
def test_the_doctor_sees_whether_the_tables_are_of_this_release(services: Services) -> None:
    with services.sessions.begin() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    broken = [each for each in database(services.settings.database_url) if each.health == "broken"]
    assert [(each.part, each.mend) for each in broken] == [("tables", "Run triseek migrate.")]


def _picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(file, "PNG")
    return file.getvalue()
