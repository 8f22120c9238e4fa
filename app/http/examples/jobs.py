"""Jobs as examples."""

from typing import Any

from app.http.schemas.jobs import (
    JobAcceptedSchema,
    JobErrorPageSchema,
    JobPageSchema,
    JobSchema,
)
from app.types import JobKind

ID = "018f6d3e-7c1a-7b6e-9d3c-2f4b5a6c7d8e"
TIMES = {
    "created_at": "2026-11-27T09:15:02.114503+00:00",
    "started_at": "2026-11-27T09:15:02.120117+00:00",
    "finished_at": "2026-11-27T09:15:02.231846+00:00",
}


def queued(kind: JobKind) -> dict[str, Any]:
    """A job that waits."""
    dry_run = {"dry_run": False} if kind in (JobKind.IMPORT, JobKind.REINDEX) else {}
    return {
        "id": ID,
        "kind": str(kind),
        "state": "queued",
        "progress": {"done": 0, "failed": 0, "total": None, "encoded": 0},
        "created_at": TIMES["created_at"],
        "started_at": None,
        "finished_at": None,
        "request_id": "5f0c2d1a9b7e4c38a6d2e1f09c4b7a85",
        **dry_run,
    }


def ended(kind: JobKind, *, total: int) -> dict[str, Any]:
    """A job that succeeded."""
    progress = {"done": total, "failed": 0, "total": total, "encoded": total}
    return queued(kind) | TIMES | {"state": "succeeded", "progress": progress}


WRONG_PRICE = {
    "type": "urn:triseek:problem:request-invalid",
    "title": "The request has wrong or missing fields",
    "status": 422,
    "detail": "/price: must be a number such as 1299.50: with a point, and no commas or spaces",
    "errors": [
        {"pointer": "/price", "detail": "must be a number such as 1299.50: with a point, and no commas or spaces"}
    ],
}
EXAMPLES = {
    JobSchema: ended(JobKind.IMPORT, total=3) | {"dry_run": False, "result": {"rows": 3, "accepted": 3, "rejected": 0}},
    JobAcceptedSchema: {"job": queued(JobKind.EMBED)},
    JobPageSchema: {"jobs": [ended(JobKind.EMBED, total=1)], "next_cursor": None},
    JobErrorPageSchema: {"errors": [{"line": 17, "sku": "shoe-17", "error": WRONG_PRICE}], "next_cursor": None},
}
