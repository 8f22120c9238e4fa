"""Under which licences everything stands."""

import json
from importlib.metadata import PackageNotFoundError

import pytest
from click.testing import CliRunner

from workers.cli import licences as module
from workers.cli.licences import licences


def test_everything_that_is_installed_has_a_licence_that_is_told() -> None:
    result = CliRunner().invoke(licences, ["--json"])
    assert result.exit_code == 0, result.output
    found = {each["name"].lower(): each["licence"] for each in json.loads(result.output)}
    assert found["triseek"] == "Apache-2.0"
    assert found["flask"] == "BSD-3-Clause"
    assert found["torch"].startswith("Apache-2.0")
    assert found["multilingual-e5-small"] == "MIT"  # weights
    assert "werkzeug" in found  # which Flask needs, and not we
    assert "Apache-2.0" in CliRunner().invoke(licences).output


def test_what_says_nothing_is_told_and_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KNOWN", {})
    result = CliRunner().invoke(licences)
    assert result.exit_code == 1
    assert "unknown" in result.output


def test_an_extra_that_is_not_installed_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = module.distribution

    def without_torch(name: str) -> object:
        if name == "torch":
            raise PackageNotFoundError(name)
        return whole(name)

    monkeypatch.setattr(module, "distribution", without_torch)
    found = {each["name"] for each in json.loads(CliRunner().invoke(licences, ["--json"]).output)}
    assert "torch" not in found
    assert "flask" in {name.lower() for name in found}
