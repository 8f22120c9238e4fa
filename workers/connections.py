"""What every worker process is connected to: database, broker, media store."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from app.db.engine import make_engine, make_sessions
from app.db.replica import Replica
from app.db.tenancy import DatabaseRole
from app.jobs.client import JobClient
from app.media.store import MediaStore
from app.settings import Settings

POOL = 2  # connections of a process to a database


@dataclass(frozen=True, kw_only=True)
class Connections:
    """A process's connections; none is opened before it is used."""

    settings: Settings
    engine: Engine
    owner: Engine  # of the database as the role that owns its tables: to build and remove indexes, to vacuum
    sessions: sessionmaker[Session]
    jobs: JobClient
    store: MediaStore
    replica: Replica | None = None  # that searches may read

    @classmethod
    def of(cls, settings: Settings) -> "Connections":
        """The connections that these settings name."""
        engine = make_engine(settings.database_url, pool_size=POOL, role=DatabaseRole.WORKER)
        sessions = make_sessions(engine)
        return cls(
            settings=settings,
            engine=engine,
            owner=make_engine(settings.owner_url, pool_size=POOL),
            sessions=sessions,
            jobs=JobClient(settings.redis_url, sessions),
            store=MediaStore(settings.media_url),
            replica=_replica(engine, settings),
        )

    def close(self) -> None:
        """Closes those to databases."""
        self.engine.dispose()
        self.owner.dispose()
        if self.replica is not None:
            self.replica.close()


def _replica(primary: Engine, settings: Settings) -> Replica | None:
    if not settings.database_replica_url:
        return None
    staleness = timedelta(seconds=settings.replica_staleness_seconds)
    return Replica(primary, settings.database_replica_url, staleness, pool_size=POOL)


@cache
def connections() -> Connections:
    """This process's connections."""
    return Connections.of(Settings.from_env())
