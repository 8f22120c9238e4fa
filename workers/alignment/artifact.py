"""Alignment artifacts: a folder with the network's weights and a card that says what they are."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load, save

from app.errors import ArtifactInvalid
from app.types import EncoderCard, Modality
from workers.alignment.mixing import Mixing, Mixture, name_of, read_mixture
from workers.alignment.network import AlignmentNetwork
from workers.alignment.picture_head import ClassifierShape
from workers.alignment.relevance import Calibration, Calibrations

DEFAULT = Path(__file__).parent / "default"
WEIGHTS = "alignment.safetensors"
CARD = "card.json"
AT_ONCE = 512  # outputs projected in one go

Vectors = NDArray[np.float32]  # (n, dim) unit length
Weights = Mapping[Modality, NDArray[np.float32]]  # (n,) above zero
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
    relevance: Calibrations = field(default_factory=dict)  # by the modality of queries; of before it was learnt, none
    tuned: Mapping[Modality, str] = field(default_factory=dict)  # SHA-256 of the file of an encoder's own last blocks
    mixing: Mapping[Mixture, Mixing] = field(default_factory=dict)  # how it is ranked for each; by the sum unless told
    training: Mapping[str, Any] = field(default_factory=dict)  # data, seed, settings, metrics

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
                relevance={
                    Modality(modality): Calibration(**{name: float(value) for name, value in curve.items()})
                    for modality, curve in card.get("relevance", {}).items()
                },
                # Cards of before encoders could be trained have none.
                tuned={Modality(modality): str(sha256) for modality, sha256 in card.get("tuned", {}).items()},
                # Cards of before mixtures were measured have none.
                mixing={read_mixture(name): Mixing(way) for name, way in card.get("mixing", {}).items()},
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
        raise ValueError(f"the weight of words is {weight}, below zero")
    return weight


class Alignment:
    """A trained alignment network, ready to project."""

    def __init__(self, network: AlignmentNetwork, card: AlignmentCard) -> None:
        self.card = card
        self.network = network.eval()

    def project(self, modality: Modality, pooled: NDArray[np.float32]) -> Vectors:
        """(n, inputs) pooled outputs of the modality's encoder to (n, dim) unit vectors."""
        with torch.inference_mode():
            batches = torch.split(torch.from_numpy(pooled), AT_ONCE)
            device = next(self.network.parameters()).device  # the CPU, but for a training on a GPU
            found = [self.network.project(modality, batch.to(device)).cpu() for batch in batches]
            projected: Vectors = torch.cat(found).numpy()
        return projected

    def fuse(self, vectors: Mapping[Modality, Vectors], weights: Weights | None = None) -> Vectors:
        """Vectors of two or three modalities of the same things, (n, dim) each, to one vector a thing."""
        own = None if weights is None else {m: torch.from_numpy(w) for m, w in weights.items()}
        with torch.inference_mode():
            fused: Vectors = self.network.fuse({m: torch.from_numpy(v) for m, v in vectors.items()}, own).numpy()
        return fused

    def mix(self, mixing: Mixing, vectors: Mapping[Modality, Vectors], weights: Weights) -> Vectors:
        """One vector a thing, (n, dim) unit length, by the mean of its parts' vectors or by their fusion."""
        if mixing is Mixing.FUSION:
            return self.fuse(vectors, weights)
        mean = sum(weights[modality][:, None] * own for modality, own in vectors.items())
        mixed: Vectors = mean / np.linalg.norm(mean, axis=1, keepdims=True).clip(min=1e-9)
        return mixed

    def mixing(self, mixture: Mixture) -> Mixing:
        """How products are ranked for a mixture."""
        return self.card.mixing.get(mixture, Mixing.SUM)

    def with_transcript_share(self, share: float) -> "Alignment":
        """The same network, with another share for transcripts."""
        return Alignment(self.network, replace(self.card, transcript_share=share))

    def with_words_weight(self, weight: float) -> "Alignment":
        """The same network, with another weight for words."""
        return Alignment(self.network, replace(self.card, words_weight=weight))

    def share(self, query: Modality, against: Modality) -> float:
        """How much a product's similarity through `against` counts for a query part of modality `query`."""
        return self.card.shares[query][against]

    def mixed_shares(self, weights: Mapping[Modality, Any]) -> dict[Modality, Any]:
        """Product modality -> share for one vector of several modalities: the mean of their shares by their weights."""
        total = sum(weights.values())
        return {
            against: sum(weight * self.share(query, against) for query, weight in weights.items()) / total
            for against in Modality
        }


def save_alignment(folder: Path, network: AlignmentNetwork, card: AlignmentCard) -> AlignmentCard:
    """Writes an artifact, its weights as half floats; returns the card with their checksum."""
    weights = save({name: tensor.half().contiguous() for name, tensor in network.state_dict().items()})
    folder.mkdir(parents=True, exist_ok=True)
    (folder / WEIGHTS).write_bytes(weights)
    return save_card(folder, replace(card, sha256=hashlib.sha256(weights).hexdigest()))


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
        "sha256": card.sha256,
        "relevance": {modality: asdict(curve) for modality, curve in card.relevance.items()},
        "tuned": dict(card.tuned),
        "mixing": {name_of(mixture): way for mixture, way in card.mixing.items()},
        "training": card.training,
    }
    (folder / CARD).write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return AlignmentCard.read(folder / CARD)


def tuned_card(card: EncoderCard, sha256: str) -> EncoderCard:
    """The card of an encoder whose last blocks are those of a file: vectors of the two never meet."""
    return replace(card, revision=f"{card.revision}+{sha256[:12]}")


def check_alignment(folder: Path) -> None:
    """Looks whether an artifact can be searched with, without loading it.

    Raises:
        ArtifactInvalid: it is missing or damaged, or not ready.
    """
    card = AlignmentCard.read(folder / CARD)
    require_ready(folder, card)
    _weights(folder, card)


def require_ready(folder: Path, card: AlignmentCard) -> None:
    """Refuses to search with an artifact that dev found worse.

    Raises:
        ArtifactInvalid: it is not ready.
    """
    if not card.ready:
        raise ArtifactInvalid(
            f"{folder} is not ready: on held-out data it was worse than the alignment before it."
            " Train it with more data, or go on without it."
        )


def load_alignment(folder: Path, cards: Mapping[Modality, EncoderCard]) -> Alignment:
    """Loads an artifact for these encoders.

    Raises:
        ArtifactInvalid: it is damaged, or was made for other encoders.
    """
    card = AlignmentCard.read(folder / CARD)
    for modality, base in cards.items():
        encoder = tuned_card(base, card.tuned[modality]) if modality in card.tuned else base
        if card.encoders.get(modality) != encoder.id or card.inputs.get(modality) != encoder.dim:
            raise ArtifactInvalid(
                f"{folder} aligns {modality} of {card.encoders.get(modality)} ({card.inputs.get(modality)} numbers);"
                f" loaded is {encoder.id} ({encoder.dim})."
            )
    weights = _weights(folder, card)
    network = AlignmentNetwork(
        card.inputs, card.segments, card.hidden, card.known, card.dim, classifier=card.classifier
    )
    try:
        network.load_state_dict({name: tensor.float() for name, tensor in load(weights).items()})
    except (SafetensorError, RuntimeError) as error:
        raise ArtifactInvalid(f"{folder / WEIGHTS} does not hold this network: {error}") from error
    return Alignment(network, card)


def _weights(folder: Path, card: AlignmentCard) -> bytes:
    try:
        weights = (folder / WEIGHTS).read_bytes()
    except OSError as error:
        raise ArtifactInvalid(f"{folder / WEIGHTS} cannot be read: {error.strerror}.") from error
    if hashlib.sha256(weights).hexdigest() != card.sha256:
        raise ArtifactInvalid(f"{folder / WEIGHTS} is not the file that its card describes: the checksums differ.")
    return weights
