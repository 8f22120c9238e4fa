"""Lets PostgreSQL itself keep tenants apart: row-level security, and the few doors through it."""

from alembic import op

revision = "0012"
down_revision = "0011"

OWN = ("api_keys", "audit_log", "catalogues", "idempotency_keys", "jobs", "removals", "webhooks")
OF_CATALOGUES = ("products", "embeddings", "tokens")
OF_ROWS = {
    "product_media": ("product_id", "products"),
    "job_errors": ("job_id", "jobs"),
    "webhook_deliveries": ("webhook_id", "webhooks"),
}
CATALOGUES = "catalogue_id IN (SELECT id FROM catalogues WHERE tenant_id = (SELECT acting_tenant()))"
ALL = "(SELECT acts_for_all())"
# Of what is no statistic of a column the planner supposes that it is rarely null, and that half of it is true: so
# written, plans and counts are for nearly all rows, as they were without policies.
PASSES = f"nullif({ALL} OR {{own}}, false) IS NOT NULL"

# Whom a transaction acts for is its setting `triseek.tenant`: an id, or `every`, which only a worker may say, and
# whoever owns the tables. In sub-selects, so that they are asked once a statement.
WHO = """
CREATE FUNCTION acting_tenant() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN current_setting('triseek.tenant', true) ~ '^[0-9]{1,18}$'
        THEN CAST(current_setting('triseek.tenant', true) AS bigint) END
$$;
CREATE FUNCTION acts_for_all() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT current_setting('triseek.tenant', true) = 'every' AND (
        pg_has_role(current_user, 'triseek_worker', 'MEMBER')
        OR pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = CAST('products' AS regclass)), 'USAGE')
    )
$$;
"""
# A key is looked up before anybody knows whose it is.
DOORS = """
CREATE FUNCTION valid_key(wanted bytea) RETURNS SETOF api_keys LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
    SELECT * FROM api_keys WHERE digest = wanted AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
$$;
CREATE FUNCTION valid_key(wanted bigint) RETURNS SETOF api_keys LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
    SELECT * FROM api_keys WHERE id = wanted AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
$$;
REVOKE EXECUTE ON FUNCTION valid_key(bytea), valid_key(bigint) FROM PUBLIC;
"""
# Numbers that say nothing of a tenant.
FIGURES = """
CREATE VIEW waiting AS
    SELECT kind AS what, state, count(*) AS count, min(queued_at) AS oldest
    FROM jobs WHERE state IN ('queued', 'running') GROUP BY kind, state
    UNION ALL
    SELECT 'product', 'queued', count(*), min(queued_at)
    FROM products WHERE version > embedded_version AND version > failed_version;
"""
# Under a policy PostgreSQL uses no index for operators that could tell of rows they were shown, those of JSON, words
# and trigrams among them. A view that is not a barrier, of its owner's rights, keeps tenants apart and uses them.
OWN_CATALOGUES = PASSES.format(own=CATALOGUES)
SEARCHABLE = f"CREATE VIEW searchable_products AS SELECT * FROM products WHERE {OWN_CATALOGUES};"  # noqa: S608  no text of a user's


def upgrade() -> None:
    op.execute(WHO + DOORS + FIGURES + SEARCHABLE)
    _isolate("tenants", "id = (SELECT acting_tenant())")
    for table in OWN:
        _isolate(table, "tenant_id = (SELECT acting_tenant())")
    for table in OF_CATALOGUES:
        _isolate(table, CATALOGUES)
    _isolate("embedding_spaces", f"catalogue_id IS NULL OR {CATALOGUES}")
    for table, (column, parent) in OF_ROWS.items():
        # Under the parent's own policy.
        _isolate(table, f"EXISTS (SELECT FROM {parent} WHERE {parent}.id = {table}.{column})")
    # Of whoever runs the server: workers, who may make no tenant, find it there.
    op.execute("INSERT INTO tenants (name) VALUES ('default') ON CONFLICT DO NOTHING")
    # What an administrator could do was done for the only tenant, who runs the server.
    op.execute("UPDATE api_keys SET scopes = scopes || '{operate}' WHERE 'admin' = ANY (scopes)")


def downgrade() -> None:
    op.execute("UPDATE api_keys SET scopes = array_remove(scopes, 'operate')")
    for table in ("tenants", *OWN, *OF_CATALOGUES, "embedding_spaces", *OF_ROWS):
        op.execute(f"DROP POLICY isolated ON {table}; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;")
    op.execute("""
DROP VIEW searchable_products;
DROP VIEW waiting;
DROP FUNCTION valid_key(bytea), valid_key(bigint), acts_for_all(), acting_tenant();
""")


def _isolate(table: str, own: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    passes = PASSES.format(own=own)
    op.execute(f"CREATE POLICY isolated ON {table} USING ({passes})")
