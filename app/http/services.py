"""What the views work with, made once a process."""

import threading
from dataclasses import dataclass
from typing import Self, cast

from flask import current_app
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from app.catalog.drafting import Drafter
from app.db.engine import make_engine, make_sessions
from app.db.notify import JobWatcher
from app.db.tenancy import DatabaseRole
from app.http.limits import Limits
from app.http.load import Load
from app.jobs.client import JobClient
from app.media.store import MediaStore
from app.settings import Settings

THREADS = 64  # request threads of one web process; most of them only wait for a job
CONNECTIONS = 16  # to the database; a thread that waits holds none


@dataclass(frozen=True, kw_only=True)
class Services:
    """The doors to everything outside the web process; none is opened before its first use."""

    settings: Settings
    engine: Engine
    sessions: sessionmaker[Session]
    jobs: JobClient
    store: MediaStore
    drafter: Drafter
    limits: Limits
    load: Load
    watcher: JobWatcher
    stopping: threading.Event  # set once the process is to end: requests that wait are answered soon

    def close(self) -> None:
        """Ends the listener and closes the connections."""
        self.watcher.stop()
        self.engine.dispose()

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The services that these settings describe."""
        engine = make_engine(settings.database_url, pool_size=CONNECTIONS, role=DatabaseRole.WEB)
        sessions = make_sessions(engine)
        store = MediaStore(settings.media_url)
        return cls(
            settings=settings,
            engine=engine,
            sessions=sessions,
            jobs=JobClient(settings.redis_url, sessions),
            store=store,
            drafter=Drafter(store, settings),
            limits=Limits(settings.redis_url, settings.requests_per_minute),
            load=Load(settings.redis_url, settings.most_waiting_searches),
            watcher=JobWatcher(settings.database_url),
            stopping=threading.Event(),
        )


def services() -> Services:
    """The services of the application that answers this request."""
    return cast(Services, current_app.extensions["triseek"])
