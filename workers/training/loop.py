"""Trains an alignment network on encoded pairs."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from app.types import Modality
from workers.alignment.losses.info_nce import info_nce
from workers.alignment.losses.triplet import triplet
from workers.alignment.network import AlignmentNetwork, ProjectionHead
from workers.alignment.picture_head import PictureHead
from workers.training.class_names import ClassNames
from workers.training.fusion_loss import FusionLoss
from workers.training.mixed_sets import MixedSet
from workers.training.pairs import PairSet

Losses = Mapping[frozenset[Modality], str]  # the modalities of a pair -> info_nce, triplet, or both

# As the design has it, contrast for text and picture; what is spoken learns by both, which dev chose over either alone.
DEFAULT_LOSSES: Losses = {
    frozenset({left, right}): "both" if Modality.SPEECH in (left, right) else "info_nce"
    for left in Modality
    for right in Modality
}


_NONE = torch.zeros(0, 0)
SPREAD = 3  # a batch of recordings is drawn from so many times as many neighbours in length
ENOUGH = 4096  # outputs of a set to know their mean and spread


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """How a network is trained, stage by stage.

    Text and picture first, then the texts of other languages to where their meanings are, then speech to where texts
    are, then the fusions of mixed queries.
    """

    steps: int = 500  # for the heads of text and picture
    language_steps: int = 1200
    speech_steps: int = 500
    fusion_steps: int = 200
    sets_per_step: int = 3  # drawn by their weights; one at a time in later stages
    batch: int = 512
    speech_batch: int = 256
    learning_rate: float = 1e-3
    language_learning_rate: float = 1e-3
    speech_learning_rate: float = 1e-3
    fusion_learning_rate: float = 1e-3
    across_learning_rate: float = 1e-4  # of the straight maps, which carry the encoders' own geometry
    weight_decay: float = 0.05
    dropout: float = 0.1
    temperature: float = 0.05
    margin: float = 0.2  # of the triplet loss, cosine distance
    keep: float = 100.0  # of the loss that holds texts as similar to each other as their encoder has them
    hold: float = 20.0  # of the loss that leaves texts where they are while other languages are brought to them
    hidden: Mapping[Modality, int] = field(default_factory=lambda: {Modality.TEXT: 2048, Modality.IMAGE: 2048})
    dim: int = 512
    seed: int = 0
    new_units: int = 1024  # of the picture head, for a shop's own pictures, at most
    check_every: int = 200  # steps between two looks at dev


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A look at dev during training."""

    stage: str  # heads, speech
    step: int
    loss: float  # mean since the look before
    dev: float


def train(
    sets: Sequence[PairSet],
    inputs: Mapping[Modality, int],
    segments: Mapping[Modality, int],
    settings: TrainingSettings,
    *,
    losses: Losses = DEFAULT_LOSSES,
    class_names: ClassNames | None = None,
    mixed: Sequence[MixedSet] = (),
    dev: Callable[[AlignmentNetwork], float],
    on_step: Callable[[str, float], None],
) -> tuple[AlignmentNetwork, list[Checkpoint]]:
    """Trains a network and keeps it as it was when dev was best.

    Args:
        sets: what it learns from.
        inputs: length of each modality's pooled output.
        segments: that each modality's pooled output has side by side.
        settings: how.
        losses: which loss each pair of modalities has.
        class_names: of the picture encoder's classifier, if it has one.
        mixed: what fusions learn from; without any they stay the means that they begin as.
        dev: the network's score on held-out queries, larger is better.
        on_step: told the stage and the loss of each step.

    Returns:
        The best network, and every look at dev.
    """
    torch.manual_seed(settings.seed)
    chance = torch.Generator().manual_seed(settings.seed)
    shape = None if class_names is None else class_names.shape
    network = AlignmentNetwork(inputs, segments, settings.hidden, settings.dim, settings.dropout, shape)
    standardise(network, sets, class_names)
    checkpoints = list[Checkpoint]()
    for stage in _stages(network, sets, mixed, settings, losses, chance):
        checkpoints += _run(stage, network, settings, dev, on_step)
    return network.eval(), checkpoints


def fit_pictures(
    network: AlignmentNetwork,
    sets: Sequence[PairSet],
    settings: TrainingSettings,
    *,
    dev: Callable[[AlignmentNetwork], float],
    on_step: Callable[[str, float], None],
) -> tuple[AlignmentNetwork, list[Checkpoint]]:
    """Teaches a trained network the pictures of one shop, and leaves everything else as it is.

    New hidden units lie at the shop's pictures, and texts stay where they are: so do recordings, other languages, and
    the pictures of other trades.

    Args:
        network: with a picture head that knows class names; it is not changed.
        sets: pairs of texts with pictures.
        settings: `steps`, `learning_rate` and what the loss needs.
        dev: the network's score on held-out queries, larger is better; the best one is kept.
        on_step: told the stage and the loss of each step.

    Returns:
        The best network, and every look at dev.
    """
    torch.manual_seed(settings.seed)
    chance = torch.Generator().manual_seed(settings.seed)
    fitted = deepcopy(network)
    head = fitted.head(Modality.IMAGE)
    assert isinstance(head, PictureHead)
    pictures = torch.cat(
        [each.outputs.float() for own in sets for each in (own.left, own.right) if each.modality is Modality.IMAGE]
    )
    head.dropout.p = settings.dropout
    head.widen(pictures[torch.randperm(len(pictures), generator=chance)[: settings.new_units]])

    def loss() -> Tensor:
        return _set_loss(fitted, _draw(sets, 1, chance)[0], settings, DEFAULT_LOSSES, chance)

    groups = [{"params": list(head.parameters()), "lr": settings.learning_rate}]
    stage = _Stage(name="pictures", steps=settings.steps, groups=groups, loss=loss, judged=True)
    checkpoints = _run(stage, fitted, settings, dev, on_step)
    return fitted.eval(), checkpoints


@dataclass(frozen=True, kw_only=True)
class _Stage:
    """A part of training: what it changes, by which loss, for how long."""

    name: str
    steps: int
    groups: list[dict[str, Any]]  # of parameters, as optimizers take them
    loss: Callable[[], Tensor]
    judged: bool  # whether dev chooses among its checkpoints


def _stages(
    network: AlignmentNetwork,
    sets: Sequence[PairSet],
    mixed: Sequence[MixedSet],
    settings: TrainingSettings,
    losses: Losses,
    chance: torch.Generator,
) -> Iterator[_Stage]:
    spoken = [each for each in sets if Modality.SPEECH in each.modalities]
    named = [each for each in spoken if Modality.TEXT in each.modalities]
    others = [each for each in sets if Modality.SPEECH not in each.modalities]
    translated = [each for each in others if each.modalities == {Modality.TEXT}]
    texts = torch.cat([each.right.outputs for each in others if each.right.modality is Modality.TEXT] or [_NONE])

    def heads_loss() -> Tensor:
        drawn = _draw(others, settings.sets_per_step, chance)
        found = torch.stack([_set_loss(network, each, settings, losses, chance) for each in drawn]).sum()
        return found + settings.keep * _keep_loss(network.head(Modality.TEXT), texts, settings, chance)

    def language_loss() -> Tensor:
        pairs = _draw(translated, 1, chance)[0]
        found = _language_loss(network.head(Modality.TEXT), before, pairs, settings, chance)
        return found + settings.hold * _hold_loss(network.head(Modality.TEXT), before, shown, settings, chance)

    def speech_loss() -> Tensor:
        # Words name what is said better than pictures do: beside them, pairs with pictures only take away on dev.
        return _set_loss(network, _draw(named or spoken, 1, chance)[0], settings, losses, chance)

    if others:
        groups = _head_groups(network, settings)
        yield _Stage(name="heads", steps=settings.steps, groups=groups, loss=heads_loss, judged=True)
    if translated and settings.language_steps:
        before, shown = deepcopy(network.head(Modality.TEXT)).eval(), _shown(others)
        bent = [own for name, own in network.head(Modality.TEXT).named_parameters() if name != "across.weight"]
        groups = [{"params": bent, "lr": settings.language_learning_rate}]
        # What dev asks is held where it is, so dev cannot tell when to stop: the last step, at rest, is kept.
        yield _Stage(name="languages", steps=settings.language_steps, groups=groups, loss=language_loss, judged=False)
    if spoken:
        groups = [{"params": network.head(Modality.SPEECH).parameters(), "lr": settings.speech_learning_rate}]
        yield _Stage(name="speech", steps=settings.speech_steps, groups=groups, loss=speech_loss, judged=True)
    if mixed and settings.fusion_steps:
        groups = [{"params": network.fusions.parameters(), "lr": settings.fusion_learning_rate}]
        fusion_loss = FusionLoss(network, mixed, batch=settings.batch, temperature=settings.temperature, chance=chance)
        yield _Stage(name="fusions", steps=settings.fusion_steps, groups=groups, loss=fusion_loss, judged=False)


def _head_groups(network: AlignmentNetwork, settings: TrainingSettings) -> list[dict[str, Any]]:
    heads = [network.head(modality) for modality in (Modality.TEXT, Modality.IMAGE)]
    # The names of classes lie where the straight map has put them: it stays.
    named = any(isinstance(head, PictureHead) for head in heads)
    across = [head.across.weight for head in heads if isinstance(head, ProjectionHead) and not named]
    rest = [own for head in heads for name, own in head.named_parameters() if name != "across.weight"]
    return [
        {"params": rest, "lr": settings.learning_rate},
        {"params": across, "lr": settings.across_learning_rate, "weight_decay": 0.0},
    ]


def _run(
    stage: _Stage,
    network: AlignmentNetwork,
    settings: TrainingSettings,
    dev: Callable[[AlignmentNetwork], float],
    on_step: Callable[[str, float], None],
) -> list[Checkpoint]:
    if not stage.steps:
        return []
    network.train().requires_grad_(requires_grad=False)
    for group in stage.groups:
        group["params"] = [own.requires_grad_() for own in group["params"]]
    rates = [group["lr"] for group in stage.groups]
    optimizer = torch.optim.AdamW(stage.groups, weight_decay=settings.weight_decay)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, rates, total_steps=stage.steps, pct_start=0.1)
    best, checkpoints, seen = _state(network), list[Checkpoint](), list[float]()
    for step in range(1, stage.steps + 1):
        loss = stage.loss()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch ships it without types
        optimizer.step()
        scheduler.step()
        seen.append(float(loss.detach()))
        on_step(stage.name, seen[-1])
        if stage.judged and (step % settings.check_every == 0 or step == stage.steps):
            look = Checkpoint(stage=stage.name, step=step, loss=sum(seen) / len(seen), dev=dev(network.eval()))
            checkpoints.append(look)
            best = _state(network) if look.dev == max(each.dev for each in checkpoints) else best
            seen = []
            network.train()
    if checkpoints:
        network.load_state_dict(best)
    return checkpoints


def _draw(sets: Sequence[PairSet], count: int, chance: torch.Generator) -> list[PairSet]:
    weights = torch.tensor([set_weight(each) for each in sets])
    return [sets[place] for place in torch.multinomial(weights, min(count, len(sets)), generator=chance)]


def standardise(network: AlignmentNetwork, sets: Sequence[PairSet], class_names: ClassNames | None = None) -> None:
    """Sets each head's centre and scale from the outputs that it will be trained on."""
    for modality in Modality:  # text first: the names of classes are texts
        outputs, head = _outputs(sets, modality), network.head(modality)
        if isinstance(head, PictureHead):
            assert class_names is not None
            texts = network.head(Modality.TEXT)
            assert isinstance(texts, ProjectionHead)
            head.learn_classes(class_names.weight, class_names.bias, texts.unbent(class_names.outputs).detach())
            if len(outputs):
                head.standardise(outputs, texts.empty())
        elif len(outputs):
            head.standardise(outputs)


def _outputs(sets: Sequence[PairSet], modality: Modality) -> Tensor:
    """Up to a few thousand evenly drawn outputs of a modality from each side that has it, (n, inputs) float32."""
    sides = [side.outputs for each in sets for side in (each.left, each.right) if side.modality is modality]
    found = [outputs[:: -(-len(outputs) // ENOUGH)] for outputs in sides if len(outputs)]
    return torch.cat(found).float() if found else _NONE


def _keep_loss(head: nn.Module, texts: Tensor, settings: TrainingSettings, chance: torch.Generator) -> Tensor:
    # A few thousand pairs know little of language; the encoder has read far more. Without this, what training never
    # showed drifts: on dev, titles of unseen products were found first less often (.28 of them instead of .34).
    # Only the texts that others are brought to are held: those of other languages must move.
    if not len(texts) or not settings.keep:
        return torch.zeros(())
    assert isinstance(head, ProjectionHead)
    batch = texts[torch.randint(len(texts), (settings.batch,), generator=chance)].float()
    before = nn.functional.normalize(batch - head.mean, dim=1)
    after = head(batch)
    loss: Tensor = (after @ after.T - before @ before.T).square().mean()
    return loss


def _shown(sets: Sequence[PairSet]) -> Tensor:
    """(n, inputs) texts that pictures were shown with, and those that texts of other languages are brought to."""
    crossing = [side for each in sets if len(each.modalities) > 1 for side in (each.left, each.right)]
    sides = crossing + [each.right for each in sets if len(each.modalities) == 1]
    return torch.cat([side.outputs for side in sides if side.modality is Modality.TEXT])


def _language_loss(
    head: nn.Module, before: nn.Module, pairs: PairSet, settings: TrainingSettings, chance: torch.Generator
) -> Tensor:
    """Contrasts texts with where the texts that they mean were before."""
    batch = torch.randint(len(pairs), (min(settings.batch, len(pairs)),), generator=chance)
    with torch.no_grad():
        right = before(pairs.right.take(batch))
    return info_nce(head(pairs.left.take(batch)), right, pairs.groups[batch], settings.temperature)


def _hold_loss(
    head: nn.Module, before: nn.Module, texts: Tensor, settings: TrainingSettings, chance: torch.Generator
) -> Tensor:
    """The mean cosine distance of texts from where they were before."""
    batch = texts[torch.randint(len(texts), (settings.batch,), generator=chance)].float()
    with torch.no_grad():
        place = before(batch)
    loss: Tensor = 1 - (head(batch) * place).sum(1).mean()
    return loss


def set_weight(pairs: PairSet) -> float:
    """How often a set is drawn: by the root of its size, so that no large set drowns a small one."""
    return math.sqrt(len(pairs))


def _set_loss(
    network: AlignmentNetwork, pairs: PairSet, settings: TrainingSettings, losses: Losses, chance: torch.Generator
) -> Tensor:
    batch = _batch(pairs, settings, chance)
    groups = pairs.groups[batch]
    left = network.project(pairs.left.modality, pairs.left.take(batch))
    right = network.project(pairs.right.modality, pairs.right.take(batch))
    kind = losses[frozenset({pairs.left.modality, pairs.right.modality})]
    loss = torch.zeros(())
    if kind in ("info_nce", "both"):
        loss = loss + info_nce(left, right, groups, settings.temperature)
    if kind in ("triplet", "both"):
        loss = loss + triplet(left, right, groups, settings.margin) + triplet(right, left, groups, settings.margin)
    return loss


def _batch(pairs: PairSet, settings: TrainingSettings, chance: torch.Generator) -> Tensor:
    """(batch,) places of pairs; recordings in one batch are about equally long.

    Otherwise length and phrasing alone tell most recordings of a batch apart, and the head learns to hear those.
    """
    if pairs.left.modality is not Modality.SPEECH:
        return torch.randint(len(pairs), (min(settings.batch, len(pairs)),), generator=chance)
    near = SPREAD * settings.speech_batch
    shuffled = pairs.left.lengths[pairs.left.rows] + torch.rand(len(pairs), generator=chance)
    start = int(torch.randint(max(1, len(pairs) - near + 1), (1,), generator=chance))
    places = shuffled.argsort()[start : start + near]
    return places[torch.randperm(len(places), generator=chance)[: settings.speech_batch]]


def _state(network: AlignmentNetwork) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
