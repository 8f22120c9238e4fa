"""Pooled outputs of many contents, from the cache where it has them, for training and evaluation."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress

from app.errors import MediaTooLarge, MediaUnreadable
from app.types import EncoderCard, Modality, Role
from workers.encoders import registry
from workers.encoders.base import Divided, Encoder, Pooled, Prepared
from workers.media import MediaLimits, decode_image, decode_sound
from workers.output_cache import OutputCache, key_of

AT_ONCE = 256  # contents between two writes to the cache
PREPARING = 2  # contents that are made ready at once, beside the forward pass


@dataclass(frozen=True)
class TextContent:
    """A text on one side of a search."""

    text: str
    role: Role

    @property
    def key(self) -> str:
        """What it is cached under."""
        return key_of(str(self.role), self.text)

    def prepare(self, encoder: Encoder[Any], _: MediaLimits) -> Prepared:
        """Ready for the forward pass."""
        return encoder.prepare(self.text, self.role)


@dataclass(frozen=True)
class FileContent:
    """A picture or a recording in a file."""

    path: Path
    modality: Modality

    @property
    def key(self) -> str:
        """What it is cached under."""
        return key_of(self.path.read_bytes())

    def __str__(self) -> str:
        return str(self.path)

    def prepare(self, encoder: Encoder[Any], limits: MediaLimits) -> Prepared:
        """Ready for the forward pass."""
        decode = decode_image if self.modality is Modality.IMAGE else decode_sound
        return encoder.prepare(decode(self.path.read_bytes(), limits), Role.PASSAGE)


class Content(Protocol):
    """Anything that an encoder takes and that can be named by what it is made of."""

    @property
    def key(self) -> str:
        """What it is cached under."""

    def prepare(self, encoder: Encoder[Any], limits: MediaLimits) -> Prepared:
        """Ready for the forward pass."""


class Encodings:
    """Encodes contents and remembers what came out. An encoder is loaded when its cache first lacks something.

    Args:
        folder: of the caches.
        cards: the encoders.
        limits: media that are refused.
        progress: shows what is being encoded.
        device: where the encoders run, by torch's name; `auto` is the GPU if there is one.
    """

    def __init__(
        self,
        folder: Path,
        cards: Mapping[Modality, EncoderCard],
        limits: MediaLimits,
        progress: Progress,
        device: str = "auto",
    ) -> None:
        self.cards = cards
        self._caches = {modality: OutputCache(folder, card.id) for modality, card in cards.items()}
        self._encoders: dict[Modality, Encoder[Any]] = {}
        self._limits = limits
        self._progress = progress
        self.device = device
        self._folder = folder
        self.unreadable: dict[tuple[Modality, str], str] = {}  # modality and key -> why

    def with_encoder(self, encoder: Encoder[Any], folder: Path | None = None) -> "Encodings":
        """The same encodings but for one modality, whose encoder is this one; it has a cache of its own.

        Args:
            encoder: of a revision of its own.
            folder: of the cache, if not that of the others.
        """
        modality, other = encoder.card.modality, copy(self)
        other.cards = {**self.cards, modality: encoder.card}
        cache = OutputCache(folder or self._folder, encoder.card.id)
        other._caches = {**self._caches, modality: cache}  # noqa: SLF001  its own
        other._encoders = {**self._encoders, modality: encoder}  # noqa: SLF001
        return other

    def encode(self, modality: Modality, contents: Sequence[Content]) -> list[str | None]:
        """Makes sure that these contents are in the cache; their keys, None for those that cannot be read."""
        keys = {content: _key(content) for content in dict.fromkeys(contents)}
        missing = {
            key: content
            for content, key in keys.items()
            if key is not None and key not in self._caches[modality] and (modality, key) not in self.unreadable
        }
        task = self._progress.add_task(f"encoding {modality}", total=len(missing), visible=bool(missing))
        for batch in self._prepared(modality, list(missing.items())):
            self._caches[modality].add(self._outputs(modality, batch))
            self._progress.advance(task, len(batch))
        self._progress.remove_task(task)
        return [None if (modality, keys[content]) in self.unreadable else keys[content] for content in contents]

    def divide(self, modality: Modality, contents: Sequence[Content]) -> Iterator[tuple[Content, Divided]]:
        """Contents as wholes and in tokens, without those that cannot be read.

        They are not cached: of a picture they take sixteen times the room of its output.
        """
        keys = {key: content for content in dict.fromkeys(contents) if (key := _key(content)) is not None}
        task = self._progress.add_task(f"dividing {modality}", total=len(keys), visible=bool(keys))
        for batch in self._prepared(modality, list(keys.items())):
            read = {key: prepared for key, prepared in batch.items() if prepared is not None}
            divided = self._encoder(modality).divide(list(read.values()))
            yield from zip([keys[key] for key in read], divided, strict=True)
            self._progress.advance(task, len(batch))
        self._progress.remove_task(task)

    def outputs(self, modality: Modality, keys: Sequence[str]) -> Pooled:
        """The pooled outputs of encoded contents, (n, dim) float32."""
        return self.halves(modality, keys).astype(np.float32)

    def halves(self, modality: Modality, keys: Sequence[str]) -> NDArray[np.float16]:
        """The pooled outputs of encoded contents as they are cached, (n, dim)."""
        if not keys:
            return np.zeros((0, self.cards[modality].dim), dtype=np.float16)
        return self._caches[modality].get(keys)

    def _prepared(
        self, modality: Modality, contents: Sequence[tuple[str, Content]]
    ) -> Iterator[dict[str, Prepared | None]]:
        """Batches of contents ready for the forward pass, None where one cannot be read; the next is made beside it."""
        if not contents:
            return
        encoder = self._encoder(modality)
        with ThreadPoolExecutor(PREPARING, thread_name_prefix="prepare") as pool:

            def begin(start: int) -> list[tuple[str, Future[Prepared | None]]]:
                batch = contents[start : start + AT_ONCE]
                return [(key, pool.submit(self._prepare, encoder, key, content)) for key, content in batch]

            waiting = begin(0)
            for start in range(AT_ONCE, len(contents) + AT_ONCE, AT_ONCE):
                batch, waiting = waiting, begin(start)
                yield {key: future.result() for key, future in batch}

    def _prepare(self, encoder: Encoder[Any], key: str, content: Content) -> Prepared | None:
        try:
            return content.prepare(encoder, self._limits)
        except (MediaUnreadable, MediaTooLarge) as error:
            self.unreadable[encoder.card.modality, key] = f"{content}: {error.detail}"
            return None

    def _outputs(self, modality: Modality, batch: Mapping[str, Prepared | None]) -> dict[str, Pooled]:
        read = {key: prepared for key, prepared in batch.items() if prepared is not None}
        pooled = self._encoder(modality).encode_prepared(list(read.values()))
        return dict(zip(read, pooled, strict=True))

    def _encoder(self, modality: Modality) -> Encoder[Any]:
        if modality not in self._encoders:
            self._encoders[modality] = registry.load(self.cards[modality], self.device)
        return self._encoders[modality]


def _key(content: Content) -> str | None:
    try:
        return content.key
    except OSError:
        return None  # the file is missing; its set has said so
