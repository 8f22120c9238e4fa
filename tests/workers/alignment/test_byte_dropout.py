import pytest
import torch

from workers.alignment.byte_dropout import ByteDropout


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
def test_so_many_are_dropped_wherever_they_are_and_the_mean_stays(share: float) -> None:
    torch.manual_seed(0)
    made = ByteDropout(share).train()(torch.ones(4000, 24))
    dropped = (made == 0).float()
    assert dropped.mean(0) == pytest.approx([share] * 24, abs=0.04)
    assert made.mean().item() == pytest.approx(1, abs=0.01)
    assert len(made.unique()) == 2


@pytest.mark.parametrize("shape", [(0, 3), (1, 1), (3, 5), (2, 3, 4)])
def test_any_shape_is_taken(shape: tuple[int, ...]) -> None:
    assert ByteDropout(0.5).train()(torch.ones(shape)).shape == shape


def test_nothing_is_dropped_in_a_search_nor_by_a_share_of_zero() -> None:
    numbers = torch.rand(50, 50)
    assert torch.equal(ByteDropout(0.5).eval()(numbers), numbers)
    assert torch.equal(ByteDropout(0.0).train()(numbers), numbers)


def test_only_the_kept_ones_have_a_gradient() -> None:
    numbers = torch.ones(40, 40, requires_grad=True)
    made = ByteDropout(0.3).train()(numbers)
    made.sum().backward()  # type: ignore[no-untyped-call]
    assert numbers.grad is not None
    assert torch.equal(numbers.grad, made.detach())
