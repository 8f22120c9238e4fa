"""Fetches the pictures and recordings that searches name by their addresses."""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

from app.catalog.drafts import MediaRef
from app.catalog.fetching import fetch_checked
from app.db import jobs, media, tenancy
from app.db.job_tables import Job
from app.errors import (
    FieldError,
    MediaTooLarge,
    MediaUnfetchable,
    MediaUnreadable,
    SearchAbandoned,
    SearchFailed,
    TriseekError,
)
from app.jobs.client import JobClient, enqueue
from app.jobs.names import Task
from app.media.content import MEBIBYTE
from app.media.remote import Fetcher
from app.media.store import MediaStore
from app.settings import Settings
from app.types import JobState, Modality

log = logging.getLogger(__name__)
WITHIN = 5.0  # seconds for one of them, redirects and all: somebody waits
AT_ONCE = 4  # connections for one search
MAX_ATTEMPTS = 3


def fetch_query(client: JobClient, store: MediaStore, settings: Settings, job_id: UUID) -> None:
    """Has a search run once all that it names by addresses lies in the media store; or ends it, naming what did not.

    A search that has ended or was cancelled is left alone.
    """
    with client.transaction() as session:
        job = jobs.start(session, job_id)
    if job is None:
        return
    with tenancy.acting_for(job.tenant_id):
        _finish(client, job, *_outcome(store, settings, job))


def _finish(client: JobClient, job: Job, found: Mapping[str, MediaRef], problem: TriseekError | None) -> None:
    """Has the search run, or ends it."""
    with client.transaction() as session:
        if problem is not None:
            jobs.finish(session, job.id, JobState.FAILED, error=problem.problem())
            return
        media.record(session, [(ref.digest, ref.bytes, ref.content_type) for ref in found.values()])
        parts = [
            part | {"media": found[part["name"]].digest} if part["name"] in found else part for part in _parts(job)
        ]
        jobs.amend(session, job.id, request={"parts": parts})
        enqueue(session, Task.RUN_SEARCH, [str(job.id)])


def _outcome(store: MediaStore, settings: Settings, job: Job) -> tuple[dict[str, MediaRef], TriseekError | None]:
    """What was fetched, by the parts' names, and why the search cannot run."""
    if job.attempts > MAX_ATTEMPTS:
        return {}, SearchAbandoned()
    try:
        return _fetched(store, settings, [part for part in _parts(job) if part.get("url")]), None
    except TriseekError as error:
        return {}, error
    except Exception:
        # Whatever happens, the job ends and says so: somebody waits for it.
        log.exception("What search %s asks by could not be fetched", job.id)
        return {}, SearchFailed()


def _parts(job: Job) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = job.request["parts"]
    return parts


def _fetched(store: MediaStore, settings: Settings, parts: Sequence[Mapping[str, Any]]) -> dict[str, MediaRef]:
    """What lies at the parts' addresses, by their names.

    Raises:
        MediaUnfetchable, MediaUnreadable, MediaTooLarge: naming each part that nothing came of.
    """
    most = settings.max_media_mb * MEBIBYTE
    with Fetcher(most, settings.fetch_hosts, within=WITHIN) as fetcher, ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = list(pool.map(lambda part: _medium(fetcher, store, settings, part), parts))
    problems = [(part, each) for part, each in zip(parts, outcomes, strict=True) if isinstance(each, TriseekError)]
    if problems:
        wrong = [FieldError(_pointer(part), error.detail) for part, error in problems]
        raise type(problems[0][1])(f"{wrong[0].pointer}: {wrong[0].detail}", wrong)
    return {part["name"]: each for part, each in zip(parts, outcomes, strict=True) if isinstance(each, MediaRef)}


def _medium(
    fetcher: Fetcher, store: MediaStore, settings: Settings, part: Mapping[str, Any]
) -> MediaRef | TriseekError:
    try:
        data, content_type = fetch_checked(fetcher, settings, part["url"], Modality(part["modality"]))
    except (MediaUnfetchable, MediaUnreadable, MediaTooLarge) as error:
        return error
    return MediaRef(digest=store.put(data), bytes=len(data), content_type=content_type)


def _pointer(part: Mapping[str, Any]) -> str:
    """Where the address stood in the request: `/image/url`, `/query/2/image/url`."""
    name, modality = part["name"], part["modality"]
    return f"/{name}/url" if name == modality else f"/{name}/{modality}/url"
