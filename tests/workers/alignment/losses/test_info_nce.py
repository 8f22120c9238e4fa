import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from workers.alignment.losses.info_nce import info_nce

TEMPERATURE = 0.1


def _unit(*shape: int, seed: int) -> Tensor:
    return functional.normalize(torch.randn(*shape, generator=torch.Generator().manual_seed(seed)), dim=1)


def _same(groups: list[int]) -> Tensor:
    """What belongs together, by the number of its group."""
    numbers = torch.tensor(groups, dtype=torch.int64)
    return numbers[:, None] == numbers[None, :]


def _by_hand(left: Tensor, right: Tensor, groups: list[int]) -> float:
    total = 0.0
    for one, other in ((left, right), (right, left)):
        for row in range(len(one)):
            logits = [float(one[row] @ other[column]) / TEMPERATURE for column in range(len(other))]
            rivals = [logits[column] for column in range(len(other)) if column == row or groups[column] != groups[row]]
            total += math.log(sum(map(math.exp, rivals))) - logits[row]
    return total / (2 * len(left))


@pytest.mark.parametrize("groups", [[0, 1, 2, 3, 4], [0, 0, 1, 1, 2], [7, 7, 7, 7, 7]])
def test_it_equals_the_formula_written_as_loops(groups: list[int]) -> None:
    left, right = _unit(5, 8, seed=1), _unit(5, 8, seed=2)
    assert float(info_nce(left, right, _same(groups), TEMPERATURE)) == pytest.approx(
        _by_hand(left, right, groups), abs=1e-5
    )


def test_matching_pairs_cost_less_than_swapped_ones() -> None:
    vectors, same = _unit(6, 16, seed=3), torch.eye(6, dtype=torch.bool)
    assert info_nce(vectors, vectors, same, TEMPERATURE) < info_nce(vectors, vectors.roll(1, 0), same, TEMPERATURE)


def test_its_gradient_is_finite() -> None:
    left = _unit(4, 8, seed=4).requires_grad_()
    info_nce(left, _unit(4, 8, seed=5), _same([0, 0, 1, 2]), TEMPERATURE).backward()
    assert left.grad is not None
    assert torch.isfinite(left.grad).all()


def test_an_empty_batch_costs_nothing_and_has_a_gradient() -> None:
    left = torch.zeros(0, 8, requires_grad=True)
    loss = info_nce(left, torch.zeros(0, 8), _same([]), TEMPERATURE)
    loss.backward()
    assert float(loss.detach()) == 0
