from collections.abc import Sequence

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from app.types import Modality
from workers.alignment.losses.info_nce import info_nce
from workers.alignment.network import AlignmentNetwork
from workers.training import fusion_loss
from workers.training.fusion_loss import FusionLoss
from workers.training.mixed_sets import MixedSet
from workers.training.side import Side
from workers.training.things import incidence

TEXT, IMAGE, SPEECH = Modality
THINGS, DIM = 64, 8


@pytest.fixture
def network() -> AlignmentNetwork:
    """Its heads are isometries."""
    torch.manual_seed(0)
    hidden = {TEXT: 4, IMAGE: 4}
    return AlignmentNetwork(dict.fromkeys(Modality, DIM), {SPEECH: 2}, hidden, {TEXT: 1}, DIM)


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is moved, and every part weighs the same."""
    monkeypatch.setattr(fusion_loss, "NOISE", 0.0)
    monkeypatch.setattr(fusion_loss, "LIGHTEST", 1.0)


def _side(modality: Modality, outputs: Tensor) -> Side:
    """One content a thing, each thing only itself."""
    names = [str(number) for number in range(len(outputs))]
    things = incidence([{name} for name in names], {name: number for number, name in enumerate(names)})
    views = torch.ones(len(outputs), dtype=torch.int64)
    return Side(modality=modality, outputs=outputs.half(), rows=torch.arange(len(outputs)), things=things, views=views)


def _half_each() -> MixedSet:
    """Things with eight traits, of which text tells half and pictures the others, and a third of something wrong."""
    chance = torch.Generator().manual_seed(1)
    traits = torch.randn(THINGS, DIM, generator=chance)
    wrong = torch.randn(2, THINGS, DIM, generator=chance) * 2
    told = torch.arange(DIM) < DIM // 2
    parts = {TEXT: torch.where(told, traits, wrong[0]), IMAGE: torch.where(told, wrong[1], traits)}
    return MixedSet(
        name="halves",
        parts={modality: _side(modality, outputs) for modality, outputs in parts.items()},
        answer=_side(TEXT, traits),
    )


def _loss(network: AlignmentNetwork, sets: Sequence[MixedSet]) -> FusionLoss:
    return FusionLoss(network, sets, batch=32, temperature=0.1, chance=torch.Generator().manual_seed(0))


@pytest.mark.usefixtures("still")
def test_an_untrained_fusion_has_the_loss_of_the_mean(network: AlignmentNetwork) -> None:
    mixed = _half_each()
    found = _loss(network, [mixed])()
    chance = torch.Generator().manual_seed(0)
    torch.multinomial(torch.tensor([8.0]), 1, generator=chance)
    batch = torch.randint(THINGS, (32,), generator=chance)
    text, image, answer = (
        network.project(side.modality, side.take(batch))
        for side in (mixed.parts[TEXT], mixed.parts[IMAGE], mixed.answer)
    )
    mean = functional.normalize(text + image, dim=1)
    torch.testing.assert_close(
        found, info_nce(mean, answer, batch[:, None] == batch, 0.1), atol=1e-2, rtol=1e-2
    )  # half precision


@pytest.mark.usefixtures("still")
def test_a_fusion_that_bends_pays_for_it(network: AlignmentNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.nn.init.normal_(network.fusions["text_image"].second.bias, std=2.0)
    losses = []
    for hold in (0.0, 1.0, 3.0):
        monkeypatch.setattr(fusion_loss, "HOLD", hold)
        losses.append(float(_loss(network, [_half_each()])().detach()))
    assert losses[1] - losses[0] > 0.1
    assert losses[2] - losses[0] == pytest.approx(3 * (losses[1] - losses[0]), rel=1e-3)


def test_training_finds_more_than_the_mean_and_moves_no_head(
    network: AlignmentNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fusion_loss, "HOLD", 0.0)
    mixed = _half_each()
    before = {name: own.clone() for name, own in network.heads.state_dict().items()}

    def found() -> float:
        every = torch.arange(THINGS)
        with torch.no_grad():
            parts = {m: network.project(m, side.take(every)) for m, side in mixed.parts.items()}
            answers = network.project(TEXT, mixed.answer.take(every))
            return float(((network.fuse(parts) @ answers.T).argmax(1) == every).float().mean())

    by_mean, loss = found(), _loss(network, [mixed])
    optimizer = torch.optim.AdamW(network.fusions.parameters(), lr=5e-3)
    for _ in range(200):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
    assert found() > by_mean + 0.2
    assert all(torch.equal(before[name], own) for name, own in network.heads.state_dict().items())


def test_the_same_seed_draws_the_same(network: AlignmentNetwork) -> None:
    first, second = _loss(network, [_half_each()]), _loss(network, [_half_each()])
    assert [float(first().detach()) for _ in range(3)] == [float(second().detach()) for _ in range(3)]


def test_heads_are_left_in_the_mode_they_were_in(network: AlignmentNetwork) -> None:
    _loss(network.train(), [_half_each()])
    assert network.head(TEXT).training
