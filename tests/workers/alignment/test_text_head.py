import torch
from torch.nn import functional

from workers.alignment.text_head import TextHead

INPUTS, DIM = 12, 32


def _head(outputs: torch.Tensor) -> TextHead:
    torch.manual_seed(0)
    head = TextHead(INPUTS, 8, DIM, known=10).eval()
    head.standardise(outputs)
    head.learned.standardise(head.features(outputs).detach())
    return head


def test_the_meaning_keeps_the_cosines_of_what_the_head_is_given() -> None:
    outputs = torch.randn(50, INPUTS) + 3
    centred = functional.normalize(outputs - outputs.mean(0), dim=1)
    head = _head(outputs)
    meaning = head.features(outputs).detach()
    torch.testing.assert_close(meaning @ meaning.T, centred @ centred.T, atol=1e-4, rtol=0)
    torch.testing.assert_close(head(outputs).detach().norm(dim=1), torch.ones(50))


def test_the_first_axes_are_those_along_which_texts_differ_most() -> None:
    outputs = torch.randn(200, INPUTS) * torch.linspace(5, 1, INPUTS)
    spread = ((outputs - outputs.mean(0)) @ _head(outputs).axes).std(0)[:INPUTS]
    assert (spread.diff() < 0).all()


def test_texts_leave_the_part_of_looks_empty() -> None:
    outputs = torch.randn(50, INPUTS)
    head = _head(outputs)
    meaning, looks, _ = head.layout
    assert not head(outputs)[:, meaning : meaning + looks].any()


def test_names_stand_for_what_is_their_own_about_a_mean_of_their_own() -> None:
    outputs = torch.randn(50, INPUTS)
    names = outputs[:5] + 10  # all to one side of other texts
    head = _head(outputs)
    alike, apart = (
        functional.cosine_similarity(own[:1], own[1:])
        for own in (head.untaught(names), head.untaught(names, names.mean(0)))
    )
    assert alike.min() > 0.5 > apart.max()
