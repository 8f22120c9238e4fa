"""The encoders that are known by name. Cards cost nothing: no weight is read until an encoder is loaded."""

from collections.abc import Callable, Mapping
from typing import Any

import torch

from app.errors import EncoderUnknown
from app.types import EncoderCard, Modality
from workers.encoders import image, speech, text
from workers.encoders.base import Classifier, Encoder
from workers.encoders.device import choose

_LOADERS: Mapping[str, tuple[EncoderCard, Callable[[torch.device], Encoder[Any]]]] = {
    text.CARD.name: (text.CARD, text.TextEncoder.load),
    image.CARD.name: (image.CARD, image.ImageEncoder.load),
    speech.CARD.name: (speech.CARD, speech.SpeechEncoder.load),
}

_CLASSIFIERS: Mapping[str, Callable[[], Classifier]] = {image.CARD.name: image.classifier}


def cards() -> tuple[EncoderCard, ...]:
    """The cards of all known encoders."""
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
    read = _CLASSIFIERS.get(card.name)
    return None if read is None else read()


def load(name: EncoderCard | str, device: str = "auto") -> Encoder[Any]:
    """Loads an encoder's weights.

    Args:
        name: its card, `name` or `name@revision`.
        device: `auto` for the first CUDA device if there is one, or torch's name of a device.

    Raises:
        EncoderUnknown: there is none of that name and revision.
        WeightsInvalid: its weight file is missing or damaged.
    """
    card = card_of(name.id if isinstance(name, EncoderCard) else name)
    return _LOADERS[card.name][1](choose(device))
