import torch
from torch import Tensor
from torch.nn import functional

from workers.alignment.network import ProjectionHead
from workers.alignment.picture_head import ClassifierShape, PictureHead

CLASSES, CHANNELS, INPUTS, TEXT_INPUTS, DIM = 12, 30, 40, 20, 32


def _pictures(shown: Tensor, weight: Tensor) -> Tensor:
    """Pictures that show these classes, (n, INPUTS): the classifier's own direction with some noise, then a style."""
    chance = torch.Generator().manual_seed(5)
    grid = functional.normalize(weight[shown], dim=1) + 0.1 * torch.randn(len(shown), CHANNELS, generator=chance)
    style = 0.3 * torch.randn(len(shown), INPUTS - CHANNELS, generator=chance)
    return torch.cat([grid, style], dim=1)


def _heads() -> tuple[PictureHead, ProjectionHead, Tensor]:
    """A picture head that knows the classes by name, the text head, and the classifier's rows."""
    torch.manual_seed(0)
    weight, texts = torch.randn(CLASSES, CHANNELS), ProjectionHead(TEXT_INPUTS, 8, DIM)
    head = PictureHead(INPUTS, 16, DIM, ClassifierShape(CLASSES, CHANNELS)).eval()
    head.learn_classes(weight, torch.zeros(CLASSES), texts.unbent(torch.randn(CLASSES, TEXT_INPUTS)).detach())
    head.standardise(_pictures(torch.arange(200) % CLASSES, weight), texts.empty())
    return head, texts, weight


def test_a_picture_is_nearest_to_the_name_of_what_it_shows_before_any_pair_is_seen() -> None:
    head, _, weight = _heads()
    projected = head(_pictures(torch.arange(CLASSES), weight))
    torch.testing.assert_close(projected.norm(dim=1), torch.ones(CLASSES))
    assert (projected @ head.names.T).argmax(1).tolist() == list(range(CLASSES))


def test_the_pictures_own_geometry_lies_where_no_text_is() -> None:
    head, texts, weight = _heads()
    own = (_pictures(torch.arange(CLASSES), weight) - head.mean) @ head.axes
    assert own.norm(dim=1).min() > 0.1
    written = texts(torch.randn(50, TEXT_INPUTS))
    torch.testing.assert_close(own @ written.T, torch.zeros(CLASSES, 50), atol=1e-5, rtol=0)


def test_what_training_adds_is_silent_far_from_its_pictures() -> None:
    head, _, weight = _heads()
    trained = _pictures(torch.zeros(100, dtype=torch.long), weight)
    head.standardise(torch.cat([trained, -trained]), torch.zeros(0, DIM))
    torch.nn.init.normal_(head.second.weight)
    # The hidden units lie at one class and its opposite: the other classes stand across both.
    known, others = trained, _pictures(torch.arange(1, CLASSES), weight)
    with torch.inference_mode():
        moved = [float(1 - (head(own) * head.untrained(own)).sum(1).mean()) for own in (known, others)]
    assert moved[0] > 0.3 > 0.2 > moved[1]
