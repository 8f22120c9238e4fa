"""The text head: what a text says, and what pairs have taught of what it says."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from workers.alignment.layout import Layout, join
from workers.alignment.learned import Learned

REACH = 0.5  # cosine to a meaning of training from which a meaning counts as half known


class TextHead(nn.Module):
    """Pooled outputs of the text encoder to unit vectors of the shared space.

    - The meaning: the encoder's own geometry, centred, along its principal axes. Encoders give vectors that lie in a
      narrow cone, in which unrelated things look alike; without their mean they do not. Two layers with ReLU between,
      zero at first, bring other languages to where their meanings are.
    - What pairs with pictures have taught of that meaning, where they have: the same in every language.

    Args:
        inputs: length of the pooled output.
        hidden: width between two layers.
        dim: length of the vectors.
        known: how many of training's texts are kept.
        dropout: in training.
    """

    def __init__(self, inputs: int, hidden: int, dim: int, known: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.layout = Layout.of(dim)
        self.mean = nn.Buffer(torch.zeros(inputs))
        self.scale = nn.Buffer(torch.ones(1))
        self.axes = nn.Buffer(torch.eye(inputs, self.layout.meaning))
        self.first = nn.Linear(inputs, hidden)
        self.second = nn.Linear(hidden, self.layout.meaning)
        self.dropout = nn.Dropout(dropout)
        self.learned = Learned(self.layout.meaning, hidden, self.layout.learned, known, REACH)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def standardise(self, outputs: Tensor) -> None:
        """Sets the centre, the scale and the axes from (n, inputs) outputs."""
        self.mean.copy_(outputs.mean(0))
        centred = outputs - self.mean
        self.scale.copy_(centred.norm(dim=1).mean() / outputs.shape[1] ** 0.5)
        ascending = torch.linalg.eigh(centred.T @ centred)[1]
        count = min(ascending.shape[1], self.layout.meaning)
        self.axes.zero_()
        self.axes[:, :count] = ascending.flip(1)[:, :count]

    def untaught(self, outputs: Tensor, mean: Tensor | None = None) -> Tensor:
        """(n, meaning) unit length: the encoder's own geometry, about this mean instead of texts' if one is given."""
        return functional.normalize((outputs - (self.mean if mean is None else mean)) @ self.axes, dim=1)

    def features(self, outputs: Tensor) -> Tensor:
        """(n, meaning) unit length: what (n, inputs) texts say, whatever the language."""
        hidden = self.dropout(torch.relu(self.first((outputs - self.mean) / self.scale)))
        return functional.normalize(self.untaught(outputs) + self.second(hidden), dim=1)

    def unpaired(self, outputs: Tensor) -> Tensor:
        """(n, dim) unit length: what (n, inputs) texts are without what pairs with pictures taught."""
        return self._vectors(self.features(outputs), 0)

    def taught_by(self, features: Tensor) -> Tensor:
        """(batch, n): the features by which pairs teach; all of them."""
        return features

    def from_features(self, meaning: Tensor) -> Tensor:
        """(batch, meaning) to (batch, dim) unit length."""
        return self._vectors(meaning, self.learned(meaning))

    def forward(self, pooled: Tensor) -> Tensor:
        """(batch, inputs) to (batch, dim) unit length."""
        return self.from_features(self.features(pooled))

    def _vectors(self, meaning: Tensor, taught: Tensor | float) -> Tensor:
        looks = meaning.new_zeros(len(meaning), self.layout.looks)
        return join(meaning, looks, self.layout.known(meaning, looks) + taught)
