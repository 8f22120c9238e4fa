import pytest
import torch

from workers.encoders.colours import ANCHORS, COLOURS, SIDE, colour_shares


def _square(colour: tuple[int, int, int], ground: tuple[int, int, int], side: int) -> torch.Tensor:
    """A square of one colour in the middle of a ground, (1, 3, 260, 260)."""
    pixels = torch.tensor(ground, dtype=torch.uint8)[None, :, None, None].repeat(1, 1, 260, 260)
    start = (260 - side) // 2
    pixels[:, :, start : start + side, start : start + side] = torch.tensor(colour)[None, :, None, None]
    return pixels


@pytest.mark.parametrize("name", COLOURS)
def test_a_thing_has_its_own_colour_whatever_it_lies_on(name: str) -> None:
    for ground in ((255, 255, 255), (60, 90, 60)):
        shares = colour_shares(_square(ANCHORS[name], ground, 130))
        torch.testing.assert_close(shares.sum(1), torch.ones(1))
        if name != "white" or ground != (255, 255, 255):
            assert COLOURS[int(shares.argmax())] == name


def test_shares_are_those_of_the_area() -> None:
    pixels = _square(ANCHORS["red"], (255, 255, 255), 130)
    pixels[:, :, 65:195, 65:130] = torch.tensor(ANCHORS["blue"])[None, :, None, None]  # its left half
    shares = dict(zip(COLOURS, colour_shares(pixels)[0].tolist(), strict=True))
    assert shares["red"] == pytest.approx(0.5, abs=0.03)
    assert shares["blue"] == pytest.approx(0.5, abs=0.03)


def test_a_picture_that_is_all_ground_has_the_colour_of_the_ground() -> None:
    shares = colour_shares(_square((250, 250, 250), (250, 250, 250), SIDE))
    assert COLOURS[int(shares.argmax())] == "white"
    assert float(shares.max()) == 1


def test_a_batch_gives_each_picture_what_it_gets_alone() -> None:
    pictures = torch.randint(256, (3, 3, 260, 260), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    together = colour_shares(pictures)
    torch.testing.assert_close(together, torch.cat([colour_shares(picture[None]) for picture in pictures]))
