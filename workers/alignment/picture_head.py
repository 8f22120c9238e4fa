"""The picture head: what a picture shows in words, how it looks, and what pairs have taught of it."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from workers.alignment.layout import Layout, join
from workers.alignment.learned import Learned

LENGTH = 13.0  # of the mean of a photograph's last grid before the classifier: 11 to 16 measured
DEVIATIONS = 1.0  # above its usual logit from which a class counts
COLOURS = 0.7  # of the colours' names beside those of classes
LOOKS = 1.0  # of the pictures' own geometry beside the words
INPUT_DROPOUT = 0.3  # in training, of the outputs by which pairs teach
REACH = 0.48  # cosine to a picture of training from which a picture counts as half known


class ClassifierShape(NamedTuple):
    """What a picture encoder's pooled output says in words."""

    classes: int  # that the classifier tells apart
    channels: int  # of the last grid, with whose mean the pooled output begins
    colours: int  # whose shares of the picture the pooled output ends with


class PictureHead(nn.Module):
    """Pooled outputs of a picture encoder that knows a classifier's classes to unit vectors of the shared space.

    - The meaning: the names of the classes that the picture shows, each weighted by the square of how far its logit is
      above what is usual, and of the colours that it has, by their shares. A picture of anything comes near words for
      it with no pair ever seen.
    - The looks: the pictures' own principal axes, in a part of the space that texts leave empty: the same thing's other
      photos stay near, and no text is disturbed.
    - What pairs with texts have taught, where they have.

    Sources: ConSE, Norouzi et al., ICLR 2014 (arXiv 1312.5650); DeViSE, Frome et al., NeurIPS 2013.

    Args:
        inputs: length of the pooled output.
        hidden: width between two layers.
        dim: length of the vectors.
        classifier: what the pooled output says in words.
        known: how many of training's pictures are kept.
    """

    def __init__(self, inputs: int, hidden: int, dim: int, classifier: ClassifierShape, known: int) -> None:
        super().__init__()
        self.layout = Layout.of(dim)
        self.classifier = classifier
        self.mean = nn.Buffer(torch.zeros(inputs))
        self.weight = nn.Buffer(torch.zeros(classifier.classes, classifier.channels))
        self.bias = nn.Buffer(torch.zeros(classifier.classes))
        self.usual = nn.Buffer(torch.zeros(classifier.classes))
        self.spread = nn.Buffer(torch.ones(classifier.classes))
        self.names = nn.Buffer(torch.zeros(classifier.classes, self.layout.meaning))
        self.colours = nn.Buffer(torch.zeros(classifier.colours, self.layout.meaning))
        self.axes = nn.Buffer(torch.zeros(inputs, self.layout.looks))
        self.learned = Learned(inputs, hidden, self.layout.learned, known, REACH, input_dropout=INPUT_DROPOUT)

    def learn_words(self, weight: Tensor, bias: Tensor, names: Tensor, colours: Tensor) -> None:
        """Takes over a classifier.

        Args:
            weight: (classes, channels).
            bias: (classes,).
            names: (classes, meaning) of the classes' names.
            colours: (colours, meaning) of the colours' names.
        """
        self.weight.copy_(weight)
        self.bias.copy_(bias)
        self.names.copy_(names)
        self.colours.copy_(colours)

    def standardise(self, outputs: Tensor) -> None:
        """Sets what is usual, and the axes, from (n, inputs) outputs."""
        self.mean.copy_(outputs.mean(0))
        logits = self._logits(outputs)
        self.usual.copy_(logits.mean(0))
        self.spread.copy_(logits.std(0).clamp_min(1e-6))
        count = min(self.layout.looks, *outputs.shape)
        self.axes.zero_()
        self.axes[:, :count] = torch.pca_lowrank(outputs - self.mean, q=count, center=False)[2]

    def meaning(self, pooled: Tensor) -> Tensor:
        """(batch, meaning) unit length: the words for what (batch, inputs) pictures show."""
        evidence = torch.relu((self._logits(pooled) - self.usual) / self.spread - DEVIATIONS).square()
        shares = pooled[:, pooled.shape[1] - self.classifier.colours :]
        named = functional.normalize(evidence @ self.names, dim=1) + COLOURS * (shares @ self.colours)
        return functional.normalize(named, dim=1)

    def features(self, pooled: Tensor) -> Tensor:
        """(batch, meaning + looks + inputs): the meaning, the looks, and the output itself."""
        looks = LOOKS * functional.normalize((pooled - self.mean) @ self.axes, dim=1)
        return torch.cat([self.meaning(pooled), looks, pooled], dim=1)

    def taught_by(self, features: Tensor) -> Tensor:
        """(batch, inputs): the features by which pairs teach.

        The output as it is: by a few hundred of its principal axes, unseen fashion titles find their picture first
        .40 of the time on dev instead of .45.
        """
        return features[:, sum(self.layout[:2]) :]

    def from_features(self, features: Tensor) -> Tensor:
        """(batch, features) to (batch, dim) unit length."""
        meaning, looks, _ = torch.tensor_split(features, [self.layout.meaning, sum(self.layout[:2])], dim=1)
        return join(meaning, looks, self.layout.known(meaning, looks) + self.learned(self.taught_by(features)))

    def forward(self, pooled: Tensor) -> Tensor:
        """(batch, inputs) to (batch, dim) unit length."""
        return self.from_features(self.features(pooled))

    def _logits(self, pooled: Tensor) -> Tensor:
        grid = functional.normalize(pooled[:, : self.classifier.channels], dim=1)
        return LENGTH * grid @ self.weight.T + self.bias
