"""Two who change one product at the same time: the later one is told."""

import threading
from typing import Any

import pytest
from flask import Flask

from app.http.services import Services
from tests.app.http.conftest import Api, assert_problem

OLD, NEW = {"title": "Old"}, {"title": "New"}


@pytest.fixture
def product(api: Api, products: str) -> str:
    assert api.post(products, json={"sku": "a", **OLD}).status_code == 202
    return f"{products}/a"


def _etag(api: Api, product: str) -> str:
    return str(api.get(product).headers["ETag"])


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_product_that_was_changed_meanwhile_is_not_overwritten(api: Api, product: str, method: str) -> None:
    read = _etag(api, product)
    changed = api(method, product, json=NEW, headers={"If-Match": read})
    assert (changed.status_code, changed.headers["ETag"]) == (202, _etag(api, product))
    assert changed.headers["ETag"] != read
    refused = api(method, product, json={"title": "Lost"}, headers={"If-Match": read})
    assert changed.headers["ETag"].partition(".")[0] in assert_problem(refused, 412)["detail"]
    assert api.get(product).json["title"] == "New"


def test_a_price_alone_changes_the_etag_and_reading_does_not(api: Api, product: str) -> None:
    first = _etag(api, product)
    assert _etag(api, product) == first
    api("PATCH", product, json={"price": 3})
    assert _etag(api, product) != first


def test_a_product_is_deleted_only_as_it_was_read(api: Api, product: str) -> None:
    read = _etag(api, product)
    api("PUT", product, json=NEW)
    assert_problem(api("DELETE", product, headers={"If-Match": read}), 412)
    assert api("DELETE", product, headers={"If-Match": _etag(api, product)}).status_code == 204
    assert_problem(api("DELETE", product, headers={"If-Match": "*"}), 412)


def test_what_is_there_is_not_made_again(api: Api, product: str, products: str) -> None:
    new = {"If-None-Match": "*"}
    assert_problem(api("PUT", product, json=NEW, headers=new), 412)
    assert api("PUT", f"{products}/b", json=NEW, headers=new).status_code == 202
    assert_problem(api("PUT", f"{products}/c", json=NEW, headers={"If-Match": "*"}), 412)
    assert_problem(api.post(products, json={"sku": "a", **NEW}, headers=new), 412)
    assert api("PUT", "/v1/catalogues/c-new/products/a", json=NEW, headers=new).status_code == 202


@pytest.mark.parametrize("header", ['"x"', 'W/"x"', "x", '""', '"", ""', '"', '"a", "b"', "ä", ","])
def test_any_other_etag_is_another_one(api: Api, product: str, header: str) -> None:
    assert_problem(api("PUT", product, json=NEW, headers={"If-Match": header}), 412)
    assert api.get(product).json["title"] == "Old"


def test_of_many_who_make_or_change_it_at_once_one_does(app: Flask, api: Api, products: str) -> None:
    def all_at_once(headers: dict[str, str]) -> list[int]:
        found: list[int] = []

        def put(number: int) -> None:
            own = Api(app.test_client(), api.key)
            sent: Any = {"json": {"title": f"Number {number}"}, "headers": headers}
            found.append(own("PUT", f"{products}/raced", **sent).status_code)

        threads = [threading.Thread(target=put, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sorted(found)

    assert all_at_once({"If-None-Match": "*"}) == [202] + [412] * 7
    assert all_at_once({"If-Match": _etag(api, f"{products}/raced")}) == [202] + [412] * 7


def test_what_was_read_is_not_sent_again_until_it_changes(api: Api, product: str) -> None:
    read = _etag(api, product)
    same = api.get(product, headers={"If-None-Match": read})
    assert (same.status_code, same.data, same.headers["ETag"]) == (304, b"", read)
    api("PATCH", product, json={"price": 3})
    assert api.get(product, headers={"If-None-Match": read}).status_code == 200


def test_a_reader_is_told_that_a_product_can_be_found_which_hinders_no_change(
    api: Api, product: str, own: Services
) -> None:
    read = _etag(api, product)
    with own.sessions.begin() as session:
        session.connection().exec_driver_sql("UPDATE products SET embedded_version = version WHERE sku = 'a'")
    assert api.get(product, headers={"If-None-Match": read}).json["embedding"]["state"] == "ready"
    assert api("PUT", product, json=NEW, headers={"If-Match": read}).status_code == 202


@pytest.mark.parametrize("coding", ["zstd", "br", "gzip"])
def test_a_compressed_answer_has_an_etag_of_its_own_that_changes_heed(api: Api, product: str, coding: str) -> None:
    api("PATCH", product, json={"description": "long " * 1000})
    compressed = api.get(product, headers={"Accept-Encoding": coding})
    assert compressed.headers["ETag"] == _etag(api, product).removesuffix('"') + f':{coding}"'
    asked = {"Accept-Encoding": coding, "If-None-Match": compressed.headers["ETag"]}
    assert api.get(product, headers=asked).status_code == 304
    assert api("PUT", product, json=NEW, headers={"If-Match": compressed.headers["ETag"]}).status_code == 202
