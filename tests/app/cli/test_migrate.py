"""`triseek migrate`: the tables, and the logins of web and workers."""

import psycopg
import pytest
from click.testing import CliRunner
from sqlalchemy import make_url

from app.cli.main import triseek
from app.doctor.finding import Health
from app.doctor.servers import login
from tests.conftest import Services


def test_roles_log_in_once_they_have_passwords(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    url = services.settings.database_url
    monkeypatch.setenv("DATABASE_ADMIN_URL", url)
    monkeypatch.setenv("TRISEEK_WEB_PASSWORD", "it's; a 'secret'")
    for name in ("database_url", "redis_url", "media_url"):
        monkeypatch.setenv(name.upper(), getattr(services.settings, name))
    migrated = CliRunner().invoke(triseek, ["migrate"])
    assert migrated.exit_code == 0, migrated.output
    as_web = make_url(url).set(username="triseek_web").render_as_string()
    with psycopg.connect(as_web) as connection:
        assert connection.execute("SELECT session_user").fetchone() == ("triseek_web",)
    assert [each.health for each in login(as_web)] == [Health.FINE]
    assert [each.health for each in login(url)] == [Health.WARNING]
    assert list(login("postgresql://nobody@127.0.0.1:1/none")) == []
