import datetime
import decimal

import pytest

from app.catalog.formats.columns import Columns
from app.errors import ImportUnreadable


def test_a_merchant_feeds_columns_are_known() -> None:
    cells = {
        "id": "SKU-1",
        "title": "Shoe",
        "image link": "https://shop.example/1.jpg",
        "additional_image_link": "https://shop.example/2.jpg,https://shop.example/3.jpg",
        "price": "12.50 EUR",
        "g:brand": "Acme",
        "availability": "in stock",
    }
    assert Columns().product(cells) == {
        "sku": "SKU-1",
        "title": "Shoe",
        "images": [{"url": f"https://shop.example/{number}.jpg"} for number in (1, 2, 3)],
        "price": "12.50",
        "currency": "EUR",
        "attributes": {"brand": "Acme", "availability": "in stock"},
    }


def test_columns_can_be_chosen() -> None:
    columns = Columns({"title": "Name", "sku": "Artikel-Nr", "colour": "Farbe"})
    assert columns.product({"Artikel-Nr": "7", "Name": "Schuh", "title": "x", "Farbe": "rot"}) == {
        "sku": "7",
        "title": "Schuh",
        "attributes": {"title": "x", "colour": "rot"},
    }


def test_where_a_column_is_called_sku_an_id_is_an_attribute() -> None:
    assert Columns().product({"id": "1", "sku": "a"}) == {"sku": "a", "attributes": {"id": 1}}


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("12.5", 12.5),
        ("-3", -3),
        ("007", "007"),
        ("1e5", "1e5"),
        ("12,5", "12,5"),
        ("0", 0),
        ("12345678901234567890", "12345678901234567890"),
        (decimal.Decimal("1.50"), 1.5),
        (decimal.Decimal(3), 3),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        (datetime.datetime(2026, 1, 2, 3, tzinfo=datetime.UTC), "2026-01-02T03:00:00+00:00"),
        ([1, "2"], [1, 2]),
        (True, True),
    ],
)
def test_attributes_are_numbers_only_where_they_look_like_json_numbers(cell: object, value: object) -> None:
    assert Columns().product({"sku": "a", "x": cell})["attributes"] == {"x": value}


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("12.50 EUR", {"price": "12.50", "currency": "EUR"}),
        ("USD 3", {"price": "3", "currency": "USD"}),
        ("9.99", {"price": "9.99"}),
        ("cheap", {"price": "cheap"}),
        (12.5, {"price": "12.5"}),
        ("49,90", {"price": "49.90"}),
        ("€ 12", {"price": "12", "currency": "EUR"}),
        ("$5", {"price": "5"}),
        ("1,299.00 USD", {"price": "1299.00", "currency": "USD"}),
        ("1.299,00 €", {"price": "1299.00", "currency": "EUR"}),
        ("1'299'000.5 CHF", {"price": "1299000.5", "currency": "CHF"}),
        ("1,299", {"price": "1,299"}),  # of thousands, or of cents
        ("1.299", {"price": "1.299"}),
        ("1,2,3", {"price": "1,2,3"}),
    ],
)
def test_prices_with_and_without_a_currency(cell: object, found: dict[str, str]) -> None:
    assert Columns().product({"price": cell}) == found


def test_pictures_are_links_files_or_bytes() -> None:
    product = Columns().product({"images": "a b.jpg | https://x.example/c.png", "speech": b"RIFF"})
    assert product["images"] == [{"upload": "a b.jpg"}, {"url": "https://x.example/c.png"}]
    assert product["speech"] == [{"base64": "UklGRg=="}]
    assert Columns().product({"image": [{"bytes": b"x", "path": None}]})["images"] == [{"base64": "eA=="}]


def test_attributes_can_come_as_one_object() -> None:
    assert Columns().product({"attributes": '{"size": "38"}', "colour": "red"})["attributes"] == {
        "size": 38,
        "colour": "red",
    }


def test_empty_cells_are_left_out() -> None:
    assert Columns().product({"sku": "a", "title": "", "colour": None, "images": ""}) == {"sku": "a"}


def test_identifiers_stay_texts() -> None:
    product = Columns().product({"sku": "a", "g:gtin": "4006381333931", "EAN": 12345678, "size": "38"})
    assert product["attributes"] == {"gtin": "4006381333931", "EAN": "12345678", "size": 38}


def test_a_comma_may_stand_in_an_address() -> None:
    cell = "https://a.example/w_1,h_2/a.jpg, https://a.example/b,c.jpg|d.jpg,e.jpg"
    assert Columns().product({"images": cell})["images"] == [
        {"url": "https://a.example/w_1,h_2/a.jpg"},
        {"url": "https://a.example/b,c.jpg"},
        {"upload": "d.jpg"},
        {"upload": "e.jpg"},
    ]


def test_nan_is_an_empty_cell() -> None:
    assert Columns().product({"sku": "a", "size": float("nan")}) == {"sku": "a"}


def test_a_chosen_column_that_is_not_there_is_named() -> None:
    with pytest.raises(ImportUnreadable, match="title is to be the column 'Nope'; there are sku, name"):
        Columns({"title": "Nope"}).check(["sku", "name"])
