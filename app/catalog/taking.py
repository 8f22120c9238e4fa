"""What is done with the rows of a file: products are made of them, unless it is a dry run."""

import time
from collections.abc import Callable, Mapping
from typing import Protocol

from sqlalchemy.orm import Session

from app.catalog import service
from app.catalog.batches import Batch
from app.catalog.drafting import Drafter
from app.db import embeddings, jobs
from app.db.job_tables import Job
from app.jobs.client import JobClient
from app.media.store import MediaStore
from app.settings import Settings

SLICE = 600.0  # seconds that one task reads; others wait meanwhile
MOST_PENDING = 2_000  # products that may wait to be embedded before more are read: the file waits, not the broker
PAUSE = 0.5  # seconds between two looks


class Taking(Protocol):
    """What is done with the rows of a file."""

    drafter: Drafter
    longest: float  # seconds in one go; then others have their turn

    def examine(self, job: Job, batch: Batch, renew: Callable[[], None]) -> tuple[Batch, Mapping[str, float]]:
        """The batch without rows that turn out to be wrong, and what is to be added up over all batches."""

    def take(self, session: Session, job: Job, batch: Batch) -> None:
        """Writes what is right."""

    def wait(self, client: JobClient, job: Job) -> bool:
        """Waits until more may be read; False if the job has ended or another attempt has it."""


class TakingIn:
    """Makes products of rows.

    Args:
        store: where pictures and recordings go.
        settings: how large they may be.
        is_stopping: whether the worker is to end: then nothing is waited for.
    """

    def __init__(self, store: MediaStore, settings: Settings, is_stopping: Callable[[], bool]) -> None:
        self.drafter, self.longest, self._is_stopping = Drafter(store, settings), SLICE, is_stopping

    def examine(self, job: Job, batch: Batch, renew: Callable[[], None]) -> tuple[Batch, Mapping[str, float]]:  # noqa: ARG002
        """The batch as it is: pictures and recordings are decoded when they are embedded."""
        return batch, {}

    def take(self, session: Session, job: Job, batch: Batch) -> None:
        """Writes the products."""
        service.put_batch(session, int(job.catalogue_id or 0), job.id, [draft for _, draft in batch.drafts])

    def wait(self, client: JobClient, job: Job) -> bool:
        """Waits while many products wait to be embedded."""
        while not self._is_stopping():
            with client.transaction() as session:
                if embeddings.count_pending(session, MOST_PENDING) < MOST_PENDING:
                    return True
                if jobs.renew(session, job.id, job.attempts) is None:
                    return False
            time.sleep(PAUSE)
        return True
