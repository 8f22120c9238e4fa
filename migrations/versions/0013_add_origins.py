"""Adds to jobs and messages which request they come from; tells for how long what waits has waited, and where."""

from alembic import op

revision = "0013"
down_revision = "0012"

# Numbers that say nothing of a tenant. An age is since the client asked: what is sent again is no younger for it.
WAITING = """
DROP VIEW waiting;
CREATE VIEW waiting AS
    SELECT kind AS what, state, coalesce(request @> '{"dry_run": true}', false) AS is_dry,
        count(*) AS count, min(created_at) AS oldest
    FROM jobs WHERE state IN ('queued', 'running') GROUP BY kind, state, is_dry
    UNION ALL
    SELECT 'product', 'queued', false, count(*), (
        SELECT min(first.updated_at) FROM (
            SELECT updated_at FROM products WHERE version > embedded_version AND version > failed_version
            ORDER BY queued_at LIMIT 1000
        ) AS first
    )
    FROM products WHERE version > embedded_version AND version > failed_version;
"""
BEFORE = """
DROP VIEW waiting;
CREATE VIEW waiting AS
    SELECT kind AS what, state, count(*) AS count, min(queued_at) AS oldest
    FROM jobs WHERE state IN ('queued', 'running') GROUP BY kind, state
    UNION ALL
    SELECT 'product', 'queued', count(*), min(queued_at)
    FROM products WHERE version > embedded_version AND version > failed_version;
"""


def upgrade() -> None:
    op.execute("""
ALTER TABLE jobs ADD COLUMN origin JSONB;
ALTER TABLE outbox ADD COLUMN origin JSONB;
""")
    op.execute(WAITING)


def downgrade() -> None:
    op.execute(BEFORE)
    op.execute("""
ALTER TABLE jobs DROP COLUMN origin;
ALTER TABLE outbox DROP COLUMN origin;
""")
