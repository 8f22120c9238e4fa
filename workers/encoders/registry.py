"""The encoders that are known by name. Cards cost nothing: no weight is read until an encoder is loaded."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import torch

from app.errors import EncoderUnknown
from app.types import EncoderCard, Modality
from workers.encoders import cards as named
from workers.encoders import image, parts, speech, text
from workers.encoders.base import Classifier, Encoder
from workers.encoders.device import choose

Loader = Callable[[torch.device], Encoder[Any]]


def _minilm(device: torch.device) -> Encoder[Any]:
    (weights,) = named.MINILM_WEIGHTS.verified()
    found: Encoder[Any] = _module("bert").BertEncoder.load(weights.parent, named.MINILM, device)
    return found


def _resnet50(device: torch.device) -> Encoder[Any]:
    resnet = _module("resnet")
    found: Encoder[Any] = resnet.ResNetEncoder.load(resnet.downloaded(), named.RESNET50, device)
    return found


def _speech_embedding(device: torch.device) -> Encoder[Any]:
    found: Encoder[Any] = _module("speech_embedding").SpeechEmbeddingEncoder.load(device)
    return found


def _mfcc(device: torch.device) -> Encoder[Any]:
    found: Encoder[Any] = _module("mfcc").MfccEncoder.load(device)
    return found


def _resnet50_classifier() -> Classifier:
    resnet = _module("resnet")
    found: Classifier = resnet.classifier(resnet.downloaded(), {})
    return found


_LOADERS: Mapping[str, tuple[EncoderCard, Loader]] = {
    card.name: (card, load)
    for card, load in (
        (text.CARD, text.TextEncoder.load),
        (parts.TOKENS, parts.TokensEncoder.load),
        (image.CARD, image.ImageEncoder.load),
        (speech.CARD, speech.SpeechEncoder.load),
        (named.MINILM, _minilm),
        (parts.GRID, parts.GridEncoder.load),
        (image.LITE0.card, lambda device: image.ImageEncoder.load(device, image.LITE0)),
        (named.RESNET50, _resnet50),
        (named.TINY_EN, lambda device: speech.SpeechEncoder.load(device, named.TINY_EN, named.TINY_EN_WEIGHTS)),
        (named.SPEECH_EMBEDDING, _speech_embedding),
        (named.MFCC, _mfcc),
    )
}

_CLASSIFIERS: Mapping[str, Callable[[], Classifier]] = {
    image.CARD.name: image.classifier,
    image.LITE0.card.name: lambda: image.classifier(image.LITE0),
    named.RESNET50.name: _resnet50_classifier,
}


def cards() -> tuple[EncoderCard, ...]:
    """The cards of all encoders that have a name here."""
    return tuple(card for card, _ in _LOADERS.values())


def default_cards() -> Mapping[Modality, EncoderCard]:
    """The card of each modality's default encoder."""
    return {Modality.TEXT: text.CARD, Modality.IMAGE: image.CARD, Modality.SPEECH: speech.CARD}


def card_of(name: str) -> EncoderCard:
    """The card of this name, given as `name` or as `name@revision`.

    Raises:
        EncoderUnknown: there is none of that name, or only at another revision.
    """
    wanted, _, revision = name.partition("@")
    if wanted not in _LOADERS:
        raise EncoderUnknown(f"There is no encoder {wanted!r}; known are {', '.join(_LOADERS)}.")
    card = _LOADERS[wanted][0]
    if revision not in ("", card.revision):
        raise EncoderUnknown(f"The encoder {wanted!r} is here at revision {card.revision}, not at {revision}.")
    return card


def classifier(card: EncoderCard) -> Classifier | None:
    """The classifier of a picture encoder; none if it was not trained to name classes.

    Raises:
        WeightsInvalid: its weight file is missing or damaged.
    """
    if card not in cards():
        found: Classifier | None = _module("families").classifier(card)
        return found
    read = _CLASSIFIERS.get(card.name)
    return None if read is None else read()


def load(name: EncoderCard | str, device: str = "auto") -> Encoder[Any]:
    """Loads an encoder's weights.

    Args:
        name: its card, or `name` or `name@revision` of one that has a name here.
        device: `auto` for the first CUDA device if there is one, or torch's name of a device.

    Raises:
        EncoderUnknown: there is none of that name and revision.
        WeightsInvalid: its weight file is missing or damaged.
    """
    card = card_of(name) if isinstance(name, str) else name
    if card not in cards():
        found: Encoder[Any] = _module("families").load(card, choose(device))
        return found
    return _LOADERS[card.name][1](choose(device))


def _module(name: str) -> Any:  # noqa: ANN401  each has classes of its own
    """A module that is imported only when one of its encoders is wanted: transformers alone takes seconds."""
    return import_module(f"workers.encoders.{name}")
