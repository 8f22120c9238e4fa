"""The embedding spaces that a process has loaded: encoders and alignment of each."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from app.db.tables import EmbeddingSpace
from app.errors import ArtifactInvalid
from app.settings import Settings
from app.spaces import packing
from app.spaces import service as spaces
from workers.alignment.artifact import DEFAULT
from workers.alignment.card import CARD, AlignmentCard
from workers.connections import Connections, connections
from workers.embedder import Embedder
from workers.kept_outputs import KeptOutputs
from workers.shared_parts import SharedParts

log = logging.getLogger(__name__)
HELD = 2  # spaces: the one that answers, and the one before it or after it


@dataclass(frozen=True, kw_only=True)
class Towers:
    """Loaded encoders with their alignment, and their space."""

    embedder: Embedder
    space: EmbeddingSpace


class HeldSpaces:
    """Loads spaces as they are asked for, and lets go of the one that was asked for the longest ago.

    Args:
        connections: of the process.
        parts: that all its spaces share.
        most: spaces that are held at once.
    """

    def __init__(self, connections: Connections, parts: SharedParts, most: int = HELD) -> None:
        self.parts = parts
        settings = connections.settings
        self.outputs = KeptOutputs(connections.store, settings.decode_threads) if settings.keep_outputs else None
        self._connections = connections
        self._most = most
        self._held: OrderedDict[tuple[int, str | None], Towers] = OrderedDict()
        self._lock = threading.Lock()  # of what is held
        self._loading = threading.Lock()  # one space at a time

    def hold(self, towers: Towers) -> None:
        """Holds a space that is loaded already."""
        self._keep(_key(towers.space), towers)

    def of(self, space: EmbeddingSpace) -> Towers:
        """The space, loaded if it is not yet.

        Raises:
            WeightsInvalid, ArtifactInvalid: weights are missing, damaged, do not fit each other, or are not ready.
            EncoderUnknown: nothing says where an encoder is.
        """
        found = self._find(space)
        if found is not None:
            return found
        with self._loading:
            found = self._find(space)
            if found is not None:
                return found
            self._make_room()
            with artifact_folder(space, self._connections) as folder:
                embedder = Embedder.open(folder, space.places or self._connections.settings.encoders, self.parts)
            if embedder.space_key != spaces.key_of(space):
                raise ArtifactInvalid(f"The artifact of embedding space {space.id} is not of its alignment.")
            log.info("Loaded embedding space %s, %s numbers a vector", space.id, space.dim)
            towers = Towers(embedder=embedder, space=space)
            self._keep(_key(space), towers)
            return towers

    def active(self) -> Towers:
        """The active space of all catalogues, loaded.

        Raises:
            NoActiveSpace: there is none.
        """
        with self._connections.sessions() as session:
            space = spaces.active(session)
        return self.of(space)

    def is_held(self, space: EmbeddingSpace) -> bool:
        """Whether it is loaded."""
        return self._find(space) is not None

    def _find(self, space: EmbeddingSpace) -> Towers | None:
        with self._lock:
            if _key(space) not in self._held:
                return None
            self._held.move_to_end(_key(space))
            return self._held[_key(space)]

    def _keep(self, key: tuple[int, str | None], towers: Towers) -> None:
        with self._lock:
            self._held[key] = towers

    def _make_room(self) -> None:
        """Lets go before the next one is loaded, so that never more are held."""
        with self._lock:
            while len(self._held) >= self._most:
                self._held.popitem(last=False)


def _key(space: EmbeddingSpace) -> tuple[int, str | None]:
    return space.id, space.artifact


@contextmanager
def artifact_folder(space: EmbeddingSpace, connections: Connections) -> Iterator[Path]:
    """The folder of a space's artifact, for as long as it is being loaded.

    Raises:
        ArtifactInvalid: it is neither stored nor the one that the settings name.
    """
    if space.artifact is None:
        folder = settings_folder(connections.settings)
        if AlignmentCard.read(folder / CARD).sha256 != space.alignment:
            raise ArtifactInvalid(
                f"Embedding space {space.id} was made by an alignment that is not stored, and not the one in {folder}."
            )
        yield folder
        return
    with TemporaryDirectory() as made, connections.store.open(space.artifact) as file:
        packing.unpack(file, Path(made))
        yield Path(made)


def settings_folder(settings: Settings) -> Path:
    """The folder of the artifact that a new database begins with."""
    return settings.alignment or DEFAULT


def adopt_settings(connections: Connections) -> EmbeddingSpace:
    """The space that is active, which on a new database is that of the alignment that the settings name."""
    settings = connections.settings
    folder = settings_folder(settings)
    key = AlignmentCard.read(folder / CARD).space_key
    with connections.jobs.transaction() as session:
        space = spaces.adopt(session, key, lambda: packing.stored(connections.store, folder), settings.encoders)
    if spaces.key_of(space) != key:
        log.warning(
            "Embedding space %s stays active; what %s holds is another one: triseek reindex --alignment %s",
            space.id,
            folder,
            folder,
        )
    return space


@cache
def held_spaces() -> HeldSpaces:
    """This process's own, with the active space loaded."""
    own = connections()
    held = HeldSpaces(own, SharedParts.load(own.settings))
    held.of(adopt_settings(own))
    return held
