"""The embedding spaces that a process has loaded: encoders and alignment of each."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from app.db.space_tables import EmbeddingSpace
from app.errors import ArtifactInvalid
from app.settings import Settings
from app.spaces import packing
from app.spaces import service as spaces
from workers.alignment.artifact import DEFAULT
from workers.alignment.card import CARD, AlignmentCard
from workers.asked import Asked
from workers.connections import Connections, connections
from workers.embedder import Embedder
from workers.freed import give_back
from workers.kept_outputs import KeptOutputs
from workers.shared_parts import SharedParts

log = logging.getLogger(__name__)
HELD = 2  # spaces: the one that answers, and the one before it or after it
# Digest of the artifact, or without one SHA-256 of the weights; where encoders are that have no name.
Key = tuple[str | None, str | None, str]


@dataclass(frozen=True, kw_only=True)
class Towers:
    """Loaded encoders with their alignment, and their space."""

    embedder: Embedder
    space: EmbeddingSpace
    asked: Asked = field(default_factory=Asked)  # of the process


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
        self.asked = Asked(settings.query_cache)
        self._connections = connections
        self._most = most
        self._held: OrderedDict[Key, Embedder] = OrderedDict()
        self._lock = threading.Lock()  # of what is held
        self._loading = threading.Lock()  # one space at a time

    def hold(self, towers: Towers) -> None:
        """Holds a space that is loaded already."""
        space = towers.space
        alignment = space.alignment if space.artifact is None else None
        self._keep((space.artifact, alignment, space.places or ""), towers.embedder)

    def of(self, space: EmbeddingSpace) -> Towers:
        """The space, loaded if it is not yet.

        Raises:
            WeightsInvalid, ArtifactInvalid: weights are missing, damaged, do not fit each other, or are not ready.
            EncoderUnknown: nothing says where an encoder is.
        """
        embedder = self._loaded(space.artifact, space.alignment, space.places)
        if embedder.space_key != spaces.key_of(space):
            raise ArtifactInvalid(f"The artifact of embedding space {space.id} is not of its alignment.")
        return Towers(embedder=embedder, space=space, asked=self.asked)

    def active(self) -> Towers:
        """The active space of all catalogues, loaded.

        Raises:
            NoActiveSpace: there is none.
        """
        with self._connections.sessions() as session:
            space = spaces.active(session)
        return self.of(space)

    def open(self, artifact: str, places: str) -> Embedder:
        """What a stored artifact makes, which may be of no space yet.

        Args:
            artifact: its digest.
            places: where its encoders are that have no name.

        Raises:
            As `of`.
        """
        return self._loaded(artifact, None, places)

    def _loaded(self, artifact: str | None, alignment: str | None, places: str) -> Embedder:
        key = artifact, alignment if artifact is None else None, places
        found = self._find(key)
        if found is not None:
            return found
        with self._loading:
            found = self._find(key)
            if found is None:
                self._make_room()
                with artifact_folder(artifact, alignment, self._connections) as folder:
                    found = Embedder.open(folder, places or self._connections.settings.encoders, self.parts)
                log.info(
                    "Loaded alignment %s, %s numbers a vector", found.space_key.alignment[:12], found.space_key.dim
                )
                self._keep(key, found)
                give_back()
        return found

    def _find(self, key: Key) -> Embedder | None:
        with self._lock:
            if key not in self._held:
                return None
            self._held.move_to_end(key)
            return self._held[key]

    def _keep(self, key: Key, embedder: Embedder) -> None:
        with self._lock:
            self._held[key] = embedder

    def _make_room(self) -> None:
        """Lets go before the next one is loaded, so that never more are held."""
        with self._lock:
            while len(self._held) >= self._most:
                self._held.popitem(last=False)


@contextmanager
def artifact_folder(artifact: str | None, alignment: str | None, connections: Connections) -> Iterator[Path]:
    """The folder of an artifact, for as long as it is being loaded.

    Args:
        artifact: its digest; None for the one that the settings name.
        alignment: the SHA-256 of the weights that the latter must have.
        connections: of the process.

    Raises:
        ArtifactInvalid: it is neither stored nor the one that the settings name.
    """
    if artifact is None:
        folder = settings_folder(connections.settings)
        if AlignmentCard.read(folder / CARD).sha256 != alignment:
            raise ArtifactInvalid(f"Alignment {alignment} is neither stored nor the one in {folder}.")
        yield folder
        return
    with TemporaryDirectory() as made, connections.store.open(artifact) as file:
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
            "Embedding space %s stays active; what %s holds is another one: triseek reindex --alignment default",
            space.id,
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
