"""Trains the last blocks of the picture encoder together with its head."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from app.types import Modality
from workers.alignment.network import AlignmentNetwork
from workers.encoders.image import ImageEncoder
from workers.encoders.unfreezing import in_floats, last_blocks
from workers.encodings import FileContent
from workers.media import MediaLimits
from workers.training.augmented_pictures import PictureView
from workers.training.batches import draw
from workers.training.device import through
from workers.training.pair_sets import PairSet
from workers.training.settings import TrainingSettings
from workers.training.side import Side
from workers.training.stages import Stage
from workers.training.steps import Look, Steps
from workers.training.terms import pair_loss

PLAIN = 0.5  # share of pictures that are seen as they are


class Tunable(nn.Module):
    """A network with the blocks of the picture encoder that are trained beside it."""

    def __init__(self, network: AlignmentNetwork, encoder: ImageEncoder, count: int) -> None:
        super().__init__()
        self.network = network
        self.blocks = nn.ModuleList(last_blocks(encoder, count))


def tune_pictures(
    network: AlignmentNetwork,
    encoder: ImageEncoder,
    sets: Sequence[PairSet],
    pictures: Mapping[str, FileContent],
    settings: TrainingSettings,
    limits: MediaLimits,
    *,
    dev: Callable[[AlignmentNetwork], float],
    on_step: Callable[[str, float], None],
) -> tuple[AlignmentNetwork, list[Look]]:
    """Goes on with a trained network, from pictures themselves; texts stay where they are.

    Args:
        network: trained; it is not changed.
        encoder: its last `settings.unfreeze` blocks are changed, to those that dev liked best.
        sets: pairs of texts with pictures.
        pictures: by the keys of the sets.
        settings: how.
        limits: media that are refused.
        dev: the score of a network and the encoder on held-out queries, larger is better.
        on_step: told the stage and the loss of each step.

    Returns:
        The best network, on the CPU, and the looks at dev.

    Raises:
        EncoderFixed: the encoder has no such blocks.
    """
    torch.manual_seed(settings.seed)
    chance = torch.Generator().manual_seed(settings.seed)
    in_floats(encoder)
    both = Tunable(deepcopy(network).to(encoder.device), encoder, settings.unfreeze)
    placed = [each.to(encoder.device) for each in sets]
    loss = _Loss(both.network, encoder, placed, pictures, settings, limits, chance)
    groups = [
        {"params": list(both.blocks.parameters()), "lr": settings.unfreeze_learning_rate},
        {"params": list(both.network.head(Modality.IMAGE).parameters()), "lr": settings.unfreeze_head_learning_rate},
    ]
    stage = Stage(name="blocks", steps=settings.unfreeze_steps, groups=groups, loss=loss, judged=True)
    steps = Steps(both, settings, chance, dev=lambda tried: dev(tried.network), on_step=on_step)
    steps.run([stage])
    return both.network.cpu().eval(), steps.looks


@dataclass(frozen=True)
class _Loss:
    """The loss of a batch of pairs whose pictures are encoded anew."""

    network: AlignmentNetwork
    encoder: ImageEncoder
    sets: Sequence[PairSet]
    pictures: Mapping[str, FileContent]
    settings: TrainingSettings
    limits: MediaLimits
    chance: torch.Generator

    def __call__(self) -> Tensor:
        own = draw(self.sets, 1, self.settings, self.chance)[0]
        batch = torch.randint(len(own), (min(self.settings.unfreeze_batch, len(own)),), generator=self.chance)
        left, right = (
            through(self.network.head(side.modality), self._outputs(side, batch)) for side in (own.left, own.right)
        )
        return pair_loss(own, left, right, own.same(batch), self.settings)

    def _outputs(self, side: Side, batch: Tensor) -> Tensor:
        if side.modality is Modality.TEXT:
            return side.take(batch, self.chance)
        seen = [self._seen(self.pictures[side.keys[place]]) for place in side.places(batch)]
        states = self.encoder.forward([one.prepare(self.encoder, self.limits) for one in seen])
        return self.encoder.outputs(states)

    def _seen(self, picture: FileContent) -> FileContent | PictureView:
        if float(torch.rand((), generator=self.chance)) < PLAIN:
            return picture
        number = int(torch.randint(1 << 30, (), generator=self.chance))
        return PictureView(path=picture.path, seed=self.settings.seed, number=number)
