"""Trains an alignment network on encoded pairs."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from app.types import Modality
from workers.alignment.losses.info_nce import info_nce
from workers.alignment.losses.triplet import triplet
from workers.alignment.network import AlignmentNetwork, ProjectionHead
from workers.training.pairs import PairSet

Losses = Mapping[frozenset[Modality], str]  # the modalities of a pair -> info_nce, triplet, or both

# As the design has it, contrast for text and picture; what is spoken learns by both, which dev chose over either alone.
DEFAULT_LOSSES: Losses = {
    frozenset({left, right}): "both" if Modality.SPEECH in (left, right) else "info_nce"
    for left in Modality
    for right in Modality
}


_NONE = torch.zeros(0, 0)


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """How a network is trained."""

    steps: int = 700
    sets_per_step: int = 3  # drawn by their weights: balanced over modality pairs and judged sets
    batch: int = 256
    learning_rate: float = 5e-4
    across_learning_rate: float = 1e-4  # of the straight maps, which carry the encoders' own geometry
    weight_decay: float = 0.05
    dropout: float = 0.1
    temperature: float = 0.05
    margin: float = 0.2  # of the triplet loss, cosine distance
    keep: float = 100.0  # of the loss that holds texts as similar to each other as their encoder has them
    hidden: int = 512
    dim: int = 512
    seed: int = 0
    check_every: int = 200  # steps between two looks at dev


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A look at dev during training."""

    step: int
    loss: float  # mean since the look before
    dev: float


def train(
    sets: Sequence[PairSet],
    inputs: Mapping[Modality, int],
    settings: TrainingSettings,
    *,
    losses: Losses = DEFAULT_LOSSES,
    dev: Callable[[AlignmentNetwork], float],
    on_step: Callable[[float], None],
) -> tuple[AlignmentNetwork, list[Checkpoint]]:
    """Trains a network and keeps it as it was when dev was best.

    Args:
        sets: what it learns from.
        inputs: length of each modality's pooled output.
        settings: how.
        losses: which loss each pair of modalities has.
        dev: the network's score on held-out queries, larger is better.
        on_step: told the loss of each step.

    Returns:
        The best network, and every look at dev.
    """
    torch.manual_seed(settings.seed)
    chance = torch.Generator().manual_seed(settings.seed)
    network = AlignmentNetwork(inputs, settings.hidden, settings.dim, settings.dropout)
    standardise(network, sets)
    optimizer, scheduler = _optimizer(network, settings)
    weights = torch.tensor([set_weight(each) for each in sets])
    texts = torch.cat([each.right.outputs for each in sets if each.right.modality is Modality.TEXT] or [_NONE])
    best, checkpoints, seen = _state(network), list[Checkpoint](), list[float]()
    for step in range(1, settings.steps + 1):
        drawn = torch.multinomial(weights, min(settings.sets_per_step, len(sets)), generator=chance)
        loss = torch.stack([_set_loss(network, sets[place], settings, losses, chance) for place in drawn]).sum()
        loss = loss + settings.keep * _keep_loss(network.head(Modality.TEXT), texts, settings, chance)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch ships it without types
        optimizer.step()
        scheduler.step()
        seen.append(float(loss.detach()))
        on_step(seen[-1])
        if step % settings.check_every == 0 or step == settings.steps:
            checkpoints.append(Checkpoint(step=step, loss=sum(seen) / len(seen), dev=dev(network.eval())))
            best = _state(network) if checkpoints[-1].dev == max(each.dev for each in checkpoints) else best
            seen = []
            network.train()
    network.load_state_dict(best)
    return network.eval(), checkpoints


def standardise(network: AlignmentNetwork, sets: Sequence[PairSet]) -> None:
    """Sets each head's centre and scale from all the outputs that it will be trained on."""
    for modality in Modality:
        outputs = _outputs(sets, modality)
        if len(outputs):
            network.head(modality).standardise(outputs)


def _outputs(sets: Sequence[PairSet], modality: Modality) -> Tensor:
    """Every output of a modality that the sets hold, (n, inputs)."""
    found = [side.outputs for each in sets for side in (each.left, each.right) if side.modality is modality]
    return torch.cat(found) if found else _NONE


def _keep_loss(head: ProjectionHead, texts: Tensor, settings: TrainingSettings, chance: torch.Generator) -> Tensor:
    # A few thousand pairs know little of language; the encoder has read far more. Without this, what training never
    # showed drifts: on dev, titles of unseen products were found first less often (.28 of them instead of .34).
    # Only the texts that others are brought to are held: those of other languages must move.
    if not len(texts) or not settings.keep:
        return torch.zeros(())
    batch = texts[torch.randint(len(texts), (settings.batch,), generator=chance)]
    before = nn.functional.normalize(batch - head.mean, dim=1)
    after = head(batch)
    loss: Tensor = (after @ after.T - before @ before.T).square().mean()
    return loss


def set_weight(pairs: PairSet) -> float:
    """How often a set is drawn: by the fourth root of its size, so that no large set drowns a small one."""
    return math.sqrt(math.sqrt(len(pairs)))


def _set_loss(
    network: AlignmentNetwork, pairs: PairSet, settings: TrainingSettings, losses: Losses, chance: torch.Generator
) -> Tensor:
    batch = torch.randint(len(pairs), (min(settings.batch, len(pairs)),), generator=chance)
    groups = pairs.groups[batch]
    left = network.project(pairs.left.modality, pairs.left.take(batch))
    right = network.project(pairs.right.modality, pairs.right.take(batch))
    kind = losses[frozenset({pairs.left.modality, pairs.right.modality})]
    loss = torch.zeros(())
    if kind in ("info_nce", "both"):
        loss = loss + info_nce(left, right, groups, settings.temperature)
    if kind in ("triplet", "both"):
        loss = loss + triplet(left, right, groups, settings.margin) + triplet(right, left, groups, settings.margin)
    if pairs.left.modality is not pairs.right.modality:
        loss = loss + _fusion_loss(network, pairs, left.detach(), right.detach(), groups, settings)
    return loss


def _fusion_loss(
    network: AlignmentNetwork,
    pairs: PairSet,
    left: Tensor,
    right: Tensor,
    groups: Tensor,
    settings: TrainingSettings,
) -> Tensor:
    # The fused vector must find each of the two it was made of, with parts of both hidden from it.
    hidden = {
        pairs.left.modality: nn.functional.dropout(left, settings.dropout),
        pairs.right.modality: nn.functional.dropout(right, settings.dropout),
    }
    fused = network.fuse(hidden)
    return info_nce(fused, left, groups, settings.temperature) + info_nce(fused, right, groups, settings.temperature)


def _optimizer(
    network: AlignmentNetwork, settings: TrainingSettings
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    across = [network.head(modality).across.weight for modality in Modality]
    ours = {id(parameter) for parameter in across}
    rest = [parameter for parameter in network.parameters() if id(parameter) not in ours]
    optimizer = torch.optim.AdamW(
        [
            {"params": rest, "lr": settings.learning_rate, "weight_decay": settings.weight_decay},
            {"params": across, "lr": settings.across_learning_rate, "weight_decay": 0.0},
        ]
    )
    rates = [settings.learning_rate, settings.across_learning_rate]
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, rates, total_steps=settings.steps, pct_start=0.1)
    return optimizer, scheduler


def _state(network: AlignmentNetwork) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
