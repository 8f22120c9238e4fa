import hashlib
import io
import re

from PIL import Image

from app.sample.catalogue import ATTRIBUTION, SIDE, things


def test_there_are_at_least_400_things_to_sell() -> None:
    assert len(things()) >= 400
    assert len({thing.group for thing in things()}) >= 8


def test_no_two_things_share_a_sku_title_sentence_or_wording() -> None:
    for values in zip(*((t.sku, t.title, t.description, t.asked, t.symbol) for t in things()), strict=True):
        assert len(set(values)) == len(things())


def test_skus_are_plain_enough_for_an_address() -> None:
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", thing.sku) for thing in things())


def test_products_carry_english_only_and_a_shelf() -> None:
    for thing in things():
        product = thing.product()
        assert set(product) == {"sku", "title", "description", "attributes"}
        assert not re.search(r"[一-鿿]", str(product))
        assert product["attributes"] == {"group": thing.group, "subgroup": thing.subgroup}
        assert thing.description.endswith(".")


def test_each_thing_has_a_chinese_name_and_a_wording_without_its_title() -> None:
    for thing in things():
        assert re.search(r"[一-鿿]", thing.chinese)
        assert thing.name.lower() not in thing.asked.lower()


def test_no_flags_people_hands_or_faces_are_sold() -> None:
    for thing in things():
        assert not re.search(r"\b(flag|person|people|face|button|sign)\b|hands?$", thing.title.lower())


def test_a_picture_is_a_square_png_on_white_and_the_same_each_time() -> None:
    hammer = next(thing for thing in things() if thing.sku == "hammer")
    assert hammer.picture() == hammer.picture()
    with Image.open(io.BytesIO(hammer.picture())) as image:
        assert (image.format, image.size) == ("PNG", (SIDE, SIDE))
        assert image.convert("RGB").getpixel((0, 0)) == (255, 255, 255)
        assert len(image.convert("RGB").getcolors(SIDE * SIDE) or []) > 3


def test_every_thing_has_a_picture_and_no_two_look_the_same() -> None:
    drawn = [hashlib.sha256(thing.picture()).digest() for thing in things()[::8]]
    assert len(set(drawn)) == len(drawn)
    assert all(thing.drawing().is_file() for thing in things())


def test_the_artists_and_their_licence_are_named() -> None:
    assert "OpenMoji" in ATTRIBUTION
    assert "CC BY-SA 4.0" in ATTRIBUTION
