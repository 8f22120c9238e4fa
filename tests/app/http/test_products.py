"""Products: uploaded, read, changed, deleted."""

import base64
import io
import json

import pytest

from app.http.services import Services
from tests.app.http.conftest import Api, assert_problem, picture


def test_an_uploaded_product_waits_to_be_embedded_under_a_job(api: Api, products: str) -> None:
    answer = api.post(products, json={"sku": "a", "title": "鞋", "price": 12.5, "currency": "EUR"})
    assert answer.status_code == 202
    assert answer.json["product"]["embedding"] == {"state": "pending", "modalities": []}
    assert answer.json["product"]["price"] == 12.5
    assert answer.json["job"]["kind"] == "embed"
    assert answer.json["job"]["progress"] == {"done": 0, "failed": 0, "total": 1, "encoded": 0}
    assert answer.headers["Location"] == f"/v1/jobs/{answer.json['job']['id']}"
    assert api.get(f"{products}/a").json["title"] == "鞋"


def test_a_form_brings_files_that_its_json_need_not_name(api: Api, products: str, own: Services) -> None:
    files = [(io.BytesIO(picture()), "a.png"), (io.BytesIO(picture("JPEG")), "a.png")]
    form = {
        "product": json.dumps({"sku": "a", "images": [{"upload": "b.gif"}]}),
        "image": [*files, (io.BytesIO(picture("GIF")), "b.gif")],
        "speech": (io.BytesIO(b"RIFF....WAVEfmt "), "a.wav"),
    }
    answer = api.post(products, data=form)
    assert answer.status_code == 202, answer.text
    stored = answer.json["product"]
    assert [each["content_type"] for each in stored["images"]] == ["image/gif", "image/png", "image/jpeg"]
    assert [each["content_type"] for each in stored["speech"]] == ["audio/wav"]
    assert own.store.get(stored["images"][1]["digest"]) == picture()


def test_pictures_may_come_as_base64(api: Api, products: str) -> None:
    content = {"sku": "a", "images": [{"base64": base64.b64encode(picture("WEBP")).decode()}]}
    answer = api.post(products, json=content)
    assert answer.json["product"]["images"][0]["content_type"] == "image/webp"


def test_the_same_sku_again_replaces_the_product(api: Api, products: str) -> None:
    assert api.post(products, json={"sku": "a", "title": "one", "description": "long"}).status_code == 202
    assert api.post(products, json={"sku": "a", "title": "two"}).status_code == 202
    document = api.get(f"{products}/a").json
    assert (document["title"], document["description"]) == ("two", None)
    assert len(api.get(products).json["products"]) == 1


def test_put_makes_and_then_replaces_a_product(api: Api, products: str) -> None:
    first = {"title": "one", "description": "long", "attributes": {"colour": "red"}}
    assert api("PUT", f"{products}/a", json=first).status_code == 202
    assert api("PUT", f"{products}/a", json={"sku": "a", "title": "two"}).status_code == 202
    document = api.get(f"{products}/a").json
    assert (document["title"], document["description"], document["attributes"]) == ("two", None, {})
    assert_problem(api("PUT", f"{products}/a", json={"sku": "b", "title": "two"}), 422, "/sku")


def test_a_merge_patch_changes_only_what_it_names(api: Api, products: str) -> None:
    form = {
        "product": json.dumps({"sku": "a", "title": "one", "price": 3, "attributes": {"x": 1, "y": {"z": 2}}}),
        "image": (io.BytesIO(picture()), "a.png"),
    }
    before = api.post(products, data=form).json["product"]
    patch = {"description": "new", "price": None, "attributes": {"x": None, "y": {"w": 3}}}
    answer = api(
        "PATCH", f"{products}/a", data=json.dumps(patch), headers={"Content-Type": "application/merge-patch+json"}
    )
    assert answer.status_code == 202, answer.text
    after = answer.json["product"]
    assert after["images"] == before["images"]
    assert (after["title"], after["description"], after["price"]) == ("one", "new", None)
    assert after["attributes"] == {"y": {"z": 2, "w": 3}}


def test_a_merge_patch_replaces_pictures_as_a_whole(api: Api, products: str) -> None:
    form = {"product": json.dumps({"sku": "a", "title": "one"}), "image": (io.BytesIO(picture()), "a.png")}
    api.post(products, data=form)
    gone = api("PATCH", f"{products}/a", json={"images": None})
    assert gone.json["product"]["images"] == []
    assert_problem(api("PATCH", f"{products}/a", json={"title": None}), 422, "/title")


def test_a_deleted_product_is_gone(api: Api, products: str) -> None:
    api.post(products, json={"sku": "a", "title": "one"})
    assert api("DELETE", f"{products}/a").status_code == 204
    assert_problem(api.get(f"{products}/a"), 404)
    assert_problem(api("DELETE", f"{products}/a"), 404)


def test_pages_hold_every_product_once(api: Api, products: str) -> None:
    for number in range(5):
        api.post(products, json={"sku": f"s{number}", "title": "one"})
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = api.get(f"{products}?limit=2" + (f"&cursor={cursor}" if cursor else "")).json
        seen += [product["sku"] for product in page["products"]]
        cursor = page["next_cursor"]
    assert seen == ["s0", "s1", "s2", "s3", "s4"]


@pytest.mark.parametrize("sku", ["ä ö", "红鞋", "a.b~c?d#e%f", "x" * 200])
def test_any_fair_sku_can_be_read_again(api: Api, products: str, sku: str) -> None:
    assert api.post(products, json={"sku": sku, "title": "one"}).status_code == 202
    page = api.get(products).json
    assert page["products"][0]["sku"] == sku
