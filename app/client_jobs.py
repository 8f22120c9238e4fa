"""The client's calls about jobs and webhooks."""

from collections.abc import Sequence
from dataclasses import replace

from app.client_calls import Call, Page, delete, get, pages, path_of, post
from app.client_documents import Document, Job
from app.client_methods import call, listing, stream
from app.types import JobKind, JobState

LONGEST_WAIT = 20.0  # seconds of one long poll
SHORTEST_PAUSE = 0.2  # seconds between two polls, however soon the first is answered


class JobCalls:
    """What is asked of jobs, and who is told of their ends."""

    @call
    def job(self, job_id: str, *, wait: float = 0) -> Call[Job]:
        """A job as it is now, or as soon as it ends within `wait` seconds."""
        return _job(job_id, wait)

    @listing
    def follow(self, job_id: str, *, every: float = LONGEST_WAIT) -> Call[Page[Job]]:
        """Polls a job until it ends; yields it at least every `every` seconds, the last time in its final state."""
        return _looks(job_id, every)

    @call
    def wait(self, job_id: str) -> Call[Job]:
        """Polls a job until it ends."""
        return ended(job_id)

    @listing
    def jobs(self, *, state: JobState | None = None, kind: JobKind | None = None, page: int = 50) -> Call[Page[Job]]:
        """Jobs, newest first."""
        return _as_jobs(pages("/v1/jobs", "jobs", state=state, kind=kind, limit=page))

    @call
    def cancel(self, job_id: str) -> Call[Job]:
        """Cancels a job that has not ended."""
        return post(path_of("jobs", job_id, "cancel")).then(Job.of)

    @call
    def retry_job(self, job_id: str) -> Call[Job]:
        """Lets an import go on that was given up."""
        return post(path_of("jobs", job_id, "retry")).then(Job.of)

    @call
    def replay(self, job_id: str) -> Call[Job]:
        """Has a finished search ranked again, and compared with what it found."""
        return post(path_of("jobs", job_id, "replay")).then(Job.of)

    @listing
    def job_errors(self, job_id: str) -> Call[Page[Document]]:
        """What was wrong with single rows or products of a job."""
        return pages(path_of("jobs", job_id, "errors"), "errors")

    @stream
    def job_errors_csv(self, job_id: str) -> str:
        """The same as a table for a spreadsheet, piece by piece."""
        return path_of("jobs", job_id, "errors.csv")

    @listing
    def hits(self, job_id: str, *, page: int = 50) -> Call[Page[Document]]:
        """All the hits of a finished search."""
        return pages(path_of("jobs", job_id, "hits"), "hits", limit=page)

    @call
    def add_webhook(self, url: str, kinds: Sequence[JobKind] = ()) -> Call[Document]:
        """Has an address told of the ends of jobs; the answer's secret is told only now."""
        return post("/v1/webhooks", {"url": url} | ({"kinds": list(kinds)} if kinds else {}))

    @call
    def webhooks(self) -> Call[list[Document]]:
        """All webhooks, oldest first."""
        return get("/v1/webhooks").then(lambda answer: list(answer["webhooks"]))

    @call
    def remove_webhook(self, webhook_id: int) -> Call[None]:
        """Removes a webhook."""
        return delete(path_of("webhooks", str(webhook_id)))

    @listing
    def deliveries(self, webhook_id: int, *, page: int = 50) -> Call[Page[Document]]:
        """What a webhook was told, or is to be told, newest first."""
        return pages(path_of("webhooks", str(webhook_id), "deliveries"), "deliveries", limit=page)

    @call
    def retry_webhook(self, webhook_id: int) -> Call[int]:
        """Has everything delivered now that was not yet; how many."""
        return post(path_of("webhooks", str(webhook_id), "retries")).then(lambda answer: int(answer["retried"]))


def ended(job_id: str) -> Call[Job]:
    """Asks for a job until it has ended."""

    def look(job: Job) -> Job | Call[Job]:
        return job if job.state.is_final else replace(ended(job_id), pause=SHORTEST_PAUSE)

    return _job(job_id, LONGEST_WAIT).then(look)


def _job(job_id: str, wait: float) -> Call[Job]:
    return get(path_of("jobs", job_id), wait=f"{wait:g}" if wait else None).then(Job.read)


def _looks(job_id: str, every: float) -> Call[Page[Job]]:
    def look(job: Job) -> Page[Job]:
        again = replace(_looks(job_id, every), pause=min(every, SHORTEST_PAUSE))
        return Page([job], None if job.state.is_final else again)

    return _job(job_id, min(every, LONGEST_WAIT)).then(look)


def _as_jobs(call: Call[Page[Document]]) -> Call[Page[Job]]:
    def read(page: Page[Document]) -> Page[Job]:
        following = None if page.following is None else _as_jobs(page.following)
        return Page([Job.read(each) for each in page.items], following)

    return call.then(read)
