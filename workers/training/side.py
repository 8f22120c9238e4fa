"""One side of a set of encoded pairs."""

from dataclasses import dataclass, replace
from functools import cached_property

import torch
from scipy.sparse import csr_array
from torch import Tensor

from app.types import Modality
from workers.training.device import Projection, through

AT_ONCE = 1024  # outputs projected in one go
FEW = 32  # numbers of an output of which one is looked at


@dataclass(frozen=True, kw_only=True)
class Side:
    """Each content once, with other views of it behind itself, and which content each pair has."""

    modality: Modality
    outputs: Tensor  # (views of all contents, inputs) float16, as they are cached
    rows: Tensor  # (pairs,) int64: the content of each pair
    things: csr_array  # (contents, things) bool: what each content stands for
    views: Tensor  # (contents,) int64, how many each content has, itself the first of them
    keys: tuple[str, ...] = ()  # what each view is cached under

    def things_of(self, pairs: Tensor) -> csr_array:
        """(batch, things) bool of these pairs."""
        return self.things[self.rows[pairs].numpy()]

    def take(self, pairs: Tensor, chance: torch.Generator | None = None) -> Tensor:
        """(batch, inputs) float32 outputs of these pairs: of the contents themselves, or of any of their views."""
        contents = self.rows[pairs]
        places = self.starts[contents]
        if chance is not None and len(self.outputs) > len(self.views):
            places = places + (torch.rand(len(contents), generator=chance) * self.views[contents]).long()
        return self.outputs[places].float()

    def places(self, pairs: Tensor) -> list[int]:
        """(batch,) the places of these pairs' contents themselves among the views."""
        return [int(place) for place in self.starts[self.rows[pairs]]]

    @cached_property
    def starts(self) -> Tensor:
        """(contents,) the place of each content itself among the views."""
        return self.views.cumsum(0) - self.views

    @property
    def plain(self) -> Tensor:
        """(contents, inputs) float16 outputs of the contents themselves."""
        return self.outputs if len(self.outputs) == len(self.views) else self.outputs[self.starts]

    @cached_property
    def lengths(self) -> Tensor:
        """(contents,) how long each output is: of one in a few of its numbers, how many are not zero.

        A recording's numbers are zero behind its end.
        """
        return self.plain[:, ::FEW].count_nonzero(dim=1).cpu()

    def through(self, project: Projection) -> "Side":
        """The same side with what this makes of its outputs, in half precision; nothing of it is trained."""
        with torch.no_grad():
            made = [through(project, outputs.float()).half() for outputs in torch.split(self.outputs, AT_ONCE)]
        return replace(self, outputs=torch.cat(made))

    def to(self, device: torch.device) -> "Side":
        """The same side with its outputs on this device; what batches are drawn by stays on the CPU."""
        return replace(self, outputs=self.outputs.to(device))
