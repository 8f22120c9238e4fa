import io

import pytest

from app.catalog.formats import delimited
from app.catalog.formats.columns import Columns
from app.catalog.formats.delimited import read_delimited
from app.catalog.formats.encoding import encoding_of
from app.catalog.formats.rows import CatalogueRow
from app.errors import ImportUnreadable


def _rows(table: str | bytes, encoding: str | None = None, columns: Columns | None = None) -> list[CatalogueRow]:
    file = io.BytesIO(table.encode() if isinstance(table, str) else table)
    return list(read_delimited(file, encoding or encoding_of(file), columns or Columns()))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_whatever_stands_between_cells_and_rows(delimiter: str, end: str) -> None:
    table = [["sku", "title", "colour"], ["a", "Red shoe", "red"], ["b", f"Blue{delimiter} shoe", "blue"]]
    lines = [delimiter.join(f'"{cell}"' for cell in row) for row in table]
    assert [row.content for row in _rows(end.join(lines))] == [
        {"sku": "a", "title": "Red shoe", "attributes": {"colour": "red"}},
        {"sku": "b", "title": f"Blue{delimiter} shoe", "attributes": {"colour": "blue"}},
    ]


def test_quotes_and_newlines_within_cells() -> None:
    rows = _rows('sku,title\n1,"a ""big"" shoe\nof two lines"\n2,plain\n')
    assert [(row.line, row.content) for row in rows] == [
        (2, {"sku": "1", "title": 'a "big" shoe\nof two lines'}),
        (4, {"sku": "2", "title": "plain"}),
    ]


def test_a_quote_that_nobody_closes_takes_its_own_line_only() -> None:
    rows = _rows('sku,title\n1,"unclosed\n2,x\n3,y\n')
    assert [(row.line, row.content and row.content["sku"]) for row in rows] == [(2, None), (3, "2"), (4, "3")]
    assert "cannot be read as a table" in str(rows[0].error)


def test_too_many_or_too_few_cells_are_an_error_of_that_row() -> None:
    rows = _rows("sku,title,colour\n1,x\n2,x,red\n\n3,x,red,4\n")
    assert [row.line for row in rows if row.error] == [2, 5]
    assert "has 2 cells; the first line names 3 columns" in str(rows[0].error)


def test_a_line_that_is_too_long_is_an_error_of_that_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "LONGEST_LINE", 100)
    rows = _rows("sku,title\n1," + "x" * 1000 + "\n2,y\n3," + "z" * 200)
    assert [(row.line, row.content and row.content["sku"]) for row in rows] == [(2, None), (3, "2"), (4, None)]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("红色的鞋子，运动鞋", "gb18030"),
        ("红色的鞋子，运动鞋", "utf-16"),
        ("红色的鞋子，运动鞋", "utf-16-le"),
        ("紅色的鞋子", "big5"),
        ("赤い靴と白い靴下", "shift_jis"),
        ("красные туфли", "cp1251"),
        ("Señal única – größe", "cp1252"),
        ("größe", "utf-8"),
        ("größe", "utf-8-sig"),
    ],
)
def test_the_encoding_is_told_from_the_content(text: str, encoding: str) -> None:
    (row,) = _rows(f"sku,title\n1,{text}\n".encode(encoding))
    assert row.content == {"sku": "1", "title": text}


def test_a_damaged_row_does_not_change_the_encoding_of_the_others() -> None:
    table = "sku,title\n" + "".join(f"{number},größe {number}\n" for number in range(30))
    rows = _rows(table.encode() + b"30,gr\xf6\xdfe\n31,gut\n")
    assert "not of the file's encoding" in str(rows[30].error)
    assert [row.content and row.content["title"] for row in rows[29:]] == ["größe 29", None, "gut"]


def test_a_stray_zero_does_not_change_the_encoding() -> None:
    rows = _rows("sku,title\n1,a\x00b\n2,plain\n")
    assert [row.content and row.content["title"] for row in rows] == ["a\x00b", "plain"]


def test_an_encoding_that_is_given_is_taken() -> None:
    (row,) = _rows("sku,title\n1,größe\n".encode("latin-1"), encoding="latin-1")
    assert row.content == {"sku": "1", "title": "größe"}


def test_wrong_bytes_late_in_a_long_file_are_found() -> None:
    table = "sku,title\n" + "".join(f"{number},plain {number}\n" for number in range(100_000))
    rows = _rows(table.encode() + "100000,红色的鞋子，运动鞋\n".encode("gb18030"))
    assert rows[-1].content == {"sku": "100000", "title": "红色的鞋子，运动鞋"}


@pytest.mark.parametrize(
    ("table", "why"),
    [(b"", "names no column"), (b"\n", "names no column"), (b",,\n", "names no column"), (b"sku,title,sku\n", "twice")],
)
def test_a_first_line_that_names_no_columns_is_refused(table: bytes, why: str) -> None:
    with pytest.raises(ImportUnreadable, match=why):
        _rows(table)


def test_a_file_without_rows_has_none() -> None:
    assert _rows("sku,title\n") == []


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_another_encoding_than_the_one_that_is_given_is_told(encoding: str) -> None:
    with pytest.raises(ImportUnreadable, match=f"not in the encoding {encoding}"):
        _rows("sku,title\n1,x\n", encoding=encoding)


def test_a_chosen_column_must_be_there() -> None:
    with pytest.raises(ImportUnreadable, match="'Nope'; there are sku, title"):
        _rows("sku,title\n1,x\n", columns=Columns({"title": "Nope"}))
