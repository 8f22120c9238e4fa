"""The tasks that see to what was lost or left over, what is to follow a change of settings, or is to be fetched."""

from datetime import timedelta
from uuid import UUID

from app.catalog.settings import index_words
from app.db.engine import make_sessions
from app.db.upkeep import analyze_changed
from app.jobs.names import Task
from app.jobs.upkeep import sweep as sweep_once
from app.removal.collecting import collect, forget_jobs
from app.removal.service import remove_due
from app.removal.upkeep_jobs import run
from app.search.fetching import fetch_query
from app.spaces.indexing import clear_space, index_adopted, index_space
from app.webhooks.delivery import deliver_due
from workers.celery import celery
from workers.connections import connections

UNFINISHED_FOR = timedelta(days=1)


@celery.task(name=str(Task.SWEEP), soft_time_limit=60, time_limit=90)
def sweep() -> None:
    """Sends again what should have happened by now, and lets the planner look again at what has changed much."""
    own = connections()
    sweep_once(own.jobs, timedelta(seconds=own.settings.lease_seconds))
    with make_sessions(own.owner).begin() as session:
        analyze_changed(session)


@celery.task(name=str(Task.TIDY))
def tidy() -> None:
    """Removes files that were begun and never ended, jobs that ended long ago, and bytes that nothing needs."""
    own = connections()
    own.store.remove_partial(UNFINISHED_FOR.total_seconds())
    forget_jobs(own.sessions, timedelta(days=own.settings.keep_jobs_days))
    collect(own.sessions, own.store)


@celery.task(name=str(Task.REMOVE_DUE))
def remove() -> None:
    """Takes products out of frozen answers that were deleted."""
    with connections().jobs.transaction() as session:
        remove_due(session)


@celery.task(name=str(Task.UPKEEP_JOB))
def upkeep_job(job_id: str) -> None:
    """Runs what an administrator asked for to keep the stores tidy."""
    own = connections()
    run(own.owner, own.jobs, own.store, UUID(job_id))


@celery.task(name=str(Task.DELIVER), soft_time_limit=60, time_limit=90)
def deliver() -> None:
    """Tells webhooks of what has ended."""
    own = connections()
    deliver_due(own.sessions, own.settings.fetch_hosts)


@celery.task(name=str(Task.FETCH_QUERY), soft_time_limit=30, time_limit=40)
def fetch(job_id: str) -> None:
    """Fetches the pictures and recordings that a search names by their addresses."""
    own = connections()
    fetch_query(own.jobs, own.store, own.settings, UUID(job_id))


@celery.task(name=str(Task.INDEX_WORDS))
def words(catalogue_id: int) -> None:
    """Writes the words of the products that have them by older settings."""
    index_words(connections().jobs, catalogue_id)


@celery.task(name=str(Task.INDEX_SPACE))
def index(job_id: str) -> None:
    """Builds the indexes of the space of a reindex."""
    own = connections()
    settings = own.settings
    index_space(own.owner, own.jobs, UUID(job_id), settings.index_memory_mb, settings.index_processes)


@celery.task(name=str(Task.INDEX_ADOPTED))
def index_first(space_id: int) -> None:
    """Builds the indexes of a space that a worker began with."""
    own = connections()
    settings = own.settings
    index_adopted(own.owner, own.jobs, space_id, settings.index_memory_mb, settings.index_processes)


@celery.task(name=str(Task.CLEAR_SPACE))
def clear(space_id: int) -> None:
    """Removes the vectors of a space that was retired."""
    own = connections()
    clear_space(own.owner, own.jobs, space_id)
