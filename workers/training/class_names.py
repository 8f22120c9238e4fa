"""What a picture encoder says in words: its classifier's classes, the colours that it sees, and their names."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from app.types import Modality, Role
from workers.alignment.picture_head import ClassifierShape
from workers.encoders import registry
from workers.encodings import Encodings, TextContent


@dataclass(frozen=True, kw_only=True)
class ClassNames:
    """A classifier's weights with its classes' names and those of colours, as the text encoder has them."""

    weight: Tensor  # (classes, channels)
    bias: Tensor  # (classes,)
    outputs: Tensor  # (classes, inputs) of the text encoder
    colours: Tensor  # (colours, inputs) of the text encoder; none if the picture encoder sees no colours

    @property
    def shape(self) -> ClassifierShape:
        """Its size."""
        classes, channels = self.weight.shape
        return ClassifierShape(classes, channels, len(self.colours))


def class_names(encodings: Encodings) -> ClassNames | None:
    """The class names of the picture encoder that these encodings are made by; none if it has no classifier.

    Nor are there any where texts are tokens side by side, whose head has no place for what a name means alone.
    """
    if encodings.cards[Modality.TEXT].segments > 1:
        return None
    classifier = registry.classifier(encodings.cards[Modality.IMAGE])
    if classifier is None:
        return None
    return ClassNames(
        weight=classifier.weight,
        bias=classifier.bias,
        outputs=_written(classifier.names, encodings),
        colours=_written(classifier.colours, encodings),
    )


def _written(names: Sequence[str], encodings: Encodings) -> Tensor:
    keys = encodings.encode(Modality.TEXT, [TextContent(name, Role.PASSAGE) for name in names])
    return torch.from_numpy(encodings.outputs(Modality.TEXT, [key for key in keys if key is not None]))
