"""Stored pictures and recordings."""

import base64
import hashlib
import io
import json

import pytest
from sqlalchemy import update

from app.db.tables import Media
from app.http.services import Services
from app.media.thumbnails import thumbnail_path
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


def test_a_smaller_version_is_shown_where_a_worker_made_one(api: Api, own: Services, products: str) -> None:
    stored = _upload(api, products)["images"][0]
    own.store.put_derived(thumbnail_path(stored["digest"], 160), b"a smaller one")
    answer = api.get(f"{stored['url']}?width=160")
    assert (answer.data, answer.content_type) == (b"a smaller one", "image/jpeg")
    assert "immutable" in answer.headers["Cache-Control"]
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    same = {"If-None-Match": answer.headers["ETag"]}
    assert api.get(f"{stored['url']}?width=160", headers=same).status_code == 304
    assert api.get(stored["url"], headers=same).status_code == 200  # which is another content


def test_without_one_the_picture_is_shown_for_now(api: Api, products: str) -> None:
    answer = api.get(f"{_upload(api, products)['images'][0]['url']}?width=480")
    assert answer.data == picture("PNG", (9, 7))
    assert "immutable" not in answer.headers["Cache-Control"]


@pytest.mark.parametrize("width", ["161", "0", "-1", "1e9", "x", ""])
def test_there_are_two_widths(api: Api, products: str, width: str) -> None:
    url = _upload(api, products)["images"][0]["url"]
    assert_problem(api.get(f"{url}?width={width}"), 422, "/width")


def test_what_is_no_picture_is_never_served_as_one(api: Api, products: str, own: Services) -> None:
    page = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    assert_problem(api.post(products, json={"sku": "s", "images": [{"base64": base64.b64encode(page).decode()}]}), 422)
    hidden = picture("PNG", (5, 5)) + page  # a picture with a page behind it is served as the picture that it is
    stored = api.post(products, json={"sku": "s", "images": [{"base64": base64.b64encode(hidden).decode()}]})
    answer = api.get(stored.json["product"]["images"][0]["url"])
    assert answer.content_type == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    with own.sessions.begin() as session:  # as an older release, or a mistake, might have recorded it
        digest = answer.headers["ETag"].strip('"')
        session.execute(update(Media).where(Media.digest == digest).values(content_type="text/html"))
    answer = api.get(stored.json["product"]["images"][0]["url"])
    assert answer.content_type == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{digest}"'
