"""Embeds texts, pictures and recordings: decode, encode, align. Loaded once a process."""

import itertools
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from app.errors import TriseekError
from app.settings import Settings
from app.types import Modality, Role, SpaceKey
from workers.alignment.artifact import DEFAULT, Alignment, require_ready
from workers.alignment.opening import open_alignment
from workers.alignment.tokens import Tokens
from workers.alignment.tuned import tuned
from workers.decoding.decoders import DecodeLimits, Decoders
from workers.encoders import registry
from workers.encoders.base import BATCH, Encoder, Prepared
from workers.encoders.choice import parse
from workers.encoders.transcriber import Transcriber, Transcript
from workers.media import MediaLimits

Vector = NDArray[np.float32]  # (dim,) unit length
Source = str | bytes | Callable[[], bytes]
AHEAD = 2 * BATCH  # contents of a modality that are decoded before they are embedded: bounds what memory they take


@dataclass(frozen=True)
class Embedded:
    """One content in the shared space."""

    vector: Vector
    tokens: Tokens


class Embedder:
    """Encoders of every modality with the alignment that brings them into one space.

    Args:
        encoders: one a modality.
        alignment: trained for these encoders.
        transcriber: reads what recordings say.
        limits: media that are refused.
        decode_threads: how many contents are decoded beside the forward pass, each in a process of its own.
    """

    def __init__(
        self,
        encoders: Mapping[Modality, Encoder[Any]],
        alignment: Alignment,
        transcriber: Transcriber,
        limits: DecodeLimits,
        decode_threads: int,
    ) -> None:
        self.alignment = alignment
        self._transcriber = transcriber
        self._encoders = encoders
        self._decoders = Decoders(limits, decode_threads)
        self._pool = ThreadPoolExecutor(decode_threads, thread_name_prefix="decode")

    @classmethod
    def load(cls, settings: Settings) -> Self:
        """Loads the alignment that the settings name, and the encoders that it was made for.

        Raises:
            WeightsInvalid, ArtifactInvalid: weights are missing, damaged, do not fit each other, or are not ready.
            EncoderUnknown: nothing says where an encoder is.
        """
        torch.set_num_threads(settings.threads)
        folder = settings.alignment or DEFAULT
        alignment, cards = open_alignment(folder, parse(settings.encoders))
        require_ready(folder, alignment.card)
        encoders = {modality: tuned(registry.load(card), folder, alignment.card) for modality, card in cards.items()}
        transcriber = Transcriber.load(settings.threads)
        limits = DecodeLimits(media=MediaLimits.of(settings))
        return cls(encoders, alignment, transcriber, limits, settings.decode_threads)

    def start_decoders(self) -> None:
        """Starts what decodes media, which would otherwise start with the first picture or recording."""
        self._decoders.start()

    @property
    def space_key(self) -> SpaceKey:
        """The space that this embedder's vectors live in."""
        card = self.alignment.card
        return SpaceKey(encoders=dict(card.encoders), alignment=card.sha256, dim=card.dim)

    @property
    def words_weight(self) -> float:
        """Of the words that a product has of a text, beside the cosine."""
        return self.alignment.card.words_weight

    @property
    def transcript_share(self) -> float:
        """How much of a recording's weight its transcript has, between 0 and 1."""
        return self.alignment.card.transcript_share

    def embed(self, modality: Modality, contents: Sequence[Source], role: Role) -> list[Embedded | TriseekError]:
        """Embeds contents of one modality; while one batch is in the forward pass, the next ones are being decoded.

        Args:
            modality: of all the contents.
            contents: texts, or the bytes of pictures or recordings, or what reads them when it is their turn.
            role: the side of a search that they stand on.

        Returns:
            For each content its vector and tokens, or the error that stopped it; it stops no other.
        """
        return [each for batch in self.start(modality, contents, role) for each in batch]

    def start(
        self, modality: Modality, contents: Sequence[Source], role: Role
    ) -> Iterator[list[Embedded | TriseekError]]:
        """Starts to decode contents of one modality, and embeds them batch by batch as it is asked for them.

        Args and outcomes as of `embed`.
        """
        first = deque(self._pool.submit(self._prepare, modality, content, role) for content in contents[:AHEAD])
        return self._batches(modality, first, iter(contents[AHEAD:]), role)

    def _batches(
        self, modality: Modality, waiting: deque[Future[Prepared | TriseekError]], rest: Iterator[Source], role: Role
    ) -> Iterator[list[Embedded | TriseekError]]:
        while waiting:
            batch = [waiting.popleft() for _ in range(min(BATCH, len(waiting)))]
            waiting += [
                self._pool.submit(self._prepare, modality, each, role) for each in itertools.islice(rest, BATCH)
            ]
            yield self._embed_batch(modality, batch)

    def problems(self, modality: Modality, contents: Sequence[str | bytes], role: Role) -> list[TriseekError | None]:
        """What keeps each content from being embedded, if anything does; nothing is embedded."""
        prepared = self._pool.map(lambda content: self._prepare(modality, content, role), contents)
        return [each if isinstance(each, TriseekError) else None for each in prepared]

    def transcribe(self, recordings: Sequence[bytes]) -> list[Transcript]:
        """What recordings say; nothing where one cannot be decoded."""
        return [self._transcribe(recording) for recording in recordings]

    def _transcribe(self, recording: bytes) -> Transcript:
        try:
            waveform = self._decoders.decode(Modality.SPEECH, recording)
        except TriseekError:
            return Transcript(language="", text="", readings=())
        return self._transcriber.transcribe(waveform)

    def _prepare(self, modality: Modality, content: Source, role: Role) -> Prepared | TriseekError:
        encoder = self._encoders[modality]
        try:
            data = content() if callable(content) else content
            return encoder.prepare(data if isinstance(data, str) else self._decoders.decode(modality, data), role)
        except TriseekError as error:
            return error

    def _embed_batch(
        self, modality: Modality, waiting: Sequence[Future[Prepared | TriseekError]]
    ) -> list[Embedded | TriseekError]:
        outcomes: list[Any] = [future.result() for future in waiting]
        places = [place for place, outcome in enumerate(outcomes) if isinstance(outcome, Prepared)]
        if places:
            divided = self._encoders[modality].divide([outcomes[place] for place in places])
            vectors = self.alignment.project(modality, np.stack([each.whole for each in divided]))
            tokens = self.alignment.tokens(modality, divided)
            for place, vector, own in zip(places, vectors, tokens, strict=True):
                outcomes[place] = Embedded(vector, own)
        return outcomes
