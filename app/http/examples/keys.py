"""Keys, tokens and what the audit log says of them, as examples."""

from app.http.schemas.audit import AuditPageSchema
from app.http.schemas.keys import (
    KeyRequestSchema,
    KeysSchema,
    MadeKeySchema,
    RotationSchema,
    TokenRequestSchema,
    TokenSchema,
)

KEY = {
    "prefix": "ts_4fJk2aQ",
    "name": "search page",
    "scopes": ["search"],
    "state": "valid",
    "replaced_by": None,
    "created_at": "2026-11-27T09:15:02+00:00",
    "expires_at": "2027-11-27T09:15:02+00:00",
    "requests_per_minute": None,
    "searches_per_day": None,
    "last_used_at": None,
}
EXAMPLES = {
    KeyRequestSchema: {"name": "search page", "scopes": ["search"], "expires_in_days": 365},
    RotationSchema: {"grace_hours": 24},
    MadeKeySchema: KEY | {"key": "ts_4fJk2aQ…"},
    KeysSchema: {"keys": [KEY]},
    TokenRequestSchema: {"catalogue": "shop", "filter": "published = TRUE", "expires_in_seconds": 3600},
    TokenSchema: {"token": "tst_eyJjIjoic2hvcCIs…", "expires_at": "2026-11-27T10:15:02+00:00"},
    AuditPageSchema: {
        "entries": [
            {
                "at": "2026-11-27T09:15:02.114503+00:00",
                "actor": "ts_9cXw1bT",
                "action": "key.create",
                "subject": "ts_4fJk2aQ",
                "detail": {"scopes": ["search"], "expires_in_days": 365},
            }
        ],
        "next_cursor": None,
    },
}
