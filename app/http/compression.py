"""Answers are compressed as their readers ask, but for small ones, and for pictures and recordings."""

from flask import Flask
from flask_compress import Compress

SMALLEST = 1_024  # bytes: below, the header that tells of it weighs as much as what it saves
CODINGS = ("zstd", "br", "gzip")  # which is taken where a reader likes several equally
CONTENT_TYPES = (
    "application/json",
    "image/svg+xml",
    "text/css",
    "text/csv",
    "text/html",
    "text/javascript",
    "text/plain",
)


def compress(app: Flask) -> None:
    """Compresses what the application answers. An ETag then ends with the coding: `"1-2-64ab3c.ready:zstd"`."""
    app.config.update(
        COMPRESS_MIN_SIZE=SMALLEST,
        COMPRESS_MIMETYPES=CONTENT_TYPES,
        COMPRESS_ALGORITHM=CODINGS,
        COMPRESS_ALGORITHM_STREAMING=CODINGS,
    )
    Compress(app)
