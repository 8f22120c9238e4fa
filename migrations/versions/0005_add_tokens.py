"""Adds tokens: vectors of the words, cells and stretches that products are made of, for the re-rank."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("""
CREATE TABLE tokens (
    space_id INTEGER NOT NULL,
    product_id BIGINT NOT NULL,
    modality TEXT NOT NULL,
    ordinal SMALLINT NOT NULL,
    labels TEXT[] NOT NULL,
    vectors HALFVEC NOT NULL,
    PRIMARY KEY (product_id, space_id, modality, ordinal),
    FOREIGN KEY(space_id, product_id, modality, ordinal)
        REFERENCES embeddings (space_id, product_id, modality, ordinal) ON DELETE CASCADE
);
-- The vectors are read whole, and half floats do not get smaller.
ALTER TABLE tokens ALTER COLUMN vectors SET STORAGE EXTERNAL;
""")


def downgrade() -> None:
    op.execute("DROP TABLE tokens")
