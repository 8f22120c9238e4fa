"""Adds when keys were last used, and how much they may ask for."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute("""
ALTER TABLE api_keys
    ADD COLUMN last_used_at TIMESTAMPTZ,
    ADD COLUMN replaced_by TEXT,
    ADD COLUMN requests_per_minute INTEGER,
    ADD COLUMN searches_per_day INTEGER;
CREATE INDEX api_keys_by_prefix ON api_keys (tenant_id, prefix);
""")


def downgrade() -> None:
    op.execute("""
DROP INDEX api_keys_by_prefix;
ALTER TABLE api_keys DROP COLUMN last_used_at, DROP COLUMN replaced_by,
    DROP COLUMN requests_per_minute, DROP COLUMN searches_per_day;
""")
