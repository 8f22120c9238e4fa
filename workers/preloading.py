"""Loads spaces before the first search asks for them, so that an activation, or the way back, is felt by nobody."""

import logging
import threading
import time

from sqlalchemy.exc import OperationalError

from app.db import spaces
from app.db.space_tables import EmbeddingSpace
from app.errors import TriseekError
from app.types import SpaceState
from workers.connections import Connections
from workers.towers import HELD, HeldSpaces

log = logging.getLogger(__name__)
LOOK_EVERY = 2.0  # seconds


def preload(connections: Connections, held: HeldSpaces) -> None:
    """Looks after this process's spaces from a thread of its own, for as long as the process runs."""
    threading.Thread(target=_preload, args=(connections, held), name="preload", daemon=True).start()


def _preload(connections: Connections, held: HeldSpaces) -> None:
    said: set[int] = set()
    while True:
        time.sleep(LOOK_EVERY)
        for space in _wanted(connections):
            try:
                held.of(space)
            except TriseekError as error:
                if space.id not in said:
                    log.warning("Embedding space %s cannot be loaded: %s", space.id, error.detail)
                said.add(space.id)


def _wanted(connections: Connections) -> list[EmbeddingSpace]:
    """The spaces that searches are likeliest to ask for: those that answer, then the newest that may come to."""
    try:
        with connections.sessions() as session:
            found = [space for space in spaces.every(session) if space.state != SpaceState.RETIRED]
    except OperationalError:
        return []  # of no concern here
    by_need = sorted(found, key=lambda space: (space.state != SpaceState.ACTIVE, -space.id))
    return by_need[:HELD]
