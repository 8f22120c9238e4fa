"""Encoders whose last blocks an artifact carries."""

import hashlib
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save

from app.errors import ArtifactInvalid, EncoderFixed
from app.types import Modality
from workers.alignment.artifact import TUNED
from workers.alignment.card import AlignmentCard, tuned_card
from workers.encoders import registry
from workers.encoders.base import Encoder
from workers.encoders.unfreezing import take_over, tensors_of
from workers.encodings import Encodings


def weights_of(encoder: Encoder[Any], count: int) -> bytes:
    """The file that holds the last blocks of an encoder."""
    return save(tensors_of(encoder, count))


def tuned(encoder: Encoder[Any], folder: Path, card: AlignmentCard) -> Encoder[Any]:
    """The encoder with the last blocks that an artifact carries for it; as it is if there are none.

    Raises:
        ArtifactInvalid: the blocks are missing, damaged, or another encoder's.
    """
    sha256 = card.tuned.get(encoder.card.modality)
    if sha256 is None:
        return encoder
    path = folder / TUNED
    try:
        weights = path.read_bytes()
    except OSError as error:
        raise ArtifactInvalid(f"{path} cannot be read: {error.strerror}.") from error
    if hashlib.sha256(weights).hexdigest() != sha256:
        raise ArtifactInvalid(f"{path} is not the file that its card describes: the checksums differ.")
    try:
        take_over(encoder, load(weights))
    except (SafetensorError, RuntimeError, EncoderFixed) as error:
        raise ArtifactInvalid(f"{path} does not hold blocks of {encoder.card.name}: {error}") from error
    encoder.card = tuned_card(encoder.card, sha256)
    return encoder


def tuned_encodings(encodings: Encodings, folder: Path, card: AlignmentCard) -> Encodings:
    """Encodings by the encoders that an artifact was trained with; the same ones if it carries no blocks.

    Raises:
        ArtifactInvalid: the blocks are missing, damaged, or another encoder's.
    """
    for modality in card.tuned:
        encoder = registry.load(encodings.cards[Modality(modality)], encodings.device)
        encodings = encodings.with_encoder(tuned(encoder, folder, card))
    return encodings
