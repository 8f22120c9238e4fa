"""Sees to what was lost or left over: messages, searches and products that should have moved on by now."""

from datetime import timedelta

from app.db import catalogues, embeddings, idempotency, open_jobs, outbox, recall
from app.jobs.client import JobClient, enqueue
from app.jobs.names import Task, import_task, search_task
from app.spaces.overdue import sweep_spaces
from app.types import JobKind

UNSENT_FOR = timedelta(seconds=5)  # a message goes out right after its commit
SEARCH_QUEUED_FOR = timedelta(seconds=15)  # somebody waits; a second message for one search costs next to nothing
SEARCH_RUNNING_FOR = timedelta(seconds=120)  # past a search's hard time limit
LEASES_QUEUED = 5  # leases after which what no worker has taken is sent again: a queue may be long
WORDS_QUEUED_FOR = timedelta(minutes=5)
ANSWERS_KEPT_FOR = timedelta(days=1)
RECALL_KEPT_FOR = timedelta(days=30)
EMBED_BATCH = 32  # products in one message
AT_ONCE = 1000  # rows of one kind seen to in one sweep


def sweep(client: JobClient, lease: timedelta) -> None:
    """Sends again what is overdue. Every task can bear to run twice.

    Args:
        client: sends.
        lease: in which a worker would have shown that it is still at work on an import or a product.
    """
    queued = LEASES_QUEUED * lease
    with client.transaction() as session:
        messages = outbox.overdue(session, UNSENT_FOR, AT_ONCE)
        outbox.remove(session, client.send(messages))
    with client.transaction() as session:
        searches = open_jobs.requeue_overdue(
            session, JobKind.SEARCH, queued=SEARCH_QUEUED_FOR, running=SEARCH_RUNNING_FOR, limit=AT_ONCE
        )
        for job in searches:
            enqueue(session, search_task(job.request), [str(job.id)])
    with client.transaction() as session:
        imports = open_jobs.requeue_overdue(session, JobKind.IMPORT, queued=queued, running=lease, limit=AT_ONCE)
        for job in imports:
            enqueue(session, import_task(job.request), [str(job.id)])
    for task, unfetched in ((Task.EMBED_PRODUCTS, False), (Task.FETCH_MEDIA, True)):
        with client.transaction() as session:
            waiting = embeddings.requeue_overdue(
                session, queued=queued, running=lease, limit=AT_ONCE, unfetched=unfetched
            )
            batches = [waiting[start : start + EMBED_BATCH] for start in range(0, len(waiting), EMBED_BATCH)]
            enqueue(session, task, *[[batch] for batch in batches])
    with client.transaction() as session:
        own = open_jobs.requeue_overdue(session, JobKind.UPKEEP, queued=queued, running=lease, limit=AT_ONCE)
        enqueue(session, Task.UPKEEP_JOB, *[[str(job.id)] for job in own])
    sweep_spaces(client, queued=queued, running=lease, most=AT_ONCE)
    with client.transaction() as session:
        changed = catalogues.requeue_unindexed(session, WORDS_QUEUED_FOR, AT_ONCE)
        enqueue(session, Task.INDEX_WORDS, *[[catalogue_id] for catalogue_id in changed])
        idempotency.forget(session, ANSWERS_KEPT_FOR)
        recall.forget(session, RECALL_KEPT_FOR)
