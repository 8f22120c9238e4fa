"""Trains the last blocks of the picture encoder together with its head."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy

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

    def loss() -> Tensor:
        own = draw(placed, 1, settings, chance)[0]
        batch = torch.randint(len(own), (min(settings.unfreeze_batch, len(own)),), generator=chance)
        vectors = []
        for side in (own.left, own.right):
            head = both.network.head(side.modality)
            if side.modality is Modality.TEXT:
                vectors.append(through(head, side.take(batch, chance)))
                continue
            seen = [_seen(pictures[side.keys[place]], settings.seed, chance) for place in side.places(batch)]
            states = encoder.forward([one.prepare(encoder, limits) for one in seen])
            vectors.append(through(head, encoder.outputs(states)))
        return pair_loss(own, vectors[0], vectors[1], own.same(batch), settings)

    groups = [
        {"params": list(both.blocks.parameters()), "lr": settings.unfreeze_learning_rate},
        {"params": list(both.network.head(Modality.IMAGE).parameters()), "lr": settings.unfreeze_head_learning_rate},
    ]
    stage = Stage(name="blocks", steps=settings.unfreeze_steps, groups=groups, loss=loss, judged=True)
    steps = Steps(both, settings, chance, dev=lambda tried: dev(tried.network), on_step=on_step)
    steps.run([stage])
    return both.network.cpu().eval(), steps.looks


def _seen(picture: FileContent, seed: int, chance: torch.Generator) -> FileContent | PictureView:
    if float(torch.rand((), generator=chance)) < PLAIN:
        return picture
    return PictureView(path=picture.path, seed=seed, number=int(torch.randint(1 << 30, (), generator=chance)))
