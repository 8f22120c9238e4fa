"""The encoders and alignment that a worker process has loaded, and the embedding space that they make."""

import logging
from dataclasses import dataclass
from functools import cache

from app.db.tables import EmbeddingSpace
from app.spaces import service as spaces
from workers.connections import Connections, connections
from workers.embedder import Embedder

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Towers:
    """Loaded encoders with their alignment, and their space."""

    embedder: Embedder
    space: EmbeddingSpace

    @classmethod
    def load(cls, connections: Connections) -> "Towers":
        """Loads the encoders that the settings name and finds or makes their space."""
        embedder = Embedder.load(connections.settings)
        with connections.jobs.transaction() as session:
            space = spaces.adopt(session, embedder.space_key)
        log.info("Embedding into space %s, %s numbers a vector", space.id, space.dim)
        return cls(embedder=embedder, space=space)


@cache
def towers() -> Towers:
    """This process's encoders, loaded when first asked for: as a process that needs them starts."""
    return Towers.load(connections())
