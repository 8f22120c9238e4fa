"""Embedding spaces as examples."""

from app.http.schemas.spaces import (
    AlignmentSchema,
    ReindexRequestSchema,
    SpaceSchema,
    SpacesSchema,
    VerifyRequestSchema,
)

ALIGNMENT = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
SPACE = {
    "id": 2,
    "state": "active",
    "catalogue": None,
    "encoders": {
        "text": "multilingual-e5-small@1",
        "image": "efficientnet-lite2@1",
        "speech": "whisper-base@1",
    },
    "alignment": ALIGNMENT,
    "dim": 512,
    "metric": "cosine",
    "created_at": "2026-11-27T09:15:02.114503+00:00",
    "activated_at": "2026-11-27T09:45:40.902166+00:00",
}
EXAMPLES = {
    AlignmentSchema: {"alignment": ALIGNMENT, "bytes": 11534336},
    ReindexRequestSchema: {"alignment": "default", "dry_run": True},
    VerifyRequestSchema: {
        "catalogue": "shop",
        "queries": [{"search": {"text": "red shoes"}, "relevant": ["shoe-1"], "kind": "typed"}],
    },
    SpaceSchema: SPACE,
    SpacesSchema: {"spaces": [SPACE]},
}
