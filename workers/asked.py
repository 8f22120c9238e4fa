"""What queries ask with, embedded: what was asked for lately is not embedded again."""

import threading
from collections import OrderedDict
from collections.abc import Hashable, Mapping

from app.errors import TriseekError
from app.types import Modality, Role
from workers.content_encoder import Source
from workers.embedder import Embedded, Embedder
from workers.encoders.transcriber import Transcript


class Asked:
    """Keeps the vectors of the latest contents of queries, and what recordings say, for all spaces of a process.

    Args:
        most: contents that are kept.
    """

    def __init__(self, most: int = 0) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, Embedded | Transcript] = OrderedDict()
        self._lock = threading.Lock()

    def embed(
        self, embedder: Embedder, modality: Modality, contents: Mapping[str, Source]
    ) -> dict[str, Embedded | TriseekError]:
        """The vector and tokens of each content, or the error that stopped it, which is not kept.

        Args:
            embedder: of the space.
            modality: of all the contents.
            contents: by what tells them apart, a text itself or the digest of a medium.
        """
        space = embedder.alignment.card.sha256, embedder.alignment.card.dim
        keys = {content: (*space, modality, content) for content in contents}
        found: dict[str, Embedded | TriseekError] = {}
        for content, key in keys.items():
            kept = self._find(key)
            if isinstance(kept, Embedded):
                found[content] = kept
        missing = {content: source for content, source in contents.items() if content not in found}
        outcomes = embedder.embed(modality, list(missing.values()), Role.QUERY) if missing else []
        for content, outcome in zip(missing, outcomes, strict=True):
            found[content] = outcome
            if isinstance(outcome, Embedded):
                self._keep(keys[content], outcome)
        return found

    def transcribe(self, embedder: Embedder, recordings: Mapping[str, Source]) -> dict[str, Transcript]:
        """What recordings say, by their digests; nothing where one cannot be decoded."""
        return {digest: self._transcript(embedder, digest, source) for digest, source in recordings.items()}

    def _transcript(self, embedder: Embedder, digest: str, source: Source) -> Transcript:
        kept = self._find(digest)
        if isinstance(kept, Transcript):
            return kept
        recording = source() if callable(source) else source
        assert isinstance(recording, bytes)
        (found,) = embedder.transcribe([recording])
        self._keep(digest, found)
        return found

    def _find(self, key: Hashable) -> Embedded | Transcript | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _keep(self, key: Hashable, found: Embedded | Transcript) -> None:
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
