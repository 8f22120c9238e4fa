"""Answers in fewer bytes, where their reader understands them."""

import gzip
import io

import brotli
import pytest

from app.http.compression import SMALLEST
from tests.app.http.conftest import Api, picture


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip", "gzip"),
        ("br", "br"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("identity", None),
        ("", None),
        ("compress", None),
    ],
)
def test_the_document_is_compressed_as_asked(api: Api, accepted: str, coding: str | None) -> None:
    answer = api.get("/openapi.json", headers={"Accept-Encoding": accepted})
    assert answer.headers.get("Content-Encoding") == coding
    assert "Accept-Encoding" in answer.headers["Vary"]


def test_what_is_compressed_is_the_same(api: Api) -> None:
    plain = api.get("/openapi.json").data
    assert gzip.decompress(api.get("/openapi.json", headers={"Accept-Encoding": "gzip"}).data) == plain
    assert brotli.decompress(api.get("/openapi.json", headers={"Accept-Encoding": "br"}).data) == plain


def test_small_answers_and_pictures_stay_as_they_are(api: Api, products: str) -> None:
    headers = {"Accept-Encoding": "gzip, br, zstd"}
    assert "Content-Encoding" not in api.get("/health/live", headers=headers).headers
    photo = picture(size=(900, 700))
    assert len(photo) > SMALLEST
    form = {"product": '{"sku": "a"}', "image": (io.BytesIO(photo), "a.png")}
    url = api.post(products, data=form).json["product"]["images"][0]["url"]
    assert "Content-Encoding" not in api.get(url, headers=headers).headers


def test_a_stream_is_compressed_too(api: Api, products: str) -> None:
    job = api.post(products, json={"sku": "a", "title": "A"}).json["job"]["id"]
    table = api.get(f"/v1/jobs/{job}/errors.csv", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(table.data).decode("utf-8-sig") == "line,sku,field,reason\r\n"
