import pytest
import torch
from torch import Tensor
from torch.nn import functional

from workers.alignment.losses.triplet import triplet

MARGIN = 0.3


def _unit(*shape: int, seed: int) -> Tensor:
    return functional.normalize(torch.randn(*shape, generator=torch.Generator().manual_seed(seed)), dim=1)


def _same(groups: list[int]) -> Tensor:
    """What belongs together, by the number of its group."""
    numbers = torch.tensor(groups, dtype=torch.int64)
    return numbers[:, None] == numbers[None, :]


def _by_hand(anchor: Tensor, positive: Tensor, groups: list[int]) -> float:
    losses = []
    for row in range(len(anchor)):
        others = [column for column in range(len(positive)) if groups[column] != groups[row]]
        if others:
            nearest = min(1 - float(anchor[row] @ positive[column]) for column in others)
            losses.append(max(0.0, 1 - float(anchor[row] @ positive[row]) - nearest + MARGIN))
    return sum(losses) / len(losses)


@pytest.mark.parametrize("groups", [[0, 1, 2, 3, 4], [0, 0, 1, 1, 2]])
def test_it_equals_the_formula_written_as_loops(groups: list[int]) -> None:
    anchor, positive = _unit(5, 8, seed=1), _unit(5, 8, seed=2)
    loss = triplet(anchor, positive, _same(groups), MARGIN)
    assert float(loss) == pytest.approx(_by_hand(anchor, positive, groups), abs=1e-5)


def test_the_good_triplet_costs_less_than_the_swapped_one() -> None:
    near, far = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    anchor, same = torch.cat([near, far]), _same([0, 1])
    assert triplet(anchor, torch.cat([near, far]), same, MARGIN) == 0
    assert float(triplet(anchor, torch.cat([far, near]), same, MARGIN)) == pytest.approx(1 + MARGIN)


def test_its_gradient_is_finite() -> None:
    anchor = _unit(4, 8, seed=4).requires_grad_()
    triplet(anchor, _unit(4, 8, seed=5), _same([0, 0, 1, 2]), MARGIN).backward()
    assert anchor.grad is not None
    assert torch.isfinite(anchor.grad).all()


@pytest.mark.parametrize("groups", [[], [3, 3, 3]])
def test_without_any_negative_it_costs_nothing_and_has_a_gradient(groups: list[int]) -> None:
    anchor = torch.ones(len(groups), 2, requires_grad=True)
    loss = triplet(anchor, torch.ones(len(groups), 2), _same(groups), MARGIN)
    loss.backward()
    assert float(loss.detach()) == 0
