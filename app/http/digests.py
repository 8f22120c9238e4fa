"""Digests in paths."""

from werkzeug.routing import BaseConverter


class Sha256(BaseConverter):
    """SHA-256 in hex: `/media/<sha256:digest>`. Whatever else stands there is another path."""

    regex = "[0-9a-f]{64}"
