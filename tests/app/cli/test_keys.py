"""Keys from a shell."""

import json

import pytest
from click.testing import CliRunner

from app.cli.main import triseek
from app.db import audit, tenants
from tests.conftest import Services


@pytest.fixture(autouse=True)
def _environment(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("database_url", "redis_url", "media_url"):
        monkeypatch.setenv(name.upper(), getattr(services.settings, name))


def _run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(triseek, ["keys", *arguments])
    assert result.exit_code == code, result.output
    return result.output.strip()


def _states() -> dict[str, str]:
    return {each["prefix"]: each["state"] for each in json.loads(_run("list", "--json"))}


def test_a_key_is_made_rotated_and_revoked() -> None:
    old = _run("create", "--name", "page", "--scope", "search", "--days", "30")
    new = _run("rotate", old[:10])
    assert _states() == {old[:10]: "valid", new[:10]: "valid"}
    last = _run("rotate", new[:10], "--grace", "0")
    assert _states()[new[:10]] == "expired"
    assert _run("revoke", last[:10]) == "Revoked 1."
    assert _states()[last[:10]] == "revoked"
    assert "page" in _run("list")


def test_what_was_made_is_in_the_audit_log(services: Services) -> None:
    old = _run("create", "--name", "page", "--scope", "search", "--days", "30")[:10]
    new = _run("rotate", old)[:10]
    with services.sessions() as session:
        entries = audit.page(session, tenants.find_or_create(session, "default"), before=None, limit=2)
        rotated, created = [(each.action, each.subject, each.detail) for each in entries]
    assert created == ("key.create", old, {"scopes": ["search"], "expires_in_days": 30})
    assert rotated == ("key.rotate", old, {"by": new})


def test_a_key_that_is_not_there_is_told() -> None:
    assert "No valid key begins with 'ts_nothing'" in _run("revoke", "ts_nothing", code=2)
    assert "No valid key begins with 'ts_nothing'" in _run("rotate", "ts_nothing", code=2)


def test_a_whole_key_names_itself_and_a_rotated_one_is_not_rotated_again() -> None:
    old = _run("create", "--name", "page")
    new = _run("rotate", old)
    assert f"{new[:10]} is in its place" in _run("rotate", old[:10], code=2)


@pytest.mark.parametrize(
    "options",
    [
        ["create", "--name", ""],
        ["create", "--name", "x" * 201],
        ["create", "--name", "a", "--per-minute", "99999999999"],
        ["create", "--name", "a", "--days", "3651"],
        ["rotate", "ts_1234567", "--grace", "99999999"],
    ],
)
def test_what_no_key_can_have_is_refused(options: list[str]) -> None:
    assert "Invalid value" in _run(*options, code=2)


def test_without_a_database_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL")
    assert "DATABASE_URL is not set" in _run("list", "--data", "nowhere", code=2)
