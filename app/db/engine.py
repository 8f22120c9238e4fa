"""The engine and its sessions."""

import psycopg
from pgvector import HalfVector
from pgvector.psycopg.halfvec import HalfVectorBinaryDumper
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session, sessionmaker

# Whoever uses one table needs those that it refers to.
import app.db.job_tables
import app.db.space_tables
import app.db.tables  # noqa: F401
from app.db import tenancy
from app.db.tenancy import DatabaseRole

# An approximate index scan goes on until the statement's LIMIT is reached, whatever a filter drops on the way; the
# ranking statement sorts anyway, and without a strict order more is found (of 200 in a tenth of 100,000: .84, not .66).
HNSW_OPTIONS = "-c hnsw.iterative_scan=relaxed_order"
# Compiling a statement to machine code takes longer than any of ours runs.
OPTIONS = f"{HNSW_OPTIONS} -c jit=off -c timezone=utc"

# A vector goes over the wire as it is, not as text.
psycopg.adapters.register_dumper(HalfVector, HalfVectorBinaryDumper)


def make_engine(database_url: str, *, pool_size: int = 5, role: DatabaseRole | None = None) -> Engine:
    """An engine over psycopg 3; it connects when first used.

    Args:
        database_url: `postgresql://…`, the driver is added where none is named.
        pool_size: connections kept open; twice as many may be opened under load.
        role: what connections take on, and are bound by; whoever logs in is its member. None: that of the login.
    """
    url = database_url.replace("postgresql://", "postgresql+psycopg://", 1)
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        connect_args={"options": OPTIONS + tenancy.options(role), "connect_timeout": 5},
    )
    tenancy.watch(engine, tenancy.otherwise(role))
    return engine


def make_sessions(engine: Engine) -> sessionmaker[Session]:
    """Sessions whose objects stay readable after the commit."""
    return sessionmaker(engine, expire_on_commit=False)
