import io

import pytest

from app.catalog.formats import merchant
from app.catalog.formats.columns import Columns
from app.catalog.formats.merchant import read_merchant
from app.catalog.formats.rows import CatalogueRow
from app.errors import ImportUnreadable

RSS = """<?xml version="1.0" encoding="{encoding}"?>
<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0">
<channel><title>A shop</title><link>https://shop.example</link>
<item>
<g:id>1</g:id><title>Grüner Schuh &amp; Socke</title>
<g:image_link>https://shop.example/1.jpg</g:image_link>
<g:additional_image_link>https://shop.example/2.jpg</g:additional_image_link>
<g:additional_image_link>https://shop.example/3.jpg</g:additional_image_link>
<g:price>12.50 EUR</g:price><g:brand><![CDATA[Acme <b>]]></g:brand>
<g:shipping><g:country>DE</g:country><g:price>4 EUR</g:price></g:shipping>
</item>
<item><g:id>2</g:id><g:title>Blue</g:title></item>
</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0">
<entry><g:id>1</g:id><title>Shoe</title></entry></feed>"""


def _rows(feed: str | bytes) -> list[CatalogueRow]:
    return list(read_merchant(io.BytesIO(feed.encode() if isinstance(feed, str) else feed), Columns()))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "cp1252"])
def test_items_are_read_with_their_lines(encoding: str) -> None:
    rows = _rows(RSS.format(encoding=encoding).encode(encoding))
    assert [row.line for row in rows] == [4, 12]
    assert rows[0].content == {
        "sku": "1",
        "title": "Grüner Schuh & Socke",
        "images": [{"url": f"https://shop.example/{number}.jpg"} for number in (1, 2, 3)],
        "price": "12.50",
        "currency": "EUR",
        "attributes": {"brand": "Acme <b>", "shipping": {"country": "DE", "price": "4 EUR"}},
    }
    assert rows[1].content == {"sku": "2", "title": "Blue"}


def test_atom_is_read_too() -> None:
    assert [row.content for row in _rows(ATOM)] == [{"sku": "1", "title": "Shoe"}]


def test_a_feed_that_breaks_off_keeps_its_items_and_says_where() -> None:
    feed = RSS.format(encoding="utf-8")
    rows = _rows(feed[: feed.index("Blue")])
    assert [row.content and row.content["sku"] for row in rows] == ["1", None]
    assert "where the feed stops being XML" in str(rows[1].error)


def test_what_is_no_xml_is_refused() -> None:
    with pytest.raises(ImportUnreadable, match="is not XML"):
        _rows("<rss><channel")


@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE rss [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>',
        '<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE rss SYSTEM "http://shop.example/rss.dtd">',
    ],
)
def test_entities_are_refused(declared: str) -> None:
    with pytest.raises(ImportUnreadable, match="entities"):
        _rows(f"{declared}<rss><channel><item><title>&a;</title></item></channel></rss>")


def test_an_item_that_is_too_long_is_an_error_of_that_item(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merchant, "LONGEST_ITEM", 100)
    items = f"<item><id>1</id><title>{'x' * 200}</title></item><item><id>2</id></item>"
    rows = _rows(f"<rss>{items}</rss>")
    assert [row.content for row in rows] == [None, {"sku": "2"}]


def test_an_error_within_a_piece_keeps_the_items_before_it() -> None:
    rows = _rows("<rss><item><id>1</id></item><item><id>2</id><title>a&nbsp;b</title></item></rss>")
    assert [row.content for row in rows] == [{"sku": "1"}, None]


@pytest.mark.parametrize("item", ["<a>" * 30 + "</a>" * 30, "<a/>" * 400_000])
def test_items_of_many_elements_are_not_held(item: str) -> None:
    rows = _rows(f"<rss><item><id>1</id></item><item>{item}</item></rss>")
    assert [row.content for row in rows] == [{"sku": "1"}, None]


@pytest.mark.parametrize("encoding", ["gb18030", "big5"])
def test_feeds_in_encodings_that_the_parser_does_not_know(encoding: str) -> None:
    feed = f'<?xml version="1.0" encoding="{encoding}"?><rss><item><id>1</id><title>一二三</title></item></rss>'
    assert [row.content for row in _rows(feed.encode(encoding))] == [{"sku": "1", "title": "一二三"}]


def test_an_encoding_that_nobody_knows_is_named() -> None:
    with pytest.raises(ImportUnreadable, match="klingon"):
        _rows('<?xml version="1.0" encoding="klingon"?><rss/>')


def test_what_is_no_feed_is_refused() -> None:
    with pytest.raises(ImportUnreadable, match="no item"):
        _rows("<html><body><p>404</p></body></html>")
