"""Searches and what they find, as examples."""

from app.http.examples.jobs import ended
from app.http.examples.products import STORED
from app.http.schemas.searches import (
    FinishedSearchSchema,
    HitPageSchema,
    SearchFormSchema,
    SearchSchema,
)
from app.types import JobKind

# A picture of one red pixel, so that the examples can be sent as they are.
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
MIXED = {
    "query": [
        {"text": "red shoes", "weight": 1},
        {"image": {"base64": PIXEL}, "weight": 0.5},
        {"product": "shoe-1", "weight": -0.3},
    ]
}
FILTERED = {"text": "shoes", "filter": "price < 50 AND colour IN ('red', 'blue')", "facets": ["colour"], "limit": 5}
HIT = {
    "rank": 1,
    "sku": "shoe-1",
    "score": 1.284,
    "cosine": 0.713,
    "words": 0.5,
    "relevance": 0.94,
    "exact": None,
    "contributions": [
        {
            "query": "text",
            "modality": "text",
            "against": "text",
            "similarity": 0.84,
            "weight": 0.6,
            "contribution": 0.504,
        },
        {
            "query": "text",
            "modality": "text",
            "against": "image",
            "similarity": 0.5225,
            "weight": 0.4,
            "contribution": 0.209,
        },
    ],
    "product": STORED,
    "attention": None,
}
RESULT = {
    "hits": [HIT],
    "next_cursor": None,
    "total": 1,
    "facets": {"colour": [{"value": "red", "count": 1}]},
    "notes": [],
    "scan": "exact",
    "space": 2,
    "transcript": None,
    "replica": False,
    "took_ms": {"queue": 8.9, "encode": 26.1, "sql": 25.2, "rerank": 19.0, "total": 111.7},
}
EXAMPLES = {
    SearchSchema: {"text": "red shoes"},
    SearchFormSchema: {"text": "like this, but red", "image": "photo.jpg", "speech": "question.wav"},
    FinishedSearchSchema: ended(JobKind.SEARCH, total=1) | {"result": RESULT},
    HitPageSchema: {"hits": [HIT], "next_cursor": None},
}
