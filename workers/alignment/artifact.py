"""Alignment artifacts: a folder with the network's weights and a card that says what they are."""

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch.nn import functional

from app.errors import ArtifactInvalid
from app.types import EncoderCard, Modality
from workers.alignment.card import CARD, AlignmentCard, save_card, tuned_card
from workers.alignment.mixing import Mixing, Mixture
from workers.alignment.network import AlignmentNetwork
from workers.alignment.reduction import Reduction
from workers.alignment.tokens import Floats, Tokens
from workers.encoders.base import Divided

DEFAULT = Path(__file__).parent / "default"
WEIGHTS = "alignment.safetensors"
TUNED = "encoders.safetensors"  # the last blocks of encoders that were trained with it
AT_ONCE = 512  # outputs projected in one go
ROWS = 128  # of which a batch has a multiple where halves are multiplied

Vectors = NDArray[np.float32]  # (n, dim) unit length
Weights = Mapping[Modality, NDArray[np.float32]]  # (n,) above zero


class Alignment:
    """A trained alignment network, ready to project.

    Args:
        network: with its weights.
        card: that describes it.
        reduction: to fewer numbers, of vectors as they are stored.
    """

    def __init__(self, network: AlignmentNetwork, card: AlignmentCard, reduction: Reduction | None = None) -> None:
        self.card = card
        self.reduction = reduction
        self.network = network.eval()

    def project(self, modality: Modality, pooled: NDArray[np.float32]) -> Vectors:
        """(n, inputs) pooled outputs of the modality's encoder to (n, dim) unit vectors."""
        with torch.inference_mode():
            batches = torch.split(torch.from_numpy(pooled), AT_ONCE)
            device = next(self.network.parameters()).device  # the CPU, but for a training on a GPU
            found = [
                self.network.project(modality, _rounded(batch).to(device))[: len(batch)].cpu() for batch in batches
            ]
            projected: Vectors = functional.normalize(torch.cat(found).float(), dim=1).numpy()
        return projected

    def tokens(self, modality: Modality, divided: Sequence[Divided]) -> list[Tokens]:
        """Of each divided content its tokens."""
        counts = [len(each.tokens) for each in divided]
        vectors = self.compressed(self.project(modality, np.concatenate([each.tokens for each in divided])))
        own = np.split(vectors, np.cumsum(counts)[:-1])
        return [Tokens(each.labels, of_content) for each, of_content in zip(divided, own, strict=True)]

    def stored(self, vectors: Vectors) -> Vectors:
        """(n, dim) vectors as they are stored and ranked by."""
        return vectors if self.reduction is None else self.reduction.apply(vectors)

    def token_of(self, stored: Vectors) -> Floats:
        """Vectors as they are stored, as the tokens that stand for the whole: (n, token_dim) unit length."""
        return self.compressed(stored if self.reduction is None else self.reduction.undo(stored))

    @property
    def token_dim(self) -> int:
        """The length of a token's vector."""
        return int(self.network.token_axes.shape[1])

    def compressed(self, vectors: Vectors) -> Floats:
        """(n, dim) vectors of the shared space as tokens are kept, (n, token_dim), both unit length."""
        axes = self.network.token_axes.cpu().numpy()
        short = vectors @ axes
        found: Floats = short / np.linalg.norm(short, axis=1, keepdims=True).clip(min=1e-9)
        return found

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
        """How products are ranked for a mixture; vectors of fewer numbers cannot be fused."""
        found = self.card.mixing.get(mixture, Mixing.SUM)
        return Mixing.SUM if found is Mixing.FUSION and self.reduction is not None else found

    def with_transcript_share(self, share: float) -> "Alignment":
        """The same network, with another share for transcripts."""
        return Alignment(self.network, replace(self.card, transcript_share=share), self.reduction)

    def with_words_weight(self, weight: float) -> "Alignment":
        """The same network, with another weight for words."""
        return Alignment(self.network, replace(self.card, words_weight=weight), self.reduction)

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


def _rounded(batch: torch.Tensor) -> torch.Tensor:
    """The batch, with rows of zeros behind it where halves are multiplied.

    For each number of rows, oneDNN keeps what it has compiled and the weights once more: of few numbers, little.
    """
    if not torch.is_autocast_enabled("cpu"):
        return batch
    return functional.pad(batch, (0, 0, 0, -len(batch) % ROWS))


def save_alignment(folder: Path, network: AlignmentNetwork, card: AlignmentCard) -> AlignmentCard:
    """Writes an artifact, its weights as half floats; returns the card with their checksum."""
    weights = save({name: tensor.half().contiguous() for name, tensor in network.state_dict().items()})
    folder.mkdir(parents=True, exist_ok=True)
    (folder / WEIGHTS).write_bytes(weights)
    return save_card(folder, replace(card, sha256=hashlib.sha256(weights).hexdigest()))


def save_reduced(alignment: Alignment, source: Path, reduction: Reduction, folder: Path) -> None:
    """Writes an artifact of the same alignment whose vectors are stored with fewer numbers.

    Args:
        alignment: that was read from `source`.
        source: its folder.
        reduction: of its vectors.
        folder: of the new artifact, which is there.
    """
    for name in (WEIGHTS, TUNED):
        if (source / name).is_file():
            shutil.copyfile(source / name, folder / name)
    save_card(folder, replace(alignment.card, reduced=reduction.write(folder)))


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
    return Alignment(network, card, None if card.reduced is None else Reduction.read(folder, card.reduced))


def _weights(folder: Path, card: AlignmentCard) -> bytes:
    try:
        weights = (folder / WEIGHTS).read_bytes()
    except OSError as error:
        raise ArtifactInvalid(f"{folder / WEIGHTS} cannot be read: {error.strerror}.") from error
    if hashlib.sha256(weights).hexdigest() != card.sha256:
        raise ArtifactInvalid(f"{folder / WEIGHTS} is not the file that its card describes: the checksums differ.")
    return weights
