"""Adds the words that products are found by, and what each catalogue says of them.

The words of products that are there already are written by the upkeep task, as after a change of settings.
"""

from alembic import op

revision = "0003"
down_revision = "0002"

INDEXES = {
    "products_by_words": "USING gin (words) WITH (fastupdate = off)",
    "products_by_title": "USING gin (title gin_trgm_ops) WITH (fastupdate = off)",
    "products_by_names": "USING gin (names) WITH (fastupdate = off)",
}


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.execute("""
ALTER TABLE catalogues
    ADD COLUMN searchable TEXT[],
    ADD COLUMN synonyms JSONB DEFAULT '[]' NOT NULL,
    ADD COLUMN words_version INTEGER DEFAULT 1 NOT NULL,
    ADD COLUMN words_indexed INTEGER DEFAULT 1 NOT NULL,
    ADD COLUMN words_queued_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL
""")
    op.execute("UPDATE catalogues SET words_indexed = 0, words_queued_at = 'epoch'")
    op.execute("""
ALTER TABLE products
    ADD COLUMN words TSVECTOR DEFAULT '' NOT NULL,
    ADD COLUMN names TEXT[] DEFAULT '{}' NOT NULL,
    ADD COLUMN words_version INTEGER DEFAULT 0 NOT NULL,
    ALTER COLUMN words SET STATISTICS 1000
""")
    with op.get_context().autocommit_block():  # so that uploads go on meanwhile
        op.execute("SET statement_timeout = 0")
        for name, what in INDEXES.items():
            # What an interrupted attempt left is invalid, and nothing uses it.
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON products {what}")
        op.execute("SET statement_timeout = '60s'")


def downgrade() -> None:
    op.execute("DROP INDEX products_by_words, products_by_title, products_by_names")
    op.execute("ALTER TABLE products DROP COLUMN words, DROP COLUMN names, DROP COLUMN words_version")
    op.execute("""
ALTER TABLE catalogues DROP COLUMN searchable, DROP COLUMN synonyms, DROP COLUMN words_version,
    DROP COLUMN words_indexed, DROP COLUMN words_queued_at
""")
    op.execute("DROP EXTENSION pg_trgm")
