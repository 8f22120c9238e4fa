"""How a network is trained: its stages' lengths and rates, and which loss each pair of modalities has."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.types import Modality

Losses = Mapping[frozenset[Modality], str]  # the modalities of a pair -> info_nce, triplet, or both

# As the design has it, contrast for text and picture; what is spoken learns by both, which dev chose over either alone.
DEFAULT_LOSSES: Losses = {
    frozenset({left, right}): "both" if Modality.SPEECH in (left, right) else "info_nce"
    for left in Modality
    for right in Modality
}


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """How a network is trained, stage by stage.

    Text and picture first, then the texts of other languages to where their meanings are, then speech to where texts
    are, then the fusions of pairs.
    """

    steps: int = 500  # for the heads of text and picture
    language_steps: int = 1200
    speech_steps: int = 500
    fusion_steps: int = 200
    sets_per_step: int = 3  # drawn by their weights; one at a time in later stages
    batch: int = 512
    speech_batch: int = 256
    learning_rate: float = 1e-3
    language_learning_rate: float = 1e-3
    speech_learning_rate: float = 1e-3
    across_learning_rate: float = 1e-4  # of the straight maps, which carry the encoders' own geometry
    weight_decay: float = 0.05
    dropout: float = 0.1
    temperature: float = 0.05
    margin: float = 0.2  # of the triplet loss, cosine distance
    keep: float = 100.0  # of the loss that holds texts as similar to each other as their encoder has them
    hold: float = 20.0  # of the loss that leaves texts where they are while other languages are brought to them
    hidden: Mapping[Modality, int] = field(default_factory=lambda: {Modality.TEXT: 2048, Modality.IMAGE: 2048})
    dim: int = 512
    seed: int = 0
    new_units: int = 1024  # of the picture head, for a shop's own pictures, at most
    check_every: int = 200  # steps between two looks at dev
