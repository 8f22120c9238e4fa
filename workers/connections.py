"""What every worker process is connected to: database, broker, media store."""

from dataclasses import dataclass
from functools import cache

from sqlalchemy.orm import Session, sessionmaker

from app.db.engine import make_engine, make_sessions
from app.jobs.client import JobClient
from app.media.store import MediaStore
from app.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Connections:
    """A process's connections; none is opened before it is used."""

    settings: Settings
    sessions: sessionmaker[Session]
    jobs: JobClient
    store: MediaStore

    @classmethod
    def of(cls, settings: Settings) -> "Connections":
        """The connections that these settings name."""
        sessions = make_sessions(make_engine(settings.database_url, pool_size=2))
        jobs = JobClient(settings.redis_url, sessions)
        return cls(settings=settings, sessions=sessions, jobs=jobs, store=MediaStore(settings.media_url))


@cache
def connections() -> Connections:
    """This process's connections."""
    return Connections.of(Settings.from_env())
