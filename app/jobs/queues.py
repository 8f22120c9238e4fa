"""What waits in each queue: by the truth of the database, whatever became of its messages."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.db import waiting
from app.db.waiting import PRODUCT, Waiting
from app.jobs.names import SERVED, Queue
from app.types import JobKind

# Jobs of products wait for them, not for a worker.
QUEUE_OF = {
    PRODUCT: Queue.EMBED,
    JobKind.SEARCH: Queue.QUERY,
    JobKind.REPLAY: Queue.QUERY,
    JobKind.IMPORT: Queue.IMPORT,
    JobKind.REINDEX: Queue.REINDEX,
    JobKind.VERIFY: Queue.REINDEX,
    JobKind.UPKEEP: Queue.UPKEEP,
}


@dataclass(frozen=True, kw_only=True)
class QueueState:
    """How much waits in a queue, and for how long the oldest has."""

    count: int
    seconds: float


def states(session: Session) -> dict[Queue, QueueState]:
    """Of every queue."""
    found: dict[Queue, list[Waiting]] = {queue: [] for queue in SERVED}
    for each in waiting.everything(session):
        queue = QUEUE_OF.get(each.what)
        if queue is not None:
            found[Queue.CHECK if queue is Queue.IMPORT and each.is_dry else queue].append(each)
    return {
        queue: QueueState(
            count=sum(each.count for each in own), seconds=max((each.seconds for each in own), default=0.0)
        )
        for queue, own in found.items()
    }
