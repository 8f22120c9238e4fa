"""Keeps what encoders gave of products' contents, so that another alignment needs no encoder to see them again."""

import json
import logging
import zlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from app.errors import MediaStoreFull
from app.media.store import MediaStore
from app.types import EncoderCard
from workers.encoders.base import Divided
from workers.metrics import metrics

log = logging.getLogger(__name__)
FOLDER = "outputs"  # of the media store
FASTEST = 1  # of zlib's levels
AT_ONCE = 64  # outputs that are read together: those of as many recordings are some 80 MB
PLAIN, PACKED = b"\0", b"\1"  # with which the bytes begin


class KeptOutputs:
    """Outputs of contents as wholes and in tokens, as half floats: their error is far below the encoders' own.

    An output that cannot be kept or read is only encoded again.

    Args:
        store: keeps them beside the media that they are made from.
        threads: that read and write.
    """

    def __init__(self, store: MediaStore, threads: int) -> None:
        self._store = store
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="outputs")
        self._writing: list[Future[None]] = []

    def have(self, card: EncoderCard, digests: Sequence[str]) -> list[bool]:
        """Of which of these contents it is kept what an encoder gave.

        Args:
            card: of the encoder.
            digests: SHA-256 of the contents, as products have them.
        """
        found = list(self._pool.map(lambda digest: self._store.has_derived(_path(card, digest)), digests))
        metrics().count_reads("outputs", hits=sum(found), misses=len(found) - sum(found))
        return found

    def read(self, card: EncoderCard, digests: Sequence[str]) -> Iterator[list[Divided | None]]:
        """What an encoder gave of these contents, None where that is damaged or gone: some of them at a time, in order.

        The next ones are read meanwhile, and no more, for those of recordings are large.
        """
        reading: list[Future[Divided | None]] = []
        for begin in range(0, len(digests) + AT_ONCE, AT_ONCE):
            read = reading
            reading = [self._pool.submit(self._read, card, each) for each in digests[begin : begin + AT_ONCE]]
            if read:
                yield [each.result() for each in read]

    def put(self, card: EncoderCard, outputs: Mapping[str, Divided]) -> None:
        """Keeps outputs by their contents' digests, meanwhile; waits for those before, so that few are in memory."""
        wait(self._writing)
        self._writing = [self._pool.submit(self._write, card, *each) for each in outputs.items()]

    def _read(self, card: EncoderCard, digest: str) -> Divided | None:
        data = self._store.get_derived(_path(card, digest))
        if data is None:
            return None
        try:
            return _unpacked(data, card)
        except (zlib.error, SafetensorError, ValueError, KeyError):
            log.warning("What %s gave of %s is damaged, and made anew", card.id, digest)
            return None

    def _write(self, card: EncoderCard, digest: str, output: Divided) -> None:
        try:
            self._store.put_derived(_path(card, digest), _packed(output))
        except (MediaStoreFull, OSError) as error:
            log.warning("What %s gave of %s is not kept: %s", card.id, digest, error)


def _path(card: EncoderCard, digest: str) -> str:
    return f"{FOLDER}/{card.id}/{digest[:2]}/{digest}"


def _packed(output: Divided) -> bytes:
    labels = np.frombuffer(json.dumps(output.labels).encode(), dtype=np.uint8)
    rows = np.concatenate([output.whole[None], output.tokens]).astype(np.float16)
    data = save({"outputs": rows, "labels": labels})
    # Of recordings most is zeros; what is not gets hardly smaller, and slower to read.
    is_sparse = 2 * np.count_nonzero(rows) < rows.size
    return PACKED + zlib.compress(data, FASTEST) if is_sparse else PLAIN + data


def _unpacked(data: bytes, card: EncoderCard) -> Divided:
    parts = load(zlib.decompress(data[1:]) if data[:1] == PACKED else data[1:])
    rows = parts["outputs"].astype(np.float32)
    labels = tuple(json.loads(parts["labels"].tobytes()))
    if rows.shape != (1 + len(labels), card.dim):
        raise ValueError(f"{rows.shape} are not {len(labels)} tokens of {card.dim} numbers")
    return Divided(rows[0], rows[1:], labels)
