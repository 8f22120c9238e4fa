"""Checks of the servers: PostgreSQL, Valkey, the media store, and what the workers make of them."""

import shutil
import uuid
from collections.abc import Iterator

import redis
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from app.db import inspection
from app.db.engine import make_engine
from app.db.migrate import migration_config
from app.doctor.finding import Finding, Health
from app.errors import TriseekError
from app.jobs.names import Queue
from app.media.store import MediaStore

OLDEST_POSTGRES = 150_000  # as server_version_num; NULLS NOT DISTINCT came with it
OLDEST_VECTOR = (0, 8)  # iterative scans came with it
LITTLE_ROOM = 2 * 2**30  # bytes
WAITING = 1_000  # messages from which a queue is told of
SECONDS = 3.0
GIGABYTE = 2**30
MEGABYTE = 2**20


def database(database_url: str) -> Iterator[Finding]:
    """PostgreSQL: reachable, new enough, migrated, with a space that answers."""
    engine = make_engine(database_url, pool_size=1)
    try:
        yield from _database(engine, database_url)
    except SQLAlchemyError as error:
        said = str(getattr(error, "orig", error)).strip().splitlines()[0]
        mend = "Start PostgreSQL, or set DATABASE_URL to where it is: postgresql://user@host/name."
        yield Finding(part="PostgreSQL", health=Health.BROKEN, said=said, mend=mend)
    finally:
        engine.dispose()


def login(database_url: str) -> Iterator[Finding]:
    """Whether who logs in for web and workers is bound by row-level security; nothing where it cannot be asked."""
    engine = make_engine(database_url, pool_size=1)
    try:
        with engine.connect() as connection:
            is_unbound = inspection.is_unbound(connection)
    except SQLAlchemyError:
        return
    finally:
        engine.dispose()
    yield Finding(
        part="login",
        health=_unless(is_unbound, Health.WARNING),
        said="owns the tables" if is_unbound else "is bound by row-level security",
        mend="Give web and workers logins of their own: see app/docs/deployment.md, Secrets.",
    )


def replica(database_url: str, replica_url: str) -> Iterator[Finding]:
    """The standby that searches may read: reachable, of this database, and how far behind."""
    mend = "Point DATABASE_REPLICA_URL to a streaming standby of DATABASE_URL, or unset it. The primary answers alone."
    engines = make_engine(database_url, pool_size=1), make_engine(replica_url, pool_size=1)
    try:
        with engines[0].connect() as primary, engines[1].connect() as standby:
            behind = inspection.bytes_behind(primary, standby)
    except SQLAlchemyError as error:
        said = str(getattr(error, "orig", error)).strip().splitlines()[0]
        yield Finding(part="replica", health=Health.WARNING, said=said, mend=mend)
        return
    finally:
        for engine in engines:
            engine.dispose()
    said = "is no standby of the database" if behind is None else f"{behind / MEGABYTE:.1f} MB behind"
    yield Finding(part="replica", health=_unless(behind is None, Health.WARNING), said=said, mend=mend)


def _database(engine: Engine, database_url: str) -> Iterator[Finding]:
    with engine.connect() as connection:
        found = inspection.versions(connection)
        yield Finding(
            part="PostgreSQL",
            health=_unless(found.postgres_number < OLDEST_POSTGRES, Health.BROKEN),
            said=found.postgres,
            mend="Triseek needs PostgreSQL 15 or newer.",
        )
        numbers = tuple(int(part) for part in (found.vector or "0").split(".")[:2])
        yield Finding(
            part="pgvector",
            health=_unless(numbers < OLDEST_VECTOR, Health.BROKEN),
            said=found.vector or "is not there",
            mend="Install pgvector 0.8 or newer, then: ALTER EXTENSION vector UPDATE.",
        )
        wanted = ScriptDirectory.from_config(migration_config(database_url)).get_current_head()
        is_old = found.revision != wanted
        said = f"revision {found.revision}" + (f", this release's is {wanted}" if is_old else "")
        health = _unless(is_old, Health.BROKEN)
        yield Finding(part="tables", health=health, said=said, mend="Run triseek migrate.")
        if not is_old:
            yield from _content(connection)


def _content(connection: Connection) -> Iterator[Finding]:
    spaces = inspection.spaces_by_state(connection)
    yield Finding(
        part="embedding spaces",
        health=_unless("active" not in spaces, Health.BROKEN),
        said=", ".join(f"{count} {state}" for state, count in spaces.items()) or "none",
        mend="Start an embed or a query worker: the first one makes a space.",
    )
    failed, late = inspection.count_failed(connection), inspection.count_late(connection)
    yield Finding(
        part="products",
        health=_unless(failed > 0, Health.WARNING),
        said=f"{failed} could not be embedded",
        mend="triseek products list CATALOGUE --state failed says why; triseek products retry CATALOGUE tries again.",
    )
    yield Finding(
        part="outbox",
        health=_unless(late > 0, Health.WARNING),
        said=f"{late} messages are late",
        mend="Messages wait for the broker: is it there, and the upkeep worker with --beat?",
    )


def _unless(is_wrong: bool, worst: Health) -> Health:
    return worst if is_wrong else Health.FINE


def broker(redis_url: str) -> Iterator[Finding]:
    """Valkey or Redis: reachable, never dropping messages, its queues."""
    try:
        client = redis.Redis.from_url(redis_url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS)
        with client:
            said = str(client.info("server").get("redis_version"))
            policy = client.config_get("maxmemory-policy").get("maxmemory-policy", "noeviction")
            lengths = {str(queue): int(client.llen(str(queue))) for queue in Queue}
    except (redis.RedisError, ValueError) as error:
        mend = "Start Valkey or Redis, or set REDIS_URL to where it is: redis://host:6379/0."
        yield Finding(part="broker", health=Health.BROKEN, said=str(error), mend=mend)
        return
    health = Health.FINE if policy == "noeviction" else Health.WARNING
    mend = "Set maxmemory-policy to noeviction: a broker that is full must not drop messages."
    yield Finding(part="broker", health=health, said=f"{said}, {policy}", mend=mend)
    long = {name: count for name, count in lengths.items() if count > WAITING}
    told = ", ".join(f"{count} in {name}" for name, count in long.items()) or "nothing waits long"
    mend = "Are the workers of these queues running, and enough of them?"
    yield Finding(part="queues", health=Health.WARNING if long else Health.FINE, said=told, mend=mend)


def media(media_url: str) -> Iterator[Finding]:
    """The media store: can be written and read, and has room."""
    path = f"doctor/{uuid.uuid4().hex}"
    try:
        store = MediaStore(media_url)
        store.put_derived(path, b"triseek")
        found = store.get_derived(path)
        store.remove_derived(path)
    except (TriseekError, OSError, ValueError, ImportError) as error:
        mend = "Set MEDIA_URL to a folder that every process can write, or to s3://bucket/prefix with its credentials."
        yield Finding(part="media store", health=Health.BROKEN, said=str(error), mend=mend)
        return
    health = Health.FINE if found == b"triseek" else Health.BROKEN
    yield Finding(part="media store", health=health, said=media_url, mend="What is written there is not read again.")
    if "://" not in media_url:
        yield room("room for media", media_url)


def room(part: str, folder: str) -> Finding:
    """How much room a disk has."""
    free = shutil.disk_usage(folder).free
    health = Health.FINE if free > LITTLE_ROOM else Health.WARNING
    return Finding(part=part, health=health, said=f"{free / GIGABYTE:.1f} GB", mend="Make room on that disk.")
