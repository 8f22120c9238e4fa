import torch
from torch import Tensor
from torch.nn import functional

from workers.alignment.picture_head import ClassifierShape, PictureHead
from workers.alignment.text_head import TextHead

CLASSES, CHANNELS, COLOURS, TEXT_INPUTS, DIM = 12, 30, 3, 20, 64
INPUTS = 40 + COLOURS


def _pictures(shown: Tensor, weight: Tensor, colour: int = 0) -> Tensor:
    """Pictures that show these classes in one colour, (n, INPUTS)."""
    chance = torch.Generator().manual_seed(5)
    grid = functional.normalize(weight[shown], dim=1) + 0.1 * torch.randn(len(shown), CHANNELS, generator=chance)
    style = 0.3 * torch.randn(len(shown), INPUTS - CHANNELS - COLOURS, generator=chance)
    return torch.cat([grid, style, torch.eye(COLOURS)[[colour] * len(shown)]], dim=1)


def _heads() -> tuple[PictureHead, TextHead, Tensor]:
    """A picture head that knows the classes by name, the text head, and the classifier's rows."""
    torch.manual_seed(0)
    weight, texts = torch.randn(CLASSES, CHANNELS), TextHead(TEXT_INPUTS, 8, DIM, known=5).eval()
    texts.standardise(torch.randn(100, TEXT_INPUTS))
    head = PictureHead(INPUTS, 16, DIM, ClassifierShape(CLASSES, CHANNELS, COLOURS), known=50).eval()
    words = [texts.untaught(torch.randn(count, TEXT_INPUTS)).detach() for count in (CLASSES, COLOURS)]
    head.learn_words(weight, torch.zeros(CLASSES), *words)
    pictures = _pictures(torch.arange(200) % CLASSES, weight)
    head.standardise(pictures)
    head.learned.standardise(head.taught_by(head.features(pictures)))
    return head, texts, weight


def test_a_picture_is_nearest_to_the_name_of_what_it_shows_before_any_pair_is_seen() -> None:
    head, _, weight = _heads()
    pictures = _pictures(torch.arange(CLASSES), weight)
    torch.testing.assert_close(head(pictures).norm(dim=1), torch.ones(CLASSES))
    assert (head.meaning(pictures) @ head.names.T).argmax(1).tolist() == list(range(CLASSES))


def test_a_picture_is_nearer_to_the_name_of_its_colour_than_in_another_colour() -> None:
    head, _, weight = _heads()
    for colour in range(COLOURS):
        similar = [
            head.meaning(_pictures(torch.arange(CLASSES), weight, own)) @ head.colours[colour] for own in range(COLOURS)
        ]
        assert all((similar[colour] > other).all() for own, other in enumerate(similar) if own != colour)


def test_the_pictures_own_geometry_lies_where_no_text_is() -> None:
    head, texts, weight = _heads()
    meaning, looks, _ = head.layout
    part = slice(meaning, meaning + looks)
    assert head(_pictures(torch.arange(CLASSES), weight))[:, part].norm(dim=1).min() > 0.1
    assert not texts(torch.randn(50, TEXT_INPUTS))[:, part].any()


def test_an_encoder_that_sees_no_colours_has_none() -> None:
    head = PictureHead(INPUTS, 16, DIM, ClassifierShape(CLASSES, CHANNELS, 0), known=5).eval()
    head.learn_words(
        torch.randn(CLASSES, CHANNELS), torch.zeros(CLASSES), torch.randn(CLASSES, DIM // 2), torch.zeros(0, DIM // 2)
    )
    assert head(torch.rand(2, INPUTS)).isfinite().all()
