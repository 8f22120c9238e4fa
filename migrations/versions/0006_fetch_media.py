"""Lets pictures and recordings be known by their address until a worker has fetched them; counts what was encoded."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("""
ALTER TABLE product_media ALTER COLUMN digest DROP NOT NULL, ADD COLUMN url TEXT, ADD COLUMN problem TEXT;
ALTER TABLE product_media ADD CONSTRAINT product_media_source CHECK (digest IS NOT NULL OR url IS NOT NULL);
ALTER TABLE jobs ADD COLUMN encoded INTEGER NOT NULL DEFAULT 0;
CREATE INDEX product_media_unfetched ON product_media (product_id) WHERE digest IS NULL AND problem IS NULL;
""")


def downgrade() -> None:
    op.execute("""
DELETE FROM product_media WHERE digest IS NULL;
DROP INDEX product_media_unfetched;
ALTER TABLE jobs DROP COLUMN encoded;
ALTER TABLE product_media DROP CONSTRAINT product_media_source;
ALTER TABLE product_media ALTER COLUMN digest SET NOT NULL, DROP COLUMN url, DROP COLUMN problem;
""")
