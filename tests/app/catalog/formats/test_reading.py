"""Files of every format, told by their content."""

import gzip
import io
import zipfile
from collections.abc import Mapping

import pyarrow as pa
import pytest
from pyarrow import parquet

from app.catalog.formats import archive
from app.catalog.formats.reading import Format, ReadOptions, open_catalogue
from app.errors import ImportUnreadable, MediaTooLarge, MediaUnreadable

OPTIONS = ReadOptions(max_media_bytes=1_000)
NDJSON = b'{"sku": "1", "title": "Shoe"}\n{"sku": "2"}\n'
CSV = b"sku,title\n1,Shoe\n2,\n"
TSV = b"id\ttitle\n1\tShoe\n2\t\n"
FEED = b"<rss><channel><item><id>1</id><title>Shoe</title></item><item><id>2</id></item></channel></rss>"
ROWS = [{"sku": "1", "title": "Shoe"}, {"sku": "2"}]


def _parquet(rows: list[dict[str, object]]) -> bytes:
    target = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows), target)
    return target.getvalue()


def _zip(members: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as opened:
        for name, data in members.items():
            opened.writestr(name, data)
    return target.getvalue()


def _read(data: bytes, options: ReadOptions = OPTIONS) -> list[dict[str, object] | None]:
    with open_catalogue(io.BytesIO(data), options) as found:
        return [row.content for row in found.rows]


FILES = {"ndjson": NDJSON, "csv": CSV, "tsv": TSV, "xml": FEED, "parquet": _parquet([*ROWS])}


@pytest.mark.parametrize("ending", FILES)
def test_a_format_is_told_from_the_content(ending: str) -> None:
    data = FILES[ending]
    assert _read(data) == ROWS
    assert _read(gzip.compress(data)) == ROWS
    assert _read(_zip({f"shop.{ending}": data})) == ROWS
    assert _read(_zip({f"export/shop.{ending}.gz": gzip.compress(data)})) == ROWS


def test_a_format_that_is_named_is_taken() -> None:
    assert _read(b"a", ReadOptions(format=Format.NDJSON, max_media_bytes=1)) == [None]
    assert _read(b"\xef\xbb\xbf" + NDJSON) == ROWS


def test_parquet_keeps_types_and_pictures() -> None:
    row = {"sku": "1", "image": {"bytes": b"png", "path": "1.png"}, "size": 38, "wide": True}
    assert _read(_parquet([row])) == [
        {"sku": "1", "images": [{"base64": "cG5n"}], "attributes": {"size": 38, "wide": True}}
    ]


def test_media_lie_beside_the_catalogue_or_at_the_top() -> None:
    members = {"a/shop.ndjson": NDJSON, "a/pics/1.jpg": b"one", "top.jpg": b"two", "__MACOSX/a/._shop.ndjson": b"x"}
    with open_catalogue(io.BytesIO(_zip(members)), OPTIONS) as found:
        assert found.media["pics/1.jpg"] == found.media["./pics/1.jpg"] == found.media["pics\\1.jpg"] == b"one"
        assert found.media["top.jpg"] == b"two"
        assert "pics/2.jpg" not in found.media


@pytest.mark.parametrize("path", ["../shop.csv", "/shop.csv", "a/../../shop.csv", "C:/shop.csv", "..\\shop.csv"])
def test_paths_that_lead_out_of_an_archive_are_refused(path: str) -> None:
    with pytest.raises(ImportUnreadable, match="leads out of it"):
        _read(_zip({"shop.ndjson": NDJSON, path: b""}))


@pytest.mark.parametrize(
    ("members", "why"),
    [({"1.jpg": b"x"}, "has none"), ({"a.csv": CSV, "b.csv": CSV}, "has 2: a.csv, b.csv"), ({}, "has none")],
)
def test_an_archive_has_one_catalogue_file(members: Mapping[str, bytes], why: str) -> None:
    with pytest.raises(ImportUnreadable, match=why):
        _read(_zip(members))


def test_a_text_beside_the_catalogue_file_is_none() -> None:
    assert _read(_zip({"shop.csv": CSV, "readme.txt": b"hello"})) == ROWS
    assert _read(_zip({"shop.txt": CSV})) == ROWS


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_are_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as opened:
        for _ in range(2):
            opened.writestr("shop.csv", CSV)
    with pytest.raises(ImportUnreadable, match=r"two files named 'shop\.csv'"):
        _read(file.getvalue())


def test_two_columns_of_one_name_are_refused() -> None:
    file = io.BytesIO()
    parquet.write_table(pa.table([pa.array(["1"]), pa.array(["2"])], names=["sku", "sku"]), file)
    with pytest.raises(ImportUnreadable, match="two columns named 'sku'"):
        _read(file.getvalue())


def test_the_uppermost_catalogue_file_counts() -> None:
    assert _read(_zip({"shop.csv": CSV, "old/shop.csv": b"sku\n9\n"})) == ROWS


def test_bombs_are_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = b"sku\n" + b"0" * 4 * 2**20
    with pytest.raises(ImportUnreadable, match="which is not read"):
        _read(_zip({"shop.csv": bomb}))
    with pytest.raises(ImportUnreadable, match="unpacks to more"):
        _read(gzip.compress(bomb))
    monkeypatch.setattr(archive, "LARGEST_DIRECTORY", 100)
    with pytest.raises(ImportUnreadable, match="list of the archive's files"):
        _read(_zip({"shop.csv": CSV} | {f"{number}.jpg": b"" for number in range(9)}))


def test_a_medium_that_is_too_large_or_damaged_is_refused_by_itself() -> None:
    data = bytearray(_zip({"shop.csv": CSV, "large.jpg": b"x" * 1_001, "1.jpg": b"one" * 9}, zipfile.ZIP_STORED))
    data[data.index(b"oneone")] = ord("0")
    with open_catalogue(io.BytesIO(bytes(data)), OPTIONS) as found:
        with pytest.raises(MediaTooLarge, match="1,001 bytes"):
            found.media["large.jpg"]
        with pytest.raises(MediaUnreadable, match="CRC"):
            found.media["1.jpg"]
        assert [row.content for row in found.rows] == ROWS


@pytest.mark.parametrize("left", [5, 30, -6])
@pytest.mark.parametrize(
    "packed",
    [gzip.compress(NDJSON * 9), _zip({"shop.csv": CSV * 9}), FILES["parquet"]],
    ids=["gzip", "zip", "parquet"],
)
def test_a_file_that_is_cut_off_is_refused_with_a_reason(packed: bytes, left: int) -> None:
    with pytest.raises(ImportUnreadable, match=r"The (archive|file) (cannot be|is none|is not)"):
        _read(packed[:left])


def test_damage_in_an_archives_catalogue_is_seen() -> None:
    data = bytearray(_zip({"shop.csv": CSV * 99}))
    data[60] ^= 0xFF
    with pytest.raises(ImportUnreadable, match="unpacked"):
        _read(bytes(data))
