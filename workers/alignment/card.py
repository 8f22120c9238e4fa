"""The card of an alignment artifact: what its weights are, and how what they say is weighed."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from app.errors import ArtifactInvalid
from app.types import EncoderCard, Modality, SpaceKey
from workers.alignment.mixing import Mixing, Mixture, name_of, read_mixture
from workers.alignment.picture_head import ClassifierShape
from workers.alignment.reduction import ReducedTo
from workers.alignment.relevance import Calibration, Calibrations

CARD = "card.json"

Shares = Mapping[Modality, Mapping[Modality, float]]  # query modality -> product modality -> share, above zero


@dataclass(frozen=True, kw_only=True)
class AlignmentCard:
    """What an artifact's weights are, and where they come from."""

    encoders: Mapping[Modality, str]  # EncoderCard.id
    inputs: Mapping[Modality, int]  # length of each encoder's pooled output
    segments: Mapping[Modality, int]  # that each encoder's pooled output has side by side
    hidden: Mapping[Modality, int]  # width between the two layers of each head
    known: Mapping[Modality, int]  # contents of training that each head keeps
    classifier: ClassifierShape | None  # of the picture encoder, whose class names the picture head knows
    dim: int
    shares: Shares
    ready: bool  # whether dev found it no worse than what it would replace
    transcript_share: float  # of a recording's weight, between 0 and 1; the rest is its own vector's
    words_weight: float  # of the words that a product has of a text, beside the cosine
    sha256: str  # of the weights file
    # How much the re-rank counts beside the cosine, by the modality of the query; where it does not, it only explains.
    rerank_weights: Mapping[Modality, float] = field(default_factory=dict)
    relevance: Calibrations = field(default_factory=dict)  # by the modality of queries; of before it was learnt, none
    tuned: Mapping[Modality, str] = field(default_factory=dict)  # SHA-256 of the file of an encoder's own last blocks
    mixing: Mapping[Mixture, Mixing] = field(default_factory=dict)  # how it is ranked for each; by the sum unless told
    reduced: ReducedTo | None = None  # to fewer numbers than `dim`
    training: Mapping[str, Any] = field(default_factory=dict)  # data, seed, settings, metrics

    @property
    def space_key(self) -> SpaceKey:
        """The space that vectors of this alignment live in."""
        if self.reduced is None:
            return SpaceKey(encoders=dict(self.encoders), alignment=self.sha256, dim=self.dim)
        both = hashlib.sha256(f"{self.sha256} {self.reduced.sha256}".encode()).hexdigest()
        return SpaceKey(encoders=dict(self.encoders), alignment=both, dim=self.reduced.dim)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Reads a card.

        Raises:
            ArtifactInvalid: it is missing or no card.
        """
        if not path.is_file():
            raise ArtifactInvalid(f"There is no alignment in {path.parent}: it has no {path.name}.")
        try:
            card = json.loads(path.read_text(encoding="utf-8"))
            return cls(
                encoders={Modality(modality): str(encoder) for modality, encoder in card["encoders"].items()},
                inputs={Modality(modality): int(inputs) for modality, inputs in card["inputs"].items()},
                segments={Modality(modality): int(segments) for modality, segments in card["segments"].items()},
                hidden={Modality(modality): int(width) for modality, width in card["hidden"].items()},
                known={Modality(modality): int(known) for modality, known in card["known"].items()},
                classifier=None if card["classifier"] is None else ClassifierShape(*map(int, card["classifier"])),
                dim=int(card["dim"]),
                shares={
                    Modality(query): {Modality(against): float(share) for against, share in row.items()}
                    for query, row in card["shares"].items()
                },
                ready=bool(card["ready"]),
                transcript_share=_between_0_and_1(float(card["transcript_share"])),
                # Cards of before words were compared have none.
                words_weight=_not_below_0(float(card.get("words_weight", 0.0))),
                sha256=str(card["sha256"]),
                # Cards of before the re-rank was weighed have none.
                rerank_weights={
                    Modality(modality): _not_below_0(float(weight))
                    for modality, weight in card.get("rerank_weights", {}).items()
                },
                relevance={
                    Modality(modality): Calibration(**{name: float(value) for name, value in curve.items()})
                    for modality, curve in card.get("relevance", {}).items()
                },
                # Cards of before encoders could be trained have none.
                tuned={Modality(modality): str(sha256) for modality, sha256 in card.get("tuned", {}).items()},
                # Cards of before mixtures were measured have none.
                mixing={read_mixture(name): Mixing(way) for name, way in card.get("mixing", {}).items()},
                reduced=ReducedTo(**card["reduced"]) if card.get("reduced") else None,
                training=card["training"],
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ArtifactInvalid(
                f"{path} is not an alignment's card, or one of another version: {error}. Train it anew."
            ) from error


def _between_0_and_1(share: float) -> float:
    if not 0 < share < 1:
        raise ValueError(f"the transcript's share is {share}, not between 0 and 1")
    return share


def _not_below_0(weight: float) -> float:
    if not weight >= 0:
        raise ValueError(f"a weight is {weight}, below zero")
    return weight


def save_card(folder: Path, card: AlignmentCard) -> AlignmentCard:
    """Writes the card of an artifact whose weights are there."""
    document = {
        "encoders": dict(card.encoders),
        "inputs": dict(card.inputs),
        "segments": dict(card.segments),
        "hidden": dict(card.hidden),
        "known": dict(card.known),
        "classifier": card.classifier,
        "dim": card.dim,
        "shares": {query: dict(row) for query, row in card.shares.items()},
        "ready": card.ready,
        "transcript_share": card.transcript_share,
        "words_weight": card.words_weight,
        "rerank_weights": dict(card.rerank_weights),
        "sha256": card.sha256,
        "relevance": {modality: asdict(curve) for modality, curve in card.relevance.items()},
        "tuned": dict(card.tuned),
        "mixing": {name_of(mixture): way for mixture, way in card.mixing.items()},
        "reduced": None if card.reduced is None else asdict(card.reduced),
        "training": card.training,
    }
    (folder / CARD).write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return AlignmentCard.read(folder / CARD)


def tuned_card(card: EncoderCard, sha256: str) -> EncoderCard:
    """The card of an encoder whose last blocks are those of a file: vectors of the two never meet."""
    return replace(card, revision=f"{card.revision}+{sha256[:12]}")
