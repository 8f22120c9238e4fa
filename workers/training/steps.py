"""The steps of one stage: the optimizer, its pace, and the looks at dev."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from workers.alignment.network import AlignmentNetwork
from workers.training.settings import TrainingSettings
from workers.training.stages import Stage


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A look at dev during training."""

    stage: str  # heads, speech
    step: int
    loss: float  # mean since the look before
    dev: float


def run_stage(
    stage: Stage,
    network: AlignmentNetwork,
    settings: TrainingSettings,
    dev: Callable[[AlignmentNetwork], float],
    on_step: Callable[[str, float], None],
) -> list[Checkpoint]:
    """Goes through a stage's steps and, where dev judges it, leaves the network as it was when dev was best."""
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


def _state(network: AlignmentNetwork) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
