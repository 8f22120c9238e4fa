"""Sends what a transaction put into the outbox, once it has committed."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from app.db import outbox
from app.db.durability import need_not_wait
from app.db.job_tables import OutboxMessage
from app.jobs.names import QUEUE_OF_TASK, Task

log = logging.getLogger(__name__)

# Longer than any task may run (see workers/celery.py), or a second worker would get a message that the first still has.
VISIBILITY_TIMEOUT = 3600  # seconds
TRANSPORT_OPTIONS = {
    "visibility_timeout": VISIBILITY_TIMEOUT,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "retry_on_timeout": True,
}
# A request does not wait for a broker that is away: the sweeper sends later what it could not.
GIVE_UP_SOON = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "connect_retries_timeout": 1}


def broker_url(redis_url: str) -> str:
    """The Redis URL as Celery wants it: a unix socket's scheme is `redis+socket`."""
    return redis_url.replace("unix://", "redis+socket://", 1)


class JobClient:
    """Sends task messages and runs transactions whose messages go out after the commit."""

    def __init__(self, redis_url: str, sessions: sessionmaker[Session]) -> None:
        self._celery = Celery("triseek-client", broker=broker_url(redis_url), set_as_current=False)
        self._celery.conf.broker_transport_options = TRANSPORT_OPTIONS | GIVE_UP_SOON
        self.sessions = sessions

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One transaction: commits at the end of the block, then sends what `enqueue` put into the outbox."""
        with self.sessions() as session:
            with session.begin():
                yield session
            messages = session.info.pop("outbox", [])
            if messages:
                self._send_and_remove(session, messages)

    def send(self, messages: Iterable[OutboxMessage]) -> list[int]:
        """Sends messages until one cannot be sent; returns the outbox ids of those that the broker has."""
        sent = []
        try:
            for message in messages:
                queue = QUEUE_OF_TASK[Task(message.task)]
                self._celery.send_task(
                    message.task, args=message.arguments, queue=queue, retry=False, ignore_result=True
                )
                sent.append(message.id)
        except OperationalError:
            # Nothing is lost: what is still in the outbox is sent by the sweeper.
            log.warning("The broker cannot be reached; %s waits in the outbox", message.task)
        return sent

    def _send_and_remove(self, session: Session, messages: Sequence[OutboxMessage]) -> None:
        sent = self.send(messages)
        if sent:
            with session.begin():
                need_not_wait(session)  # what were still there would be sent once more
                outbox.remove(session, sent)


def enqueue(session: Session, task: Task, *arguments: Sequence[Any]) -> None:
    """Puts one message of this task for each list of arguments into the outbox, to be sent after the commit."""
    session.info.setdefault("outbox", []).extend(outbox.add(session, task, arguments))
