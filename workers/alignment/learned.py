"""What pairs teach a head, only near to what they showed."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from workers.alignment.byte_dropout import ByteDropout

DROPOUT = 0.3  # in training, between the layers
SHARPNESS = 0.03  # cosine in which a content passes from unknown to known


class Learned(nn.Module):
    """A step away from what is known without pairs, for contents near to those of training.

    Two linear layers with ReLU between, as the design has it, beside one linear map straight across. A few thousand
    pairs teach nothing of trades that they do not come from, and what the layers make of such contents is noise; so
    outside of training their answer fades with the cosine to the nearest of some thousand of training's contents.

    Args:
        inputs: how many features it takes.
        hidden: width between the two layers.
        outputs: length of the step.
        known: how many of training's contents it keeps.
        reach: cosine to the nearest of these from which a content counts as half known.
        input_dropout: in training, of what goes in.
    """

    def __init__(
        self, inputs: int, hidden: int, outputs: int, known: int, reach: float, input_dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.reach = reach
        self.mean = nn.Buffer(torch.zeros(inputs))
        self.scale = nn.Buffer(torch.ones(1))
        self.known = nn.Buffer(torch.zeros(known, inputs))  # unit length, centred
        self.across = nn.Linear(inputs, outputs, bias=False)
        self.first = nn.Linear(inputs, hidden)
        self.second = nn.Linear(hidden, outputs)
        self.input_dropout, self.dropout = ByteDropout(input_dropout), ByteDropout(DROPOUT)
        for untaught in (self.across.weight, self.second.weight, self.second.bias):
            nn.init.zeros_(untaught)

    def standardise(self, outputs: Tensor, chance: torch.Generator | None = None) -> None:
        """Sets the centre, the scale and the known contents, drawn at random, from (n, inputs) features."""
        self.mean.copy_(outputs.mean(0))
        self.scale.copy_((outputs - self.mean).norm(dim=1).mean() / outputs.shape[1] ** 0.5)
        chosen = torch.randperm(len(outputs), generator=chance)[: len(self.known)]
        self.known[: len(chosen)] = self._directions(outputs[chosen])

    def add(self, outputs: Tensor) -> None:
        """Counts (n, inputs) further contents among the known ones."""
        self.known = nn.Buffer(torch.cat([self.known, self._directions(outputs)]))

    def typical(self) -> Tensor:
        """(known, inputs) contents in the directions of the known ones, at the usual distance from their centre."""
        contents: Tensor = self.mean + self.known * self.scale * self.known.shape[1] ** 0.5
        return contents

    def nearness(self, outputs: Tensor) -> Tensor:
        """(n, 1) between 0 and 1: how well contents like these are known."""
        nearest = (self._directions(outputs) @ self.known.T).amax(1, keepdim=True)
        near: Tensor = torch.sigmoid((nearest - self.reach) / SHARPNESS)
        return near

    def forward(self, outputs: Tensor) -> Tensor:
        """(n, inputs) to (n, outputs) of any length; in training as if all were known."""
        centred = self.input_dropout((outputs - self.mean) / self.scale)
        step: Tensor = self.across(centred) + self.second(self.dropout(torch.relu(self.first(centred))))
        return step if self.training else step * self.nearness(outputs)

    def _directions(self, outputs: Tensor) -> Tensor:
        return functional.normalize(outputs - self.mean, dim=1)
