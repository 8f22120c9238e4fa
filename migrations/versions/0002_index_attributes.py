"""Indexes products' attributes for filters, and lets the planner know them well enough to tell how many match.

Without `fastupdate`: what waits in its list is searched one by one, and an import would slow all filters down.
"""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE products ALTER COLUMN attributes SET STATISTICS 1000")
    with op.get_context().autocommit_block():  # so that uploads go on meanwhile
        op.execute("SET statement_timeout = 0")
        # What an interrupted attempt left is invalid, and nothing uses it.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS products_by_attributes")
        op.execute("""
CREATE INDEX CONCURRENTLY products_by_attributes ON products
    USING gin (attributes jsonb_path_ops) WITH (fastupdate = off)
""")
        op.execute("SET statement_timeout = '60s'")


def downgrade() -> None:
    op.execute("DROP INDEX products_by_attributes")
    op.execute("ALTER TABLE products ALTER COLUMN attributes SET STATISTICS DEFAULT")
