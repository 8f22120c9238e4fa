import io
import random

import pytest
from PIL import Image, ImageChops

from app.sample.alter import ALTERATIONS, alter
from app.sample.catalogue import things


def _open(picture: bytes) -> Image.Image:
    return Image.open(io.BytesIO(picture)).convert("RGB")


@pytest.mark.parametrize("how", ALTERATIONS)
def test_an_alteration_alters_and_the_same_seed_alters_the_same(how: str) -> None:
    picture = things()[0].picture()
    altered = alter(picture, how, random.Random(1))
    assert altered == alter(picture, how, random.Random(1))
    same_size = _open(altered).resize(_open(picture).size)
    assert max(high for _low, high in ImageChops.difference(same_size, _open(picture)).getextrema()) > 60


@pytest.mark.parametrize("how", ["rotated", "cropped", "noisy"])
def test_another_seed_alters_otherwise(how: str) -> None:
    picture = things()[0].picture()
    assert alter(picture, how, random.Random(1)) != alter(picture, how, random.Random(2))


def test_a_grey_picture_has_no_colour() -> None:
    red, green, blue = _open(alter(things()[0].picture(), "grey", random.Random(1))).split()
    assert max(ImageChops.difference(red, green).getextrema()[1], ImageChops.difference(red, blue).getextrema()[1]) < 8


def test_a_cropped_picture_is_smaller() -> None:
    width, height = _open(alter(things()[0].picture(), "cropped", random.Random(1))).size
    assert 0.6 * 320 < width < 0.85 * 320
    assert 0.6 * 320 < height < 0.85 * 320
