"""Brings the database to this release's structure."""

import click

from app.db import databases
from app.db import migrate as migrations
from app.db.tenancy import DatabaseRole
from app.settings import Settings


@click.command()
@click.option("--web-password", envvar="TRISEEK_WEB_PASSWORD", help="Lets the role triseek_web log in by it.")
@click.option("--worker-password", envvar="TRISEEK_WORKER_PASSWORD", help="Lets the role triseek_worker log in by it.")
def migrate(web_password: str | None, worker_password: str | None) -> None:
    """Create or upgrade the database's tables, as the role that owns them.

    Needs DATABASE_ADMIN_URL, else DATABASE_URL. Passwords are better told by TRISEEK_WEB_PASSWORD and
    TRISEEK_WORKER_PASSWORD: others can read a command's options.
    """
    url = Settings.from_env().owner_url
    migrations.upgrade(url)
    for role, password in ((DatabaseRole.WEB, web_password), (DatabaseRole.WORKER, worker_password)):
        if password:
            databases.let_in(url, role, password)
    click.echo("The database is up to date.")
