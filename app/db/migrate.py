"""Brings a database to the newest structure."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.orm import Session

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def upgrade(database_url: str, revision: str = "head") -> None:
    """Runs every migration that the database has not seen, one process at a time."""
    command.upgrade(migration_config(database_url), revision)


def is_behind(session: Session) -> bool:
    """Whether the database lacks a migration that this release brings; what a newer one brought does no harm."""
    there = session.scalar(text("SELECT to_regclass('alembic_version')"))
    revision = session.scalar(text("SELECT version_num FROM alembic_version")) if there else None
    return revision is None or revision in _older()


@cache
def _older() -> frozenset[str]:
    """This release's revisions but the newest."""
    scripts = ScriptDirectory.from_config(migration_config(""))
    return frozenset(script.revision for script in scripts.walk_revisions()) - {scripts.get_current_head() or ""}


def migration_config(database_url: str) -> Config:
    """Alembic's configuration for this database; there is no alembic.ini."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["database_url"] = database_url
    return config
