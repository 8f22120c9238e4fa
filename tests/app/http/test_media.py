"""Stored pictures and recordings."""

import hashlib
import io
import json

from tests.app.http.conftest import Api, assert_problem, picture


def _upload(api: Api, products: str) -> dict[str, list[dict[str, str]]]:
    form = {
        "product": json.dumps({"sku": "a"}),
        "image": [(io.BytesIO(picture("PNG", (9, 7))), "a.png"), (io.BytesIO(picture("TIFF")), "b.tiff")],
        "speech": (io.BytesIO(b"OggS...."), "a.ogg"),
    }
    stored: dict[str, list[dict[str, str]]] = api.post(products, data=form).json["product"]
    return stored


def test_a_picture_is_shown_and_cached(api: Api, products: str) -> None:
    url = _upload(api, products)["images"][0]["url"]
    answer = api.get(url)
    assert answer.data == picture("PNG", (9, 7))
    assert answer.content_type == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in answer.headers["Cache-Control"]
    assert api.get(url, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_what_a_browser_need_not_show_is_downloaded(api: Api, products: str) -> None:
    stored = _upload(api, products)
    for url in (stored["images"][1]["url"], stored["speech"][0]["url"]):
        answer = api.get(url)
        assert answer.content_type == "application/octet-stream"
        assert answer.headers["Content-Disposition"].startswith("attachment")


def test_a_query_is_nobody_elses_to_read(api: Api, searches: str) -> None:
    unique = picture("PNG", (33, 3))
    answer = api.post(searches, data={"image": (io.BytesIO(unique), "a.png")})
    assert answer.status_code == 202
    assert_problem(api.get(f"/v1/media/{hashlib.sha256(unique).hexdigest()}"), 404)
