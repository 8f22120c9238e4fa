"""Decodes contents beside the forward pass of their encoder."""

import itertools
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from torch import Tensor, nn

from app.errors import TriseekError
from app.types import EncoderCard, Modality, Role
from workers.decoding.decoders import Decoders
from workers.encoders.base import BATCH, Divided, Encoder, Prepared
from workers.thumbnails import StoredPicture

Source = str | bytes | Callable[[], bytes]
AHEAD = 2 * BATCH  # contents of a modality that are decoded before they are encoded: bounds what memory they take


class ContentEncoder:
    """An encoder that takes contents as they are stored.

    Args:
        encoder: of one modality.
        decoders: of pictures and recordings.
        pool: of as many threads as there are decoders.
    """

    def __init__(self, encoder: Encoder[Any], decoders: Decoders, pool: ThreadPoolExecutor) -> None:
        self._encoder = encoder
        self._decoders = decoders
        self._pool = pool

    @property
    def card(self) -> EncoderCard:
        """Of the encoder."""
        return self._encoder.card

    def weights(self) -> Iterator[Tensor]:
        """What the encoder has loaded."""
        for value in vars(self._encoder).values():
            module = getattr(value, "__self__", value)  # some keep a method of their network alone
            if isinstance(module, nn.Module):
                yield from module.parameters()
                yield from module.buffers()

    def start(self, contents: Sequence[Source], role: Role) -> Iterator[list[Divided | TriseekError]]:
        """Starts to decode contents, and encodes them batch by batch as it is asked for them.

        Args:
            contents: texts, or the bytes of pictures or recordings, or what reads them when it is their turn.
            role: the side of a search that they stand on.

        Returns:
            Batches, in order: for each content what its encoder gave, or the error that stopped it; it stops no other.
        """
        first = deque(self._pool.submit(self._prepare, content, role) for content in contents[:AHEAD])
        return self._batches(first, iter(contents[AHEAD:]), role)

    def _batches(
        self, waiting: deque[Future[Prepared | TriseekError]], rest: Iterator[Source], role: Role
    ) -> Iterator[list[Divided | TriseekError]]:
        while waiting:
            batch = [waiting.popleft() for _ in range(min(BATCH, len(waiting)))]
            waiting += [self._pool.submit(self._prepare, each, role) for each in itertools.islice(rest, BATCH)]
            yield self._encode([future.result() for future in batch])

    def problems(self, contents: Sequence[str | bytes], role: Role) -> list[TriseekError | None]:
        """What keeps each content from being encoded, if anything does; nothing is encoded."""
        prepared = self._pool.map(lambda content: self._prepare(content, role), contents)
        return [each if isinstance(each, TriseekError) else None for each in prepared]

    def _prepare(self, content: Source, role: Role) -> Prepared | TriseekError:
        try:
            data = content() if callable(content) else content
            if isinstance(data, str):
                return self._encoder.prepare(data, role)
            decoded = self._decoders.decode(Modality(self.card.modality), data)
            if isinstance(content, StoredPicture):
                content.leave_thumbnails(decoded)
            return self._encoder.prepare(decoded, role)
        except TriseekError as error:
            return error

    def _encode(self, batch: Sequence[Prepared | TriseekError]) -> list[Divided | TriseekError]:
        divided = iter(self._encoder.divide([each for each in batch if isinstance(each, Prepared)]))
        return [next(divided) if isinstance(each, Prepared) else each for each in batch]
