"""Bad input: each is a problem that names the field, and never a 5xx."""

import base64
import gzip
import io
import json
import struct
import zlib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.http.services import Services
from tests.app.http.conftest import Api, assert_problem, picture


def _huge_png() -> bytes:
    """A valid header of 50,000 × 50,000 pixels, and hardly anything after it."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


def _file(data: bytes, name: str) -> tuple[io.BytesIO, str]:
    return io.BytesIO(data), name


BAD_MEDIA = [
    pytest.param("image", b"this is no picture", "a.png", 422, id="a text named .png"),
    pytest.param("image", b"", "a.png", 422, id="a picture of 0 bytes"),
    pytest.param("image", _huge_png(), "a.png", 413, id="a picture of 50,000 × 50,000 pixels"),
    pytest.param("image", b"\xff\xd8\xff", "a.jpg", 422, id="a JPEG cut off in its header"),
    pytest.param("image", picture() + b"\0" * 2**20, "a.png", 413, id="a picture above the limit"),
    pytest.param("image", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.svg", 422, id="an SVG"),
    pytest.param("speech", b"", "a.wav", 422, id="a sound of 0 bytes"),
    pytest.param("speech", b"<!DOCTYPE html><html></html>", "a.mp3", 422, id="a web page named .mp3"),
    pytest.param("speech", picture(), "a.wav", 422, id="a picture named .wav"),
]


@pytest.mark.parametrize(("part", "data", "name", "status"), BAD_MEDIA)
def test_a_product_with_bad_media_is_refused(
    api: Api, products: str, part: str, data: bytes, name: str, status: int
) -> None:
    pointer = {"image": "/images/0", "speech": "/speech/0"}[part]
    form = {"product": json.dumps({"sku": "a", "title": "one"}), part: _file(data, name)}
    assert_problem(api.post(products, data=form), status, pointer)
    content = {"sku": "a", "title": "one", pointer.split("/")[1]: [{"base64": base64.b64encode(data).decode()}]}
    assert_problem(api.post(products, json=content), status, pointer)
    assert_problem(api.get(f"{products}/a"), 404)


@pytest.mark.parametrize(("part", "data", "name", "status"), BAD_MEDIA)
def test_a_search_with_bad_media_is_refused(
    api: Api, searches: str, part: str, data: bytes, name: str, status: int
) -> None:
    assert_problem(api.post(searches, data={"text": "red", part: _file(data, name)}), status, f"/{part}")
    encoded = {part: {"base64": base64.b64encode(data).decode()}}
    assert_problem(api.post(searches, json={"query": [{"text": "red"}, encoded]}), status, f"/query/1/{part}")


def test_a_search_names_each_product_that_it_does_not_find(api: Api, searches: str) -> None:
    assert_problem(api.post(searches, json={"product": "boot"}), 404, "/product")
    assert_problem(api.post(searches, json={"image": {"product": "boot"}}), 404, "/image")
    parts = [{"product": "shoe"}, {"text": "red"}, {"speech": {"product": "boot"}}]
    document = assert_problem(api.post(searches, json={"query": parts}), 404)
    assert [error["pointer"] for error in document["errors"]] == ["/query/2"]


def test_each_of_two_bad_pictures_is_named(api: Api, products: str) -> None:
    files = [_file(b"no", "a.png"), _file(picture(), "b.png"), _file(b"", "c.png")]
    document = assert_problem(api.post(products, data={"product": '{"sku": "a"}', "image": files}), 422)
    assert [error["pointer"] for error in document["errors"]] == ["/images/0", "/images/2"]


def test_a_truncated_jpeg_is_left_to_the_worker(api: Api, products: str) -> None:
    form = {"product": '{"sku": "a"}', "image": _file(picture("JPEG", (200, 200))[:-80], "a.jpg")}
    assert api.post(products, data=form).status_code == 202


BAD_PRODUCTS: list[tuple[Any, str]] = [
    ({}, "/sku"),
    ({"sku": "a"}, "/title"),
    ({"sku": "a", "title": "  "}, "/title"),
    ({"sku": "a", "title": "one", "colour": "red"}, "/colour"),
    ({"sku": "a/b", "title": "one"}, "/sku"),
    ({"sku": ".", "title": "one"}, "/sku"),
    ({"sku": "..", "title": "one"}, "/sku"),
    ({"sku": "a\nb", "title": "one"}, "/sku"),
    ({"sku": "", "title": "one"}, "/sku"),
    ({"sku": "a" * 201, "title": "one"}, "/sku"),
    ({"sku": 5, "title": "one"}, "/sku"),
    ({"sku": None, "title": "one"}, "/sku"),
    ({"sku": "a", "title": "nul \x00"}, "/title"),
    ({"sku": "a", "title": "half \ud800"}, "/title"),
    ({"sku": "a", "title": "a" * 2_001}, "/title"),
    ({"sku": "a", "title": "one", "description": "a" * 50_001}, "/description"),
    ({"sku": "a", "title": ["one"]}, "/title"),
    ({"sku": "a", "title": "one", "attributes": []}, "/attributes"),
    ({"sku": "a", "title": "one", "attributes": {"x": "\x00"}}, "/attributes/x"),
    ({"sku": "a", "title": "one", "attributes": {"x": {"\x00": 1}}}, "/attributes/x"),
    ({"sku": "a", "title": "one", "attributes": {"x": [1, {"y": "half \ud800"}]}}, "/attributes/x/1/y"),
    ({"sku": "a", "title": "one", "\x00": 1}, ""),
    ({"sku": "a", "title": "one", "attributes": {"x": "y" * 70_000}}, "/attributes"),
    ({"sku": "a", "title": "one", "attributes": {"x": [[[[[[[[[1]]]]]]]]]}}, "/attributes"),
    ({"sku": "a", "title": "one", "price": "cheap"}, "/price"),
    ({"sku": "a", "title": "one", "price": -1}, "/price"),
    ({"sku": "a", "title": "one", "price": 1e300}, "/price"),
    ({"sku": "a", "title": "one", "price": "1e-20000"}, "/price"),
    ({"sku": "a", "title": "one", "price": 1e400}, ""),
    ({"sku": "a", "title": "one", "currency": "euro"}, "/currency"),
    ({"sku": "a", "title": "one", "currency": "EUR\n"}, "/currency"),
    ({"sku": "a", "images": {}}, "/images"),
    ({"sku": "a", "images": ["x"]}, "/images/0"),
    ({"sku": "a", "images": [{}]}, "/images/0"),
    ({"sku": "a", "images": [{"base64": "***"}]}, "/images/0/base64"),
    ({"sku": "a", "images": [{"base64": 5}]}, "/images/0/base64"),
    ({"sku": "a", "images": [{"url": "file:///etc/passwd"}]}, "/images/0/url"),
    ({"sku": "a", "images": [{"url": "gopher://a.example/x"}]}, "/images/0/url"),
    ({"sku": "a", "images": [{"url": "https://"}]}, "/images/0/url"),
    ({"sku": "a", "images": [{"url": "https://a.example/a.png", "base64": "eA=="}]}, "/images/0"),
    ({"sku": "a", "images": [{"upload": "a.png"}]}, "/images/0"),
    ({"sku": "a", "images": [{"base64": "aaaa", "upload": "b"}]}, "/images/0"),
    ({"sku": "a", "title": "one", "images": [{"base64": "aaaa"}] * 17}, "/images"),
    ([], ""),
    ("a", ""),
]


@pytest.mark.parametrize(("content", "pointer"), BAD_PRODUCTS)
def test_a_wrong_product_is_refused_by_its_field(api: Api, products: str, content: Any, pointer: str) -> None:
    status = 400 if "Infinity" in json.dumps(content) else 422
    answer = api.post(products, data=json.dumps(content), headers={"Content-Type": "application/json"})
    assert_problem(answer, status, pointer)


BAD_SEARCHES: list[tuple[Any, str]] = [
    ({}, "/query"),
    ({"limit": 5}, "/query"),
    ({"text": "red", "min_relevance": 1.5}, "/min_relevance"),
    ({"text": "red", "min_relevance": -0.1}, "/min_relevance"),
    ({"text": "red", "min_relevance": "much"}, "/min_relevance"),
    ({"text": ""}, "/text"),
    ({"text": "  \n"}, "/text"),
    ({"text": None}, "/text"),
    ({"text": "nul \x00"}, "/text"),
    ({"text": "a" * 10_001}, "/text"),
    ({"text": "red", "txet": "red"}, "/txet"),
    ({"text": "red", "limit": 0}, "/limit"),
    ({"text": "red", "limit": 201}, "/limit"),
    ({"text": "red", "limit": 2.5}, "/limit"),
    ({"text": "red", "limit": "many"}, "/limit"),
    ({"text": "red", "against": []}, "/against"),
    ({"text": "red", "against": ["smell"]}, "/against/0"),
    ({"text": "red", "rerank": "perhaps"}, "/rerank"),
    ({"text": "red", "rerank": "true"}, "/rerank"),
    ({"text": "red", "explain": 1}, "/explain"),
    ({"text": "red", "min_relevance": "0.5"}, "/min_relevance"),
    ({"text": "red", "filter": "price <"}, "/filter"),
    ({"text": "red", "filter": "price < 'cheap'"}, "/filter"),
    ({"text": "red", "filter": "NOT (a = 1 OR " * 100 + "b = 2" + ")" * 100}, "/filter"),
    ({"text": "red", "filter": "a IN (" + "1," * 9_999 + "1)"}, "/filter"),
    ({"text": "red", "filter": "a = 'nul \x00'"}, "/filter"),
    ({"text": "red", "filter": ["price < 50"]}, "/filter"),
    ({"text": "red", "facets": ["price < 50"]}, "/facets/0"),
    ({"text": "red", "facets": [""]}, "/facets/0"),
    ({"text": "red", "facets": "colour"}, "/facets"),
    ({"text": "red", "facets": ["colour"] * 17}, "/facets"),
    ({"text": "red", "query": [{"text": "blue"}]}, "/text"),
    ({"query": []}, "/query"),
    ({"query": {}}, "/query"),
    ({"query": [{}]}, "/query/0"),
    ({"query": [{"weight": 1}]}, "/query/0"),
    ({"query": [{"text": "red", "product": "a"}]}, "/query/0"),
    ({"query": [{"text": "red"}, {"text": "blue", "weight": "much"}]}, "/query/1/weight"),
    ({"query": [{"text": "red", "weight": 101}]}, "/query/0/weight"),
    ({"query": [{"text": "red", "weight": "1"}]}, "/query/0/weight"),
    ({"query": [{"text": "red", "weight": 0}]}, "/query"),
    ({"query": [{"text": "red"}, {"text": "red", "weight": -1}]}, "/query"),
    ({"query": [{"product": "A1", "weight": 0.5}, {"product": "A1", "weight": -0.5}]}, "/query"),
    ({"query": [{"text": "red", "weight": w} for w in (0.1, 0.2, -0.3)]}, "/query"),
    ({"query": [{"text": "red"}] * 17}, "/query"),
    ({"image": "x"}, "/image"),
    ({"image": {}}, "/image"),
    ({"image": {"url": "file:///etc/passwd"}}, "/image/url"),
    ({"image": {"url": "//shop.example/a.png"}}, "/image/url"),
    ({"query": [{"speech": {"url": "javascript:alert(1)"}}]}, "/query/0/speech/url"),
    ({"image": {"url": "https://shop.example/a.png", "product": "a"}}, "/image"),
    ({"image": {"upload": "nowhere.png"}}, "/image"),
    ({"image": {"product": "a/b"}}, "/image/product"),
    ({"speech": {"base64": "*"}}, "/speech/base64"),
]


@pytest.mark.parametrize(("content", "pointer"), BAD_SEARCHES)
def test_a_wrong_search_is_refused_by_its_field(api: Api, searches: str, content: Any, pointer: str) -> None:
    assert_problem(api.post(searches, json=content), 422, pointer)


@pytest.mark.parametrize(
    "data", [b'{"sku": ', b"", b"\xff\xfe", b"NaN", b"{} {}", b'{"price": NaN}', b"[" * 100_000, b"9" * 9_999]
)
def test_a_body_that_is_no_json_is_refused(api: Api, products: str, searches: str, data: bytes) -> None:
    for path in (products, searches):
        answer = api.post(path, data=data, headers={"Content-Type": "application/json"})
        assert_problem(answer, 400, "")


def test_a_form_without_its_json_or_with_strange_parts_is_refused(api: Api, products: str, searches: str) -> None:
    assert_problem(api.post(products, data={"image": _file(picture(), "a.png")}), 422, "/product")
    assert_problem(api.post(products, data={"product": "{", "image": _file(picture(), "a.png")}), 400, "/product")
    assert_problem(api.post(products, data={"product": "[]", "image": _file(picture(), "a.png")}), 422, "/product")
    fine = '{"sku": "a", "title": "one"}'
    assert_problem(api.post(products, data={"product": fine, "photo": _file(picture(), "a.png")}), 422, "/photo")
    assert_problem(api.post(products, data={"product": fine, "image": "text"}), 422, "/image")
    assert_problem(api.post(searches, data={"text": "  "}), 422, "/query")
    assert_problem(api.post(searches, data={"query": "{}"}), 422, "/query")
    assert_problem(api.post(searches, data={"text": "a", "limit": "x"}), 422, "/limit")


@pytest.mark.parametrize(
    ("path", "content", "pointer"),
    [
        ("/v1/erasures", {"catalogue": "a\x00"}, "/catalogue"),
        ("/v1/spaces", {"encoders": "\x00"}, "/encoders"),
        ("/v1/spaces/1/verify", {"queries": [{"kind": "\ud800"}]}, "/queries/0/kind"),
        ("/v1/keys", {"name": "a", "scopes": ["\x00"]}, "/scopes/0"),
    ],
)
def test_what_no_database_holds_is_named_wherever_it_stands(api: Api, path: str, content: Any, pointer: str) -> None:
    answer = api.post(path, data=json.dumps(content), headers={"Content-Type": "application/json"})
    assert_problem(answer, 422, pointer)


def test_another_content_type_is_refused(api: Api, products: str) -> None:
    assert_problem(api.post(products, data="sku=a", headers={"Content-Type": "application/x-www-form-urlencoded"}), 415)
    imports = products.replace("products", "imports")
    assert_problem(api.post(imports, data="sku,title", headers={"Content-Type": "image/png"}), 415)


def test_a_body_that_is_compressed_is_told_from_one_that_is_no_json(api: Api, products: str) -> None:
    body = gzip.compress(b'{"sku": "a", "title": "one"}')
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert "gzip" in assert_problem(api.post(products, data=body, headers=headers), 415)["detail"]
    plain = headers | {"Content-Encoding": "identity"}
    assert api.post(products, data=gzip.decompress(body), headers=plain).status_code == 202


def test_a_price_with_commas_is_told_how_it_is_written(api: Api, products: str) -> None:
    problem = assert_problem(api.post(products, json={"sku": "a", "title": "one", "price": "1,299"}), 422, "/price")
    assert "no commas" in problem["detail"]


def test_a_body_above_the_limit_is_refused(api: Api, products: str) -> None:
    assert_problem(api.post(products, json={"sku": "a", "title": "x" * 5 * 2**20}), 413)
    imports = products.replace("products", "imports")
    assert_problem(api.post(imports, data=b"x" * 7 * 2**20, headers={"Content-Type": "application/x-ndjson"}), 413)


def test_a_body_of_unstated_length_above_the_limit_is_refused(api: Api, products: str, searches: str) -> None:
    headers = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
    for path, content in ((searches, b'{"text": "red"}'), (products, b'{"sku": "b", "title": "red"}')):
        for spaces, status in ((0, 202), (5 * 2**20, 413)):
            body = {"input_stream": io.BytesIO(content + b" " * spaces), "headers": dict(headers)}
            answer = api.post(path, **body, environ_overrides={"wsgi.input_terminated": True})
            assert answer.status_code == status, answer.text


def test_what_is_unknown_is_not_found(api: Api, products: str) -> None:
    assert_problem(api.get("/v1/catalogues/nowhere/products"), 404)
    assert_problem(api.get("/v1/catalogues/nowhere/products/a"), 404)
    assert_problem(api("PATCH", "/v1/catalogues/nowhere/products/a", json={"title": "x"}), 404)
    assert_problem(api.post("/v1/catalogues/nowhere/searches", json={"text": "red"}), 404)
    api.post(products, json={"sku": "a", "title": "one"})
    assert_problem(api.get(f"{products}/b"), 404)
    for job in ("00000000-0000-0000-0000-000000000000", "5", "ä"):
        assert_problem(api.get(f"/v1/jobs/{job}"), 404)
        assert_problem(api.get(f"/v1/jobs/{job}/hits"), 404)
        assert_problem(api.get(f"/v1/jobs/{job}/errors"), 404)
        assert_problem(api.post(f"/v1/jobs/{job}/cancel"), 404)
    assert_problem(api.post("/v1/spaces/99999999999999999999/activate"), 404)
    assert_problem(api.get(f"/v1/media/{'0' * 64}"), 404)
    assert_problem(api.get("/v1/media/..%2F..%2Fetc%2Fpasswd"), 404)
    assert_problem(api.get("/v1/nothing"), 404)
    assert_problem(api("DELETE", products), 405)


@pytest.mark.parametrize("name", ["a" * 65, "a b", "a%00b", "%20", "..", "a%0Ab", "%F0%9F%98%80"])
def test_a_catalogue_is_not_made_under_such_a_name(api: Api, name: str) -> None:
    answer = api("PUT", f"/v1/catalogues/{name}/products/a", json={"title": "one"})
    assert answer.status_code in (404, 422)
    assert_problem(answer, answer.status_code)


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/limit"),
        ("limit=x", "/limit"),
        ("limit=201", "/limit"),
        ("cursor=x", "/cursor"),
        ("cursor=-1", "/cursor"),
        ("cursor=99999999999999999999", "/cursor"),
        ("colour=red", "/colour"),
        ("filter=price<", "/filter"),
        ("cursor=a%00b", "/cursor"),
        ("%00=b", ""),
    ],
)
def test_a_wrong_query_parameter_is_named(api: Api, products: str, query: str, pointer: str) -> None:
    api.post(products, json={"sku": "a", "title": "one"})
    assert_problem(api.get(f"{products}?{query}"), 422, pointer)


@pytest.mark.parametrize(
    ("query", "pointer"),
    [("state=done", "/state/0"), ("kind=", "/kind"), ("cursor=e30", "/cursor"), ("cursor=%C3%A4", "/cursor")],
)
def test_a_wrong_parameter_of_the_job_list_is_named(api: Api, query: str, pointer: str) -> None:
    assert_problem(api.get(f"/v1/jobs?{query}"), 422, pointer)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
PRODUCT_FIELDS = ["sku", "title", "description", "attributes", "price", "currency", "images", "speech"]
SEARCH_FIELDS = [
    *("text", "image", "speech", "product", "query", "limit", "against", "rerank", "explain", "filter", "facets")
]


def _objects(names: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(names) | st.text(max_size=8), json_values, max_size=6)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(product=_objects(PRODUCT_FIELDS), search=_objects(SEARCH_FIELDS))
def test_no_json_whatever_brings_the_server_down(
    api: Api, products: str, searches: str, product: dict[str, Any], search: dict[str, Any]
) -> None:
    for answer in (
        api.post(products, json=product),
        api("PUT", f"{products}/a", json=product),
        api("PATCH", f"{products}/shoe", json=product),
        api.post(searches, json=search),
    ):
        assert answer.status_code < 500, answer.text


def test_an_unforeseen_error_says_nothing_of_its_cause(
    api: Api, own: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("secret of the driver")

    monkeypatch.setattr(type(own.watcher), "subscribe", fail)
    products = "/v1/catalogues/unforeseen/products"
    job = api.post(products, json={"sku": "a", "title": "one"}).json["job"]["id"]
    answer = api.get(f"/v1/jobs/{job}?wait=1")
    assert_problem(answer, 500)
    assert "secret" not in answer.text
