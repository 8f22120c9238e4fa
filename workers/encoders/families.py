"""The kinds of checkpoints that are read, told apart by their `config.json`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

import torch
from transformers import AutoConfig

from app.errors import WeightsInvalid
from app.types import EncoderCard, Modality
from workers.encoders.base import Classifier, Encoder
from workers.encoders.cards import RESNET50
from workers.encoders.checkpoint import Checkpoint, hub_checkpoint, local_checkpoint

BERTS = ("bert", "albert", "camembert", "distilbert", "electra", "mpnet", "roberta", "xlm-roberta")
UNSTATED = "NOASSERTION"  # SPDX's word for a licence that is not known
LICENCES = {
    "bert-base-uncased": "Apache-2.0",
    "facebook/wav2vec2-base": "Apache-2.0",
    "google/siglip2-base-patch16-224": "Apache-2.0",
    "openai/clip-vit-base-patch32": "MIT",
}


@dataclass(frozen=True, kw_only=True)
class Family:
    """What reads one kind of checkpoint, and how long its outputs are."""

    module: str  # of workers.encoders
    encoder: str  # class in it
    dim: Callable[[Any], int]  # of its configuration


_BERT = Family(module="bert", encoder="BertEncoder", dim=lambda config: config.hidden_size)
_CONTRASTIVE_TEXT, _CONTRASTIVE_IMAGE = "ContrastiveTextEncoder", "ContrastiveImageEncoder"
_FAMILIES: Mapping[tuple[str, Modality], Family] = {
    **{(kind, Modality.TEXT): _BERT for kind in BERTS},
    ("resnet", Modality.IMAGE): Family(
        module="resnet", encoder="ResNetEncoder", dim=lambda config: config.hidden_sizes[-1]
    ),
    ("wav2vec2", Modality.SPEECH): Family(
        module="wav2vec2", encoder="Wav2Vec2Encoder", dim=lambda config: config.hidden_size
    ),
    ("clip", Modality.TEXT): Family(
        module="contrastive", encoder=_CONTRASTIVE_TEXT, dim=lambda config: config.projection_dim
    ),
    ("clip", Modality.IMAGE): Family(
        module="contrastive", encoder=_CONTRASTIVE_IMAGE, dim=lambda config: config.projection_dim
    ),
    ("siglip", Modality.TEXT): Family(
        module="contrastive", encoder=_CONTRASTIVE_TEXT, dim=lambda config: config.text_config.projection_size
    ),
    ("siglip", Modality.IMAGE): Family(
        module="contrastive", encoder=_CONTRASTIVE_IMAGE, dim=lambda config: config.vision_config.hidden_size
    ),
}


def card_of(checkpoint: Checkpoint, modality: Modality) -> EncoderCard:
    """The card of a checkpoint's encoder of one modality, by its configuration alone.

    Raises:
        WeightsInvalid: there is no such encoder in it.
    """
    return EncoderCard(
        name=checkpoint.name,
        revision=checkpoint.revision,
        modality=modality,
        dim=_dim(checkpoint, modality),
        licence=LICENCES.get(checkpoint.source, UNSTATED),
        source=checkpoint.source,
    )


def load(card: EncoderCard, device: torch.device) -> Encoder[Any]:
    """Loads the weights of a checkpoint's encoder.

    Raises:
        WeightsInvalid: they are missing or damaged, or are others than when the card was made.
    """
    checkpoint = _same(card)
    family = _family(checkpoint, card.modality)
    encoder = getattr(import_module(f"workers.encoders.{family.module}"), family.encoder)
    return cast(Encoder[Any], encoder.load(checkpoint.fetched(), card, device))


def classifier(card: EncoderCard) -> Classifier | None:
    """The classifier of a ResNet with the names of its classes; none of any other picture encoder.

    Raises:
        WeightsInvalid: the weights are missing or damaged.
    """
    checkpoint = _same(card)
    if _family(checkpoint, card.modality).module != "resnet":
        return None
    found: Classifier | None = import_module("workers.encoders.resnet").classifier(
        checkpoint.fetched(), checkpoint.config
    )
    return found


def _same(card: EncoderCard) -> Checkpoint:
    source = Checkpoint(source=card.source, name=card.name, revision=card.revision)
    if not source.is_local:
        return hub_checkpoint(card.source, card.revision)
    checkpoint = local_checkpoint(source.fetched())
    if checkpoint.revision != card.revision:
        raise WeightsInvalid(f"{card.source} has changed: its weights are {checkpoint.revision}, not {card.revision}.")
    return checkpoint


def _family(checkpoint: Checkpoint, modality: Modality) -> Family:
    if not checkpoint.config and modality is Modality.IMAGE:
        return _FAMILIES["resnet", Modality.IMAGE]  # a state dict of torchvision has no configuration
    kind = str(checkpoint.config.get("model_type", "without a model_type in config.json"))
    family = _FAMILIES.get((kind, modality))
    if family is None:
        known = sorted(name for name, of in _FAMILIES if of is modality)
        raise WeightsInvalid(
            f"{checkpoint.source} is {kind}, which encodes no {modality} here; for {modality} are read:"
            f" {', '.join(known)}."
        )
    return family


def _dim(checkpoint: Checkpoint, modality: Modality) -> int:
    family = _family(checkpoint, modality)
    if not checkpoint.config:
        return RESNET50.dim
    settings = {name: value for name, value in checkpoint.config.items() if name != "model_type"}
    try:
        return int(family.dim(AutoConfig.for_model(checkpoint.config["model_type"], **settings)))
    except Exception as error:  # transformers checks what it is given with validators of many kinds
        raise WeightsInvalid(f"The config.json of {checkpoint.source} is not valid: {error}.") from error
