"""Embeds texts, pictures and recordings: decode, encode, align."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from app.errors import TriseekError
from app.settings import Settings
from app.types import Modality, Role, SpaceKey
from workers.alignment.artifact import DEFAULT, Alignment, require_ready
from workers.alignment.opening import open_alignment
from workers.alignment.tokens import Tokens
from workers.content_encoder import ContentEncoder, Source
from workers.encoders.base import Divided
from workers.encoders.choice import parse
from workers.encoders.device import multiplies_halves
from workers.encoders.transcriber import Transcript
from workers.shared_parts import SharedParts

MANY = 16  # pictures from which fewer digits in between are worth their conversion
Vector = NDArray[np.float32]  # (dim,) unit length


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
        parts: that other spaces of the process share.
    """

    def __init__(self, encoders: Mapping[Modality, ContentEncoder], alignment: Alignment, parts: SharedParts) -> None:
        self.encoders = encoders
        self.alignment = alignment
        self.parts = parts

    @classmethod
    def load(cls, settings: Settings) -> Self:
        """Loads the alignment that the settings name, and the encoders that it was made for.

        Raises:
            WeightsInvalid, ArtifactInvalid: weights are missing, damaged, do not fit each other, or are not ready.
            EncoderUnknown: nothing says where an encoder is.
        """
        return cls.open(settings.alignment or DEFAULT, settings.encoders, SharedParts.load(settings))

    @classmethod
    def open(cls, folder: Path, places: str, parts: SharedParts) -> Self:
        """Loads an alignment, and those of its encoders that no other space of the process has loaded.

        Args:
            folder: of the artifact.
            places: where its encoders are that have no name: `text=/models/bert,image=org/name`.
            parts: that the process's spaces share.

        Raises:
            WeightsInvalid, ArtifactInvalid: weights are missing, damaged, do not fit each other, or are not ready.
            EncoderUnknown: nothing says where an encoder is.
        """
        alignment, cards = open_alignment(folder, parse(places))
        require_ready(folder, alignment.card)
        encoders = {modality: parts.encoder(card, folder, alignment.card) for modality, card in cards.items()}
        return cls(encoders, alignment, parts)

    @property
    def space_key(self) -> SpaceKey:
        """The space that this embedder's vectors live in."""
        return self.alignment.card.space_key

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
        started = self.encoders[modality].start(contents, role)
        return (self.align(modality, encoded) for encoded in started)

    def align(self, modality: Modality, encoded: Sequence[Divided | TriseekError]) -> list[Embedded | TriseekError]:
        """Brings into the space what the modality's encoder gave; errors stay where they are."""
        divided = [each for each in encoded if isinstance(each, Divided)]
        if not divided:
            return [each for each in encoded if isinstance(each, TriseekError)]
        # Of many pictures, half the time where the processor multiplies bfloat16: off by a cosine of 1e-4 at most.
        is_quick = modality is Modality.IMAGE and len(divided) >= MANY and multiplies_halves()
        with torch.autocast("cpu", torch.bfloat16, enabled=is_quick):
            vectors = self.alignment.project(modality, np.stack([each.whole for each in divided]))
            tokens = self.alignment.tokens(modality, divided)
        aligned = map(Embedded, self.alignment.stored(vectors), tokens)
        return [next(aligned) if isinstance(each, Divided) else each for each in encoded]

    def problems(self, modality: Modality, contents: Sequence[str | bytes], role: Role) -> list[TriseekError | None]:
        """What keeps each content from being embedded, if anything does; nothing is embedded."""
        return self.encoders[modality].problems(contents, role)

    def transcribe(self, recordings: Sequence[bytes]) -> list[Transcript]:
        """What recordings say; nothing where one cannot be decoded."""
        return [self.parts.transcribe(recording) for recording in recordings]
