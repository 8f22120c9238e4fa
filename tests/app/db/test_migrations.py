import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from app.db.migrate import upgrade
from app.db.tables import Table
from tests.conftest import Services


def test_migrations_end_in_the_tables_that_the_code_knows(services: Services) -> None:
    with services.sessions() as session:
        context = MigrationContext.configure(session.connection())
        assert compare_metadata(context, Table.metadata) == []


def test_migrating_twice_changes_nothing(services: Services) -> None:
    upgrade(services.settings.database_url)
    with services.sessions() as session:
        assert session.scalar(sqlalchemy.text("SELECT version_num FROM alembic_version")) == "0002"
