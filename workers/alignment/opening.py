"""Opens an artifact together with the encoders that it was made for."""

from collections.abc import Mapping
from pathlib import Path

from app.types import EncoderCard, Modality
from workers.alignment.artifact import Alignment, load_alignment
from workers.alignment.card import CARD, AlignmentCard
from workers.encoders.choice import Choice, cards_named


def open_alignment(folder: Path, choice: Choice) -> tuple[Alignment, Mapping[Modality, EncoderCard]]:
    """Loads an artifact; the cards of its encoders, of which no weight is read yet.

    Args:
        folder: of the artifact.
        choice: where its encoders are that have no name here.

    Raises:
        ArtifactInvalid: it is damaged, or was made for other encoders than the choice says.
        EncoderUnknown: nothing says where an encoder is.
        WeightsInvalid: an encoder's folder or repository cannot be read.
    """
    cards = cards_named(AlignmentCard.read(folder / CARD).encoders, choice)
    return load_alignment(folder, cards), cards
