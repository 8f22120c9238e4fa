"""The steps of training, stage by stage: the optimizer and its pace, the looks at dev, and the way back in."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

from workers.training.checkpoint import CheckpointFile
from workers.training.device import quick_matrices
from workers.training.settings import TrainingSettings
from workers.training.stages import Stage

Network = TypeVar("Network", bound=nn.Module)
State = dict[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class Look:
    """A look at dev during training."""

    stage: str  # heads, speech
    step: int
    loss: float  # mean since the look before
    dev: float


class Pace:
    """The optimizer of a stage and its learning rates, which rise for a tenth of the steps and then fall to zero."""

    def __init__(self, stage: Stage, weight_decay: float) -> None:
        for group in stage.groups:
            group["params"] = [own.requires_grad_() for own in group["params"]]
        rates = [group["lr"] for group in stage.groups]
        self._optimizer = torch.optim.AdamW(stage.groups, weight_decay=weight_decay)
        self._rates = torch.optim.lr_scheduler.OneCycleLR(
            self._optimizer, rates, total_steps=stage.steps, pct_start=0.1
        )

    def step(self, loss: Tensor) -> None:
        """Goes one step down the loss."""
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch ships it without types
        self._optimizer.step()
        self._rates.step()

    def state(self) -> dict[str, Any]:
        """What another one goes on from."""
        return {"optimizer": self._optimizer.state_dict(), "rates": self._rates.state_dict()}

    def take_up(self, state: Mapping[str, Any]) -> None:
        """Goes on from where another one was."""
        self._optimizer.load_state_dict(state["optimizer"])
        self._rates.load_state_dict(state["rates"])


class Steps(Generic[Network]):
    """Trains a network, and keeps each stage that dev judges as it was when dev was best.

    Args:
        network: on the device that it is trained on.
        settings: how.
        chance: what batches are drawn by.
        dev: the network's score on held-out queries, larger is better.
        on_step: told the stage and the loss of each step, also of those before an interruption.
        checkpoint: where to keep what an interrupted training goes on from.
    """

    def __init__(
        self,
        network: Network,
        settings: TrainingSettings,
        chance: torch.Generator,
        *,
        dev: Callable[[Network], float],
        on_step: Callable[[str, float], None],
        checkpoint: CheckpointFile | None = None,
    ) -> None:
        self.looks: list[Look] = []
        self._network, self._settings, self._chance = network, settings, chance
        self._dev, self._on_step, self._checkpoint = dev, on_step, checkpoint
        self._losses: list[tuple[str, float]] = []  # the stage and the loss of every step

    def run(self, stages: Iterable[Stage], left: Mapping[str, Any] | None = None) -> None:
        """Goes through the stages.

        Args:
            stages: each made from the network as the one before left it.
            left: what the checkpoint of an interrupted training holds.
        """
        if left is not None:
            self.looks = [Look(**look) for look in left["looks"]]
            self._network.load_state_dict(left["start"])
            for stage, loss in left["losses"]:
                self._record(stage, loss)
        with quick_matrices():
            for number, stage in enumerate(stages):
                if left is None or number == left["stage"]:
                    self._run(number, stage, left)
                    left = None

    def _run(self, number: int, stage: Stage, left: Mapping[str, Any] | None) -> None:
        if not stage.steps:
            return
        network = self._network.requires_grad_(requires_grad=False)
        start = best = state_of(network)
        pace, done = Pace(stage, self._settings.weight_decay), 0
        at_work(network)
        if left is not None:
            best, done = left["best"], left["step"]
            self._take_up(pace, left)
        for step in range(done + 1, stage.steps + 1):
            loss = stage.loss()
            pace.step(loss)
            self._record(stage.name, float(loss.detach()))
            looks = stage.judged and (step % self._settings.check_every == 0 or step == stage.steps)
            if looks and self._is_best(self._look(stage, step)):
                best = state_of(network)
            if self._checkpoint is not None and (looks or self._checkpoint.due):
                place = {"stage": number, "step": step, "start": start, "best": best, **pace.state()}
                self._checkpoint.write({**place, **self._state()})
        if stage.judged:
            network.load_state_dict(best)

    def _record(self, stage: str, loss: float) -> None:
        self._losses.append((stage, loss))
        self._on_step(stage, loss)

    def _look(self, stage: Stage, step: int) -> Look:
        before = max((look.step for look in self.looks if look.stage == stage.name), default=0)
        seen = [loss for _, loss in self._losses[before - step :]]
        dev = self._dev(self._network.eval())
        at_work(self._network)
        self.looks.append(Look(stage=stage.name, step=step, loss=sum(seen) / len(seen), dev=dev))
        return self.looks[-1]

    def _is_best(self, look: Look) -> bool:
        return look.dev == max(each.dev for each in self.looks if each.stage == look.stage)

    def _state(self) -> dict[str, Any]:
        return {
            "network": state_of(self._network),
            "looks": [asdict(look) for look in self.looks],
            "losses": self._losses,
            "chance": self._chance.get_state(),
            "random": torch.get_rng_state(),
            "cuda": torch.cuda.get_rng_state_all(),
        }

    def _take_up(self, pace: Pace, left: Mapping[str, Any]) -> None:
        self._network.load_state_dict(left["network"])
        pace.take_up(left)
        self._chance.set_state(left["chance"])
        torch.set_rng_state(left["random"])
        if len(left["cuda"]) == torch.cuda.device_count():
            torch.cuda.set_rng_state_all(left["cuda"])


def at_work(network: nn.Module) -> None:
    """Puts what is trained into training mode, and all else as it is in a search: targets are where they will be."""
    network.eval()
    for module in network.modules():
        if any(parameter.requires_grad for parameter in module.parameters()):
            bare = [child for child in module.children() if not any(True for _ in child.parameters())]
            for own in (module, *bare):  # a dropout has no parameters: it is as its owner
                own.training = True


def state_of(network: nn.Module) -> State:
    """A copy of the network's weights as they are now."""
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
