"""Brings the database to this release's structure."""

import click

from app.db import migrate as migrations
from app.settings import Settings


@click.command()
def migrate() -> None:
    """Create or upgrade the database's tables (needs DATABASE_URL, or DATABASE_ADMIN_URL of who may change them)."""
    settings = Settings.from_env()
    migrations.upgrade(settings.database_admin_url or settings.database_url)
    click.echo("The database is up to date.")
