"""Files of a request stay on disk until one is looked at."""

import io
import json

import pytest
from werkzeug.datastructures import FileStorage

from app.errors import MediaTooLarge
from app.http.uploaded_files import UploadedFiles
from tests.app.http.conftest import Api, assert_problem, picture

MEBIBYTE = 2**20


class _Large(io.BytesIO):
    """A file that says how large it is, and is not to be read."""

    def seek(self, offset: int, whence: int = 0) -> int:
        return 2 * MEBIBYTE if whence == io.SEEK_END else offset

    def read(self, size: int | None = -1) -> bytes:  # noqa: ARG002  the signature of files
        raise AssertionError


def test_a_file_that_is_too_large_is_not_read() -> None:
    files = UploadedFiles(max_mb=1)
    files.add("a.png", FileStorage(_Large()))
    assert "a.png" in files
    with pytest.raises(MediaTooLarge, match=r"2\.0 MiB; at most 1 MiB"):
        files["a.png"]


def test_a_file_is_read_as_often_as_it_is_asked_for() -> None:
    files = UploadedFiles(max_mb=1)
    files.add("a.png", FileStorage(io.BytesIO(b"bytes")))
    assert [files["a.png"], files["a.png"], files.take("a.png")] == [b"bytes"] * 3
    assert list(files) == []


def test_each_file_that_is_too_large_is_named(api: Api, products: str) -> None:
    large = picture("PNG") + bytes(MEBIBYTE)
    files = [(io.BytesIO(data), name) for data, name in ((large, "a.png"), (picture("PNG"), "b.png"), (large, "c.png"))]
    answer = api.post(products, data={"product": json.dumps({"sku": "a"}), "image": files})
    assert_problem(answer, 413, "/images/0")
    assert [each["pointer"] for each in answer.json["errors"]] == ["/images/0", "/images/2"]
