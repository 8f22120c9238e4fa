"""Webhooks as examples."""

from app.http.examples.jobs import ID
from app.http.schemas.webhooks import (
    DeliveryPageSchema,
    RetriedSchema,
    WebhookRequestSchema,
    WebhookSchema,
    WebhooksSchema,
)

WEBHOOK = {
    "id": 1,
    "url": "https://shop.example/jobs",
    "kinds": ["import"],
    "created_at": "2026-11-27T09:15:02.114503+00:00",
}
EXAMPLES = {
    WebhookRequestSchema: {"url": "https://shop.example/jobs", "kinds": ["import"]},
    WebhookSchema: WEBHOOK | {"secret": "whsec_…"},
    WebhooksSchema: {"webhooks": [WEBHOOK]},
    DeliveryPageSchema: {
        "deliveries": [
            {
                "id": "msg_7",
                "job": ID,
                "state": "pending",
                "tries": 1,
                "due_at": "2026-11-27T09:20:02.114503+00:00",
                "delivered_at": None,
                "problem": "answered with 503",
            }
        ],
        "next_cursor": None,
    },
    RetriedSchema: {"retried": 1},
}
