"""Brings the database to this release's structure."""

import click

from app.db import migrate as migrations
from app.settings import Settings


@click.command()
def migrate() -> None:
    """Create or upgrade the database's tables, as the role that owns them.

    Needs DATABASE_ADMIN_URL, else DATABASE_URL.
    """
    migrations.upgrade(Settings.from_env().owner_url)
    click.echo("The database is up to date.")
