"""Parts embeddings and tokens by catalogue, so that their tables can lie on several servers."""

from alembic import op
from sqlalchemy import text

revision = "0008"
down_revision = "0007"

PARTITIONS = 8
GRAPH = "m = 16, ef_construction = 128"

PARTED = """
ALTER TABLE products ADD CONSTRAINT products_of_catalogue UNIQUE (catalogue_id, id);
ALTER TABLE embeddings RENAME TO embeddings_whole;
ALTER TABLE tokens RENAME TO tokens_whole;
ALTER INDEX embeddings_pkey RENAME TO embeddings_whole_pkey;
ALTER INDEX tokens_pkey RENAME TO tokens_whole_pkey;
CREATE TABLE embeddings (
    catalogue_id BIGINT NOT NULL,
    product_id BIGINT NOT NULL,
    space_id INTEGER NOT NULL REFERENCES embedding_spaces (id),
    modality TEXT NOT NULL CONSTRAINT embeddings_modality CHECK (modality IN ('text', 'image', 'speech')),
    ordinal SMALLINT NOT NULL,
    product_version INTEGER NOT NULL,
    digest TEXT NOT NULL,
    embedding HALFVEC NOT NULL,
    PRIMARY KEY (catalogue_id, product_id, space_id, modality, ordinal),
    FOREIGN KEY (catalogue_id, product_id) REFERENCES products (catalogue_id, id) ON DELETE CASCADE
) PARTITION BY HASH (catalogue_id);
CREATE TABLE tokens (
    catalogue_id BIGINT NOT NULL,
    product_id BIGINT NOT NULL,
    space_id INTEGER NOT NULL,
    modality TEXT NOT NULL,
    ordinal SMALLINT NOT NULL,
    labels TEXT[] NOT NULL,
    vectors HALFVEC NOT NULL,
    PRIMARY KEY (catalogue_id, product_id, space_id, modality, ordinal),
    FOREIGN KEY (catalogue_id, product_id, space_id, modality, ordinal)
        REFERENCES embeddings (catalogue_id, product_id, space_id, modality, ordinal) ON DELETE CASCADE
) PARTITION BY HASH (catalogue_id);
"""
# The vectors are read whole, and half floats do not get smaller.
PARTITION = """
CREATE TABLE {table}_p{number} PARTITION OF {table} FOR VALUES WITH (MODULUS {count}, REMAINDER {number});
"""
MOVED = """
INSERT INTO embeddings (catalogue_id, product_id, space_id, modality, ordinal, product_version, digest, embedding)
SELECT catalogue_id, product_id, space_id, modality, ordinal, product_version, digest, embedding FROM embeddings_whole;
INSERT INTO tokens (catalogue_id, product_id, space_id, modality, ordinal, labels, vectors)
SELECT catalogue_id, product_id, space_id, modality, ordinal, labels, vectors
FROM tokens_whole JOIN embeddings_whole USING (space_id, product_id, modality, ordinal);
DROP TABLE tokens_whole, embeddings_whole;
"""
WHOLE = """
ALTER TABLE embeddings RENAME TO embeddings_parted;
ALTER TABLE tokens RENAME TO tokens_parted;
ALTER INDEX embeddings_pkey RENAME TO embeddings_parted_pkey;
ALTER INDEX tokens_pkey RENAME TO tokens_parted_pkey;
CREATE TABLE embeddings (
    space_id INTEGER NOT NULL REFERENCES embedding_spaces (id),
    product_id BIGINT NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    modality TEXT NOT NULL CONSTRAINT embeddings_modality CHECK (modality IN ('text', 'image', 'speech')),
    ordinal SMALLINT NOT NULL,
    catalogue_id BIGINT NOT NULL,
    product_version INTEGER NOT NULL,
    digest TEXT NOT NULL,
    embedding HALFVEC NOT NULL,
    PRIMARY KEY (space_id, product_id, modality, ordinal)
);
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
ALTER TABLE tokens ALTER COLUMN vectors SET STORAGE EXTERNAL;
INSERT INTO embeddings (space_id, product_id, modality, ordinal, catalogue_id, product_version, digest, embedding)
SELECT space_id, product_id, modality, ordinal, catalogue_id, product_version, digest, embedding FROM embeddings_parted;
INSERT INTO tokens (space_id, product_id, modality, ordinal, labels, vectors)
SELECT space_id, product_id, modality, ordinal, labels, vectors FROM tokens_parted;
DROP TABLE tokens_parted, embeddings_parted;
ALTER TABLE products DROP CONSTRAINT products_of_catalogue;
CREATE INDEX embeddings_by_catalogue ON embeddings (catalogue_id, space_id, modality);
CREATE INDEX embeddings_by_product ON embeddings (product_id);
"""


def upgrade() -> None:
    # Every vector is written anew.
    op.execute("SET LOCAL statement_timeout = 0; SET LOCAL maintenance_work_mem = '512MB'")
    op.execute(PARTED)
    for table in ("embeddings", "tokens"):
        for number in range(PARTITIONS):
            op.execute(PARTITION.format(table=table, number=number, count=PARTITIONS))
    for number in range(PARTITIONS):
        op.execute(f"ALTER TABLE tokens_p{number} ALTER COLUMN vectors SET STORAGE EXTERNAL")
    op.execute(MOVED)
    for space_id, dim in _spaces("state <> 'retired'"):
        for number in range(PARTITIONS):
            for modality in ("text", "image", "speech"):
                _index(f"embeddings_p{number}_s{space_id}_{modality}", f"embeddings_p{number}", space_id, dim, modality)
    op.execute("ANALYZE embeddings; ANALYZE tokens")


def downgrade() -> None:
    op.execute("SET LOCAL statement_timeout = 0; SET LOCAL maintenance_work_mem = '512MB'")
    op.execute(WHOLE)
    for space_id, dim in _spaces("state <> 'retired'"):
        for modality in ("text", "image", "speech"):
            _index(f"embeddings_{space_id}_{modality}", "embeddings", space_id, dim, modality)
    op.execute("ANALYZE embeddings; ANALYZE tokens")


def _spaces(where: str) -> list[tuple[int, int]]:
    rows = op.get_bind().execute(text(f"SELECT id, dim FROM embedding_spaces WHERE {where}"))  # noqa: S608  our own
    return [(int(row.id), int(row.dim)) for row in rows]


def _index(name: str, table: str, space_id: int, dim: int, modality: str) -> None:
    op.execute(
        f"CREATE INDEX {name} ON {table} USING hnsw ((embedding::halfvec({dim})) halfvec_cosine_ops) WITH ({GRAPH})"
        f" WHERE space_id = {space_id} AND modality = '{modality}'"
    )
