"""What can be set from outside."""

from pathlib import Path

import pytest

from app.errors import SettingsInvalid
from app.settings import Settings, urls_from_env

URLS = {"DATABASE_URL": "postgresql://a/b", "REDIS_URL": "redis://a", "MEDIA_URL": "/media"}


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("postgresql://user:secret@host/triseek\n")
    environ = {**URLS, "DATABASE_URL": "", "DATABASE_URL_FILE": str(file)}
    assert Settings.from_env(environ).database_url == "postgresql://user:secret@host/triseek"
    assert urls_from_env(environ)["DATABASE_URL"] == "postgresql://user:secret@host/triseek"


def test_a_variable_goes_before_its_file(tmp_path: Path) -> None:
    environ = {**URLS, "DATABASE_URL_FILE": str(tmp_path / "missing")}
    assert Settings.from_env(environ).database_url == "postgresql://a/b"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing")
    with pytest.raises(SettingsInvalid, match=rf"REDIS_URL_FILE='{missing}' cannot be read"):
        Settings.from_env({**URLS, "REDIS_URL": "", "REDIS_URL_FILE": missing})


def test_what_is_missing_or_wrong_is_named() -> None:
    with pytest.raises(SettingsInvalid, match=r"REDIS_URL is not set; TRISEEK_THREADS='many' is not a whole number"):
        Settings.from_env({**URLS, "REDIS_URL": "", "TRISEEK_THREADS": "many"})
