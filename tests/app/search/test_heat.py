from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from app.errors import HeatUnknown
from app.search.heat import heat_of, heat_png


def _token(label: str | None, weight: float, **pictures: list[float]) -> dict[str, Any]:
    seen = [{"ordinal": int(name[1:]), "digest": name, "weights": weights} for name, weights in pictures.items()]
    return {"query": "text", "label": label, "weight": weight, "pictures": seen}


PICTURES = ["_0", "_1"]
HIT = {
    "sku": "shoe",
    "attention": [
        _token("red", 0.75, _0=[0.1, 0.2, 0.3, 0.4], _1=[1.0]),
        _token("shoes", 0.25, _0=[0.4, 0.0, 0.0, 0.0]),
    ],
}


def test_the_heat_is_the_attention_of_all_tokens_by_what_they_count() -> None:
    assert heat_of(HIT, PICTURES, ordinal=0) == pytest.approx([0.175, 0.15, 0.225, 0.3])
    assert heat_of(HIT, PICTURES, ordinal=1) == pytest.approx([0.75])


def test_the_heat_of_one_word() -> None:
    assert heat_of(HIT, PICTURES, ordinal=0, query="text", label="shoes") == pytest.approx([0.1, 0, 0, 0])


def test_what_is_not_wanted_is_looked_at_all_the_same() -> None:
    unwanted = {"sku": "shoe", "attention": [_token("red", -0.5, _0=[0.2, 0.4])]}
    assert heat_of(unwanted, PICTURES, ordinal=0) == pytest.approx([0.1, 0.2])


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"ordinal": 2}, "no picture 2 of shoe, but at 0, 1"),
        ({"ordinal": 0, "label": "blue"}, "called blue, but red, shoes"),
        ({"ordinal": 0, "query": "image"}, "no part image, but text"),
    ],
)
def test_what_was_not_looked_at_has_no_heat(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(HeatUnknown, match=said):
        heat_of(HIT, PICTURES, **asked)


def test_a_search_that_explained_nothing_has_no_heat() -> None:
    with pytest.raises(HeatUnknown, match="explain: true"):
        heat_of({"sku": "shoe", "attention": None}, PICTURES, ordinal=0)


@pytest.mark.parametrize("pictures", [[], ["another", "_1"], ["_1", "_0"]])
def test_another_picture_has_no_heat_of_the_one_that_was_looked_at(pictures: list[str]) -> None:
    with pytest.raises(HeatUnknown, match="search again"):
        heat_of(HIT, pictures, ordinal=0)


def test_the_hottest_cell_is_the_most_opaque() -> None:
    with Image.open(BytesIO(heat_png([0.0, 0.0, 0.0, 1.0]))) as heat:
        assert heat.format == "PNG"
        assert heat.mode == "RGBA"
        side = heat.width
        corners = [heat.getpixel((x, y))[3] for y in (0, side - 1) for x in (0, side - 1)]
    assert corners[3] > 150
    assert max(corners[:3]) < 10


def test_even_attention_shows_nothing() -> None:
    with Image.open(BytesIO(heat_png([0.25] * 4))) as heat:
        assert heat.getextrema()[3] == (0, 0)
