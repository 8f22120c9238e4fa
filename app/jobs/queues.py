"""What waits in each queue: by the truth of the database, whatever became of its messages."""

from sqlalchemy.orm import Session

from app.db import waiting
from app.db.waiting import Waiting
from app.jobs.names import SERVED, Queue
from app.types import JobKind

QUEUE_OF_KIND = {
    JobKind.SEARCH: Queue.QUERY,
    JobKind.REPLAY: Queue.QUERY,
    JobKind.IMPORT: Queue.IMPORT,
    JobKind.REINDEX: Queue.REINDEX,
    JobKind.VERIFY: Queue.REINDEX,
    JobKind.UPKEEP: Queue.UPKEEP,
}


def waiting_by_queue(session: Session) -> dict[Queue, Waiting]:
    """How much waits in each queue, and for how long the oldest has."""
    found: dict[Queue, list[Waiting]] = {queue: [] for queue in SERVED}
    for (kind, is_dry), own in waiting.jobs(session).items():
        queue = QUEUE_OF_KIND.get(kind)
        if queue is not None:
            found[Queue.CHECK if queue is Queue.IMPORT and is_dry else queue].append(own)
    found[Queue.EMBED].append(waiting.products(session))
    return {queue: _together(own) for queue, own in found.items()}


def _together(all_of_them: list[Waiting]) -> Waiting:
    return Waiting(
        count=sum(each.count for each in all_of_them), seconds=max((each.seconds for each in all_of_them), default=0.0)
    )
