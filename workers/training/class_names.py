"""What a picture encoder's classifier knows, and what its classes are called."""

from dataclasses import dataclass

import torch
from torch import Tensor

from app.types import Modality, Role
from workers.alignment.picture_head import ClassifierShape
from workers.encoders import registry
from workers.encodings import Encodings, TextContent


@dataclass(frozen=True, kw_only=True)
class ClassNames:
    """A classifier's weights with its classes' names, as the text encoder has them."""

    weight: Tensor  # (classes, channels)
    bias: Tensor  # (classes,)
    outputs: Tensor  # (classes, inputs) of the text encoder

    @property
    def shape(self) -> ClassifierShape:
        """Its size."""
        return ClassifierShape(*self.weight.shape)


def class_names(encodings: Encodings) -> ClassNames | None:
    """The class names of the picture encoder that these encodings are made by; none if it has no classifier."""
    classifier = registry.classifier(encodings.cards[Modality.IMAGE])
    if classifier is None:
        return None
    keys = encodings.encode(Modality.TEXT, [TextContent(name, Role.PASSAGE) for name in classifier.names])
    outputs = encodings.outputs(Modality.TEXT, [key for key in keys if key is not None])
    return ClassNames(weight=classifier.weight, bias=classifier.bias, outputs=torch.from_numpy(outputs))
