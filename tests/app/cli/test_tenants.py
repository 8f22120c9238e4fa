"""Tenants from a shell."""

import json

import pytest
from click.testing import CliRunner

from app.catalog import service
from app.catalog.drafts import ProductDraft
from app.cli.main import triseek
from app.db import catalogues, tenants
from tests.conftest import Services


@pytest.fixture(autouse=True)
def _environment(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("database_url", "redis_url", "media_url"):
        monkeypatch.setenv(name.upper(), getattr(services.settings, name))


def _run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(triseek, arguments)
    assert result.exit_code == code, result.output
    return result.output.strip()


def test_a_tenant_is_made_with_a_key_of_its_own_and_makes_others() -> None:
    first = _run("tenants", "create", "shoes")
    second = _run("keys", "create", "--name", "page", "--tenant", "shoes")
    listed = json.loads(_run("keys", "list", "--tenant", "shoes", "--json"))
    assert [(each["prefix"], each["scopes"]) for each in listed] == [
        (first[:10], ["search", "write", "admin"]),
        (second[:10], ["search"]),
    ]
    assert json.loads(_run("keys", "list", "--json")) == []  # of whoever runs the server
    found = {each["name"]: each["keys"] for each in json.loads(_run("tenants", "list", "--json"))}
    assert found == {"default": 0, "shoes": 2}
    assert "shoes" in _run("tenants", "list")


def test_a_tenant_goes_once_it_has_nothing_left(services: Services) -> None:
    _run("tenants", "create", "shoes")
    with services.sessions.begin() as session:
        tenant = tenants.find_or_create(session, "shoes")
        service.put(session, tenant, "shop", ProductDraft(sku="a", title="A"))
    assert "erase --everything" in _run("tenants", "remove", "shoes", "--yes", code=2)
    with services.sessions.begin() as session:
        catalogues.remove(session, catalogues.of_tenant(session, tenant))
    assert _run("tenants", "remove", "shoes", "--yes") == "Removed shoes."
    assert "no tenant 'shoes'" in _run("keys", "list", "--tenant", "shoes", code=2)


@pytest.mark.parametrize(
    ("name", "told"), [("", "cannot be a tenant's name"), ("a b", "cannot be a tenant's name"), ("twice", "already")]
)
def test_what_cannot_be_made_is_told(name: str, told: str) -> None:
    _run("tenants", "create", "twice")
    assert told in _run("tenants", "create", name, code=2)


def test_the_tenant_that_runs_the_server_stays() -> None:
    assert "runs the server" in _run("tenants", "remove", "default", "--yes", code=2)
