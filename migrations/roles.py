"""The roles that web and workers are, and what each of them may do. Said anew after every migration.

Neither owns a table, is a superuser, or passes by row-level security. Whoever logs in for one is made its member:
`CREATE ROLE shop_web LOGIN PASSWORD '…' IN ROLE triseek_web`.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, text

READ, CHANGE = "SELECT", "SELECT, INSERT, UPDATE, DELETE"
COMMON = {
    "alembic_version": READ,
    "tenants": READ,
    "searchable_products": READ,
    **dict.fromkeys(
        (
            "audit_log",
            "backfill_ranges",
            "catalogues",
            "embedding_spaces",
            "idempotency_keys",
            "job_errors",
            "jobs",
            "media",
            "outbox",
            "product_media",
            "products",
            "removals",
            "webhook_deliveries",
            "webhooks",
        ),
        CHANGE,
    ),
}
PRIVILEGES: Mapping[str, Mapping[str, str]] = {
    "triseek_web": {
        **COMMON,
        "waiting": READ,
        "embeddings": READ,
        "tokens": READ,
        "recall_checks": READ,
        "api_keys": "SELECT, INSERT, UPDATE",
    },
    "triseek_worker": {**COMMON, "embeddings": CHANGE, "tokens": CHANGE, "recall_checks": CHANGE},
}
DOORS = {"triseek_web": ("valid_key(bytea)", "valid_key(bigint)")}

# Another database of the same server may be migrated at the same time. Who owns the tables can take a role on as well,
# where the roles are of their making: one login is enough for a small server.
MAKE = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
        CREATE ROLE {role} NOLOGIN;
    END IF;
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        GRANT {role} TO CURRENT_USER;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
        RAISE;
    END IF;
END $$
"""


def provide(connection: Connection) -> None:
    """Makes the roles where the server has none, and lets them do what they need, as far as the tables are there."""
    for role, privileges in PRIVILEGES.items():
        connection.execute(text(MAKE.format(role=role)))
        for table, allowed in privileges.items():
            if _is_there(connection, "to_regclass", table):
                connection.execute(text(f"GRANT {allowed} ON {table} TO {role}"))
        for door in DOORS.get(role, ()):
            if _is_there(connection, "to_regprocedure", door):
                connection.execute(text(f"GRANT EXECUTE ON FUNCTION {door} TO {role}"))


def _is_there(connection: Connection, look_up: str, name: str) -> bool:
    return connection.scalar(text(f"SELECT {look_up}(:name) IS NOT NULL"), {"name": name}) is True
