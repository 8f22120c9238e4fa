import torch

from workers.alignment.learned import Learned

INPUTS, KNOWN = 20, 30


def _learned() -> Learned:
    """Taught anything, of contents that lie in the first half of their numbers."""
    torch.manual_seed(0)
    learned = Learned(INPUTS, 8, 5, KNOWN, reach=0.5)
    for parameter in learned.parameters():
        torch.nn.init.normal_(parameter)
    learned.standardise(_contents())
    return learned.eval()


def _contents(first: bool = True) -> torch.Tensor:
    half = torch.arange(INPUTS) < INPUTS // 2
    return 3 + torch.randn(KNOWN, INPUTS) * (half if first else ~half)


def test_an_untaught_step_goes_nowhere() -> None:
    step = Learned(INPUTS, 8, 5, KNOWN, reach=0.5)(torch.randn(4, INPUTS))
    torch.testing.assert_close(step, torch.zeros(4, 5))


def test_what_was_taught_is_silent_far_from_what_is_known() -> None:
    learned = _learned()
    known, others = learned.typical(), _contents(first=False)
    assert learned.nearness(known).min() > 0.99
    assert learned.nearness(others).max() < 0.05
    assert learned(known).norm(dim=1).min() > 1 > learned(others).norm(dim=1).max()


def test_in_training_all_counts_as_known() -> None:
    learned, others = _learned(), _contents(first=False)
    learned.dropout.dropped = learned.input_dropout.dropped = 0
    torch.testing.assert_close(learned.train()(others) * learned.nearness(others), learned.eval()(others))


def test_contents_of_a_new_trade_can_join_the_known_ones() -> None:
    learned, others = _learned(), _contents(first=False)
    before = learned.nearness(learned.typical())
    learned.add(others)
    assert learned.nearness(others).min() > 0.99
    torch.testing.assert_close(learned.nearness(learned.typical()[:KNOWN]), before)
    assert len(learned.known) == KNOWN + len(others)


def test_fewer_contents_than_there_is_room_for_are_all_known() -> None:
    learned = Learned(INPUTS, 8, 5, KNOWN, reach=0.5).eval()
    outputs = _contents()[:4]
    learned.standardise(outputs)
    assert learned.nearness(outputs).min() > 0.99
    assert learned.nearness(outputs.mean(0) + _contents(first=False) - 3).max() < 0.05
