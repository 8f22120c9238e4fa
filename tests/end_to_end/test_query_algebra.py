"""Parts of a query with weights of either sign: like this picture, but red; like this, and not that."""

import io

import pytest
from PIL import Image

from app.catalog.drafts import ProductDraft
from app.sample.catalogue import things
from app.types import Modality, QueryPart
from tests.end_to_end.conftest import Shop

COLOURS = {"red": (205, 30, 35), "blue": (35, 75, 175), "green": (45, 145, 60)}
SHIRT, TOOL = "t-shirt", "hammer"


def _coloured(sku: str, colour: str) -> bytes:
    """A thing's drawing with this colour in the place of all that are not grey."""
    (drawn,) = [thing.picture() for thing in things() if thing.sku == sku]
    picture = Image.open(io.BytesIO(drawn)).convert("RGB")
    saturation = picture.convert("HSV").getchannel("S").point(lambda value: 255 if value > 60 else 0)
    picture.paste(COLOURS[colour], mask=saturation)
    written = io.BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()


@pytest.fixture
def stocked(shop: Shop) -> Shop:
    shop.upload(
        *(
            ProductDraft(sku=f"{colour}-{sku}", title=None, images=(shop.store(_coloured(sku, colour)),))
            for sku in (SHIRT, TOOL)
            for colour in COLOURS
        )
    )
    return shop


def _picture(shop: Shop, sku: str, colour: str, weight: float = 1.0, name: str = "image") -> QueryPart:
    """The same thing a little smaller, as if photographed anew."""
    picture = Image.open(io.BytesIO(_coloured(sku, colour))).resize((280, 280))
    written = io.BytesIO()
    picture.save(written, "PNG")
    return QueryPart(name=name, modality=Modality.IMAGE, media=shop.store(written.getvalue()).digest, weight=weight)


def _text(text: str, weight: float = 1.0, name: str = "text") -> QueryPart:
    return QueryPart(name=name, modality=Modality.TEXT, text=text, weight=weight)


def test_a_picture_alone_finds_its_own_colour_first(stocked: Shop) -> None:
    for colour in COLOURS:
        assert stocked.found(_picture(stocked, SHIRT, colour))[0] == f"{colour}-{SHIRT}"


@pytest.mark.parametrize(("given", "wanted"), [("blue", "red"), ("red", "blue"), ("blue", "green"), ("green", "red")])
def test_like_this_picture_but_in_another_colour(stocked: Shop, given: str, wanted: str) -> None:
    found = stocked.found(_picture(stocked, SHIRT, given, weight=0.5), _text(f"{wanted} shirt"))
    assert found[0] == f"{wanted}-{SHIRT}"


def test_like_this_text_and_unlike_that_picture(stocked: Shop) -> None:
    plain = stocked.found(_text("a shirt"))
    unlike = stocked.found(_text("a shirt"), _picture(stocked, SHIRT, "red", weight=-0.4, name="query/1"))
    assert set(plain[:3]) == {f"{colour}-{SHIRT}" for colour in COLOURS}
    assert unlike.index(f"red-{SHIRT}") == max(unlike.index(f"{colour}-{SHIRT}") for colour in COLOURS)


def test_like_a_product_and_unlike_another(stocked: Shop) -> None:
    like = QueryPart(name="query/0", modality=None, sku=f"blue-{TOOL}")
    unlike = QueryPart(name="query/1", modality=None, sku=f"red-{TOOL}", weight=-0.8)
    alone = stocked.found(like)
    both = stocked.found(like, unlike)
    assert f"blue-{TOOL}" not in both
    assert f"red-{TOOL}" not in both
    assert alone.index(f"red-{SHIRT}") <= both.index(f"red-{SHIRT}") + 1
    assert both[0] == f"green-{TOOL}"
