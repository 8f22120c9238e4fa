"""The picture head: what a classifier sees in a picture, in words, and what training adds to it."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

LENGTH = 13.0  # of the mean of a photograph's last grid before the classifier: 11 to 16 measured
REACH = 0.3  # cosine to a training picture from which a hidden unit answers
SHARPNESS = 4.0  # of a hidden unit's answer
OWN = 0.5  # of the pictures' own geometry beside the class names


class ClassifierShape(NamedTuple):
    """The size of a picture encoder's classifier."""

    classes: int
    channels: int  # of the last grid, with whose mean the pooled output begins


class PictureHead(nn.Module):
    """Pooled outputs of a picture encoder that knows a classifier's classes to unit vectors of the shared space.

    Three things are added up:

    - The names of the classes that the picture shows, as the text head has them, each weighted by the square of how
      far its logit is above the mean of training's pictures: a picture of anything comes near words for it with no
      pair ever seen. It fills the part of the space that texts lie in.
    - The pictures' own principal axes, in the part of the space that texts leave empty: the same thing's other photos
      stay near, and no text is disturbed.
    - What pairs have taught: two layers with ReLU between, whose hidden units begin at training pictures and answer
      only near them. For a trade that training never saw they stay silent, where an ordinary layer would drown the
      class names (left-out fashion titles: .21 found in the first ten, with an ordinary layer .12).

    Sources: ConSE, Norouzi et al., ICLR 2014 (arXiv 1312.5650); DeViSE, Frome et al., NeurIPS 2013. The hidden units
    are radial basis functions: Broomhead and Lowe, 1988.
    """

    def __init__(self, inputs: int, hidden: int, dim: int, classifier: ClassifierShape, dropout: float = 0.0) -> None:
        super().__init__()
        classes, self.channels = classifier
        self.mean = nn.Buffer(torch.zeros(inputs))
        self.weight = nn.Buffer(torch.zeros(classes, self.channels))
        self.bias = nn.Buffer(torch.zeros(classes))
        self.usual = nn.Buffer(torch.zeros(classes))
        self.spread = nn.Buffer(torch.ones(classes))
        self.names = nn.Buffer(torch.zeros(classes, dim))
        self.axes = nn.Buffer(torch.zeros(inputs, dim))
        self.first = nn.Linear(inputs, hidden)
        self.second = nn.Linear(hidden, dim)
        self.dropout = nn.Dropout(dropout)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def learn_classes(self, weight: Tensor, bias: Tensor, names: Tensor) -> None:
        """Takes over a classifier.

        Args:
            weight: (classes, channels).
            bias: (classes,).
            names: (classes, dim) unit vectors of the classes' names in the shared space.
        """
        self.weight.copy_(weight)
        self.bias.copy_(bias)
        self.names.copy_(names)

    def standardise(self, outputs: Tensor, empty: Tensor) -> None:
        """Sets what is usual from training's pictures, and places hidden units at some of them.

        Args:
            outputs: (n, inputs) of training's pictures.
            empty: (axes, dim) orthonormal: the part of the space that texts leave empty.
        """
        self.mean.copy_(outputs.mean(0))
        centred = outputs - self.mean
        logits = self._logits(outputs)
        self.usual.copy_(logits.mean(0))
        self.spread.copy_(logits.std(0).clamp_min(1e-6))
        count = min(len(empty), *centred.shape)
        principal = torch.pca_lowrank(centred, q=count, center=False)[2]
        self.axes.copy_(principal @ empty[:count])
        chosen = torch.randint(len(outputs), (len(self.first.weight),))
        with torch.no_grad():
            self.first.weight.copy_(self._placed(outputs[chosen]))
            self.first.bias.fill_(-SHARPNESS * REACH)

    def widen(self, outputs: Tensor) -> None:
        """Adds a hidden unit at each of (n, inputs) pictures of a new trade; nothing changes before it is trained."""
        first, second = self.first, self.second
        hidden = first.out_features + len(outputs)
        self.first = nn.Linear(first.in_features, hidden)
        self.second = nn.Linear(hidden, second.out_features)
        with torch.no_grad():
            self.first.weight.copy_(torch.cat([first.weight, self._placed(outputs)]))
            self.first.bias.copy_(torch.cat([first.bias, torch.full((len(outputs),), -SHARPNESS * REACH)]))
            self.second.weight.copy_(functional.pad(second.weight, (0, len(outputs))))
            self.second.bias.copy_(second.bias)

    def _placed(self, pictures: Tensor) -> Tensor:
        """The weights of hidden units at these pictures."""
        return SHARPNESS * functional.normalize(pictures - self.mean, dim=1)

    def untrained(self, pooled: Tensor) -> Tensor:
        """What is known of (batch, inputs) pictures before any pair: (batch, dim) unit length."""
        evidence = torch.relu((self._logits(pooled) - self.usual) / self.spread).square()
        named = functional.normalize(evidence @ self.names, dim=1)
        own = functional.normalize((pooled - self.mean) @ self.axes, dim=1)
        return functional.normalize(named + OWN * own, dim=1)

    def forward(self, pooled: Tensor) -> Tensor:
        """(batch, inputs) to (batch, dim) unit length."""
        centred = functional.normalize(pooled - self.mean, dim=1)
        taught = self.second(self.dropout(torch.relu(self.first(centred))))
        return functional.normalize((1 + OWN**2) ** 0.5 * self.untrained(pooled) + taught, dim=1)

    def _logits(self, pooled: Tensor) -> Tensor:
        return LENGTH * functional.normalize(pooled[:, : self.channels], dim=1) @ self.weight.T + self.bias
