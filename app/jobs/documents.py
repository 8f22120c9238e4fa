"""Jobs as the plain values that clients read, over HTTP and in webhooks."""

from typing import Any

from app.db.job_tables import Job
from app.types import JobKind


def job_document(job: Job) -> dict[str, Any]:
    """A job without its result."""
    document: dict[str, Any] = {
        "id": str(job.id),
        "kind": job.kind,
        "state": job.state,
        "progress": {"done": job.done, "failed": job.failed, "total": job.total, "encoded": job.encoded},
        "created_at": job.created_at.isoformat(),
        "started_at": job.started_at.isoformat() if job.started_at else None,
        "finished_at": job.finished_at.isoformat() if job.finished_at else None,
        "request_id": job.request_id,
    }
    if job.kind == JobKind.IMPORT:
        document["dry_run"] = job.request.get("dry_run", False)
    if job.kind == JobKind.REINDEX:
        document["dry_run"] = job.request.get("dry_run", False)
        so_far = job.result or {}
        document |= {name: so_far[name] for name in ("phase", "problem", "building") if so_far.get(name) is not None}
    return document | ({"error": job.error} if job.error is not None else {})
