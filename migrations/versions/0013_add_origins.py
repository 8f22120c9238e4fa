"""Adds to jobs and messages which request they come from."""

from alembic import op

revision = "0013"
down_revision = "0011"


def upgrade() -> None:
    op.execute("""
ALTER TABLE jobs ADD COLUMN origin JSONB;
ALTER TABLE outbox ADD COLUMN origin JSONB;
""")


def downgrade() -> None:
    op.execute("""
ALTER TABLE jobs DROP COLUMN origin;
ALTER TABLE outbox DROP COLUMN origin;
""")
