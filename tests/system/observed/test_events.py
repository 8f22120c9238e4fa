"""What Flower lives by."""

from celery import Celery

from app.jobs.client import broker_url
from tests.system.observed.conftest import Observed

WANTED = {"task-received", "task-started", "task-succeeded"}
MOST = 200  # events


def test_workers_tell_what_they_do_where_that_is_set(observed: Observed) -> None:
    told: set[str] = set()
    watcher = Celery("watcher", broker=broker_url(observed.environ["REDIS_URL"]), set_as_current=False)
    with watcher.connection() as connection:
        receiver = watcher.events.Receiver(connection, handlers={"*": lambda event: note(event["type"])})

        def note(kind: str) -> None:
            told.add(kind)
            receiver.should_stop = told >= WANTED

        receiver.capture(limit=MOST, timeout=20)  # beat sends a task every two seconds
    assert told >= WANTED
