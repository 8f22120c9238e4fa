"""How a network is trained: its stages' lengths and rates, and which loss each pair of modalities has."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.types import Modality

INFO_NCE, TRIPLET, BOTH = LOSSES = ("info_nce", "triplet", "both")


ORDER = {modality: place for place, modality in enumerate(Modality)}


def pair_name(one: Modality, other: Modality) -> str:
    """What a pair of modalities is called: `text-image`, `text-speech`, whichever side each is on."""
    return "-".join(sorted((one, other), key=lambda modality: ORDER[Modality(modality)]))


# As the design has it, contrast for text and picture; what is spoken learns by both, which dev chose over either alone.
DEFAULT_LOSSES: Mapping[str, str] = {
    pair_name(Modality.TEXT, Modality.TEXT): INFO_NCE,
    pair_name(Modality.TEXT, Modality.IMAGE): INFO_NCE,
    pair_name(Modality.IMAGE, Modality.IMAGE): INFO_NCE,
    pair_name(Modality.TEXT, Modality.SPEECH): BOTH,
    pair_name(Modality.IMAGE, Modality.SPEECH): BOTH,
}


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """How a network is trained, stage by stage.

    The texts of other languages to where their meanings are first, then text and picture, then speech to where texts
    are, then the fusions of mixed queries.
    """

    steps: int = 550  # for the heads of text and picture
    language_steps: int = 900
    speech_steps: int = 300
    fusion_steps: int = 200
    sets_per_step: int = 3  # drawn by their weights; one at a time in later stages
    balanced: bool = False  # whether each pair of modalities is drawn as often as any other, or by its sets' sizes
    batch: int = 512
    speech_batch: int = 256
    learning_rate: float = 1e-3
    language_learning_rate: float = 3e-3
    speech_learning_rate: float = 1e-3
    fusion_learning_rate: float = 1e-3
    across_learning_rate: float = 1e-4  # of the straight map of a picture encoder that says nothing in words
    weight_decay: float = 0.05
    dropout: float = 0.1
    temperature: float = 0.05
    margin: float = 0.2  # of the triplet loss, cosine distance
    losses: Mapping[str, str] = field(default_factory=lambda: dict(DEFAULT_LOSSES))  # of each pair of modalities
    hold: float = 20.0  # of the loss that leaves texts where they are while other languages are brought to them
    hidden: Mapping[Modality, int] = field(
        default_factory=lambda: {Modality.TEXT: 1024, Modality.IMAGE: 1024, Modality.SPEECH: 1024}
    )
    known: Mapping[Modality, int] = field(default_factory=lambda: {Modality.TEXT: 2048, Modality.IMAGE: 2048})
    dim: int = 512
    seed: int = 0
    views: int = 0  # augmented ones of each picture and text of judged sets, beside themselves
    recording_views: int = 0  # the same of each recording
    shop_known: int = 1024  # texts, and pictures, of a shop that are added to the known ones, at most
    check_every: int = 150  # steps between two looks at dev
    unfreeze: int = 0  # last blocks of the picture encoder that are trained at the end, together with its head
    unfreeze_steps: int = 60
    unfreeze_batch: int = 32
    unfreeze_learning_rate: float = 1e-5
    unfreeze_head_learning_rate: float = 1e-4
