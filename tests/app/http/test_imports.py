"""Imports of every format over HTTP."""

import io
import uuid
import zipfile
from typing import Any

import pytest

from app.catalog.importing import Importer
from app.http.services import Services
from tests.app.http.conftest import Api, assert_problem
from tests.workers.pictures import encoded, halves

TABLE = "Nummer;Name;Farbe\nA1;Grüner Schuh;grün\nA2;;\n"
MAPPED = "map=sku=Nummer&map=title%3DName"


def _imported(api: Api, own: Services, url: str, data: bytes, content_type: str) -> tuple[dict[str, Any], list[Any]]:
    """The job of an import that was read, and its errors."""
    answer = api.post(url, data=data, headers={"Content-Type": content_type})
    assert answer.status_code == 202, answer.text
    job = answer.json["job"]["id"]
    Importer(client=own.jobs, store=own.store, settings=own.settings).run(uuid.UUID(job))
    return api.get(f"/v1/jobs/{job}").json, api.get(f"/v1/jobs/{job}/errors").json["errors"]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_a_table_is_read_by_its_columns(api: Api, products: str, own: Services, encoding: str) -> None:
    url = products.replace("products", "imports") + f"?{MAPPED}"
    _, errors = _imported(api, own, url, TABLE.encode(encoding), "text/csv")
    [product] = api.get(products).json["products"]
    assert (product["sku"], product["title"], product["attributes"]) == ("A1", "Grüner Schuh", {"Farbe": "grün"})
    assert [(error["line"], error["sku"]) for error in errors] == [(3, "A2")]


def test_an_archive_brings_its_pictures(api: Api, products: str, own: Services) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("shop/shop.csv", "sku,image\nA1,pics/1.png\nA2,pics/2.png\nA3,pics/3.png\n")
        archive.writestr("shop/pics/1.png", encoded(halves(), "PNG"))
        archive.writestr("shop/pics/3.png", b"no picture")
    _, errors = _imported(api, own, products.replace("products", "imports"), file.getvalue(), "application/zip")
    [product] = api.get(products).json["products"]
    assert api.get(product["images"][0]["url"]).data == encoded(halves(), "PNG")
    assert [error["line"] for error in errors] == [3, 4]
    assert "No file named 'pics/2.png'" in errors[0]["error"]["detail"]
    assert "not a picture" in errors[1]["error"]["detail"]


def test_a_file_that_cannot_be_read_ends_its_job_with_the_reason(api: Api, products: str, own: Services) -> None:
    job, _ = _imported(api, own, products.replace("products", "imports"), b"PK\x03\x04broken", "application/zip")
    assert (job["state"], job["error"]["type"]) == ("failed", "urn:triseek:problem:import-unreadable")


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("format=excel", "/format"),
        ("encoding=nothing", "/encoding"),
        ("encoding=hex", "/encoding"),
        ("map=title", "/map/0"),
        ("map=title=", "/map/0"),
        ("map==name", "/map/0"),
        ("map=title=a&map=title=b", "/map"),
        ("encoding=idna", "/encoding"),
        ("encoding=undefined", "/encoding"),
        ("colour=red", "/colour"),
    ],
)
def test_options_that_mean_nothing_are_named(api: Api, products: str, query: str, pointer: str) -> None:
    imports = products.replace("products", "imports")
    assert_problem(api.post(f"{imports}?{query}", data=b"sku\n1\n", headers={"Content-Type": "text/csv"}), 422, pointer)


def test_failed_products_are_listed_and_tried_again(api: Api, products: str) -> None:
    api.post(products, json={"sku": "a", "title": "one"})
    assert api.get(f"{products}?state=failed").json["products"] == []
    assert [each["sku"] for each in api.get(f"{products}?state=pending").json["products"]] == ["a"]
    assert_problem(api.get(f"{products}?state=lost"), 422, "/state")
    answer = api.post(products.replace("products", "retries"))
    assert (answer.status_code, answer.json["job"]["state"]) == (202, "succeeded")
    assert_problem(api.post("/v1/catalogues/nowhere/retries"), 404)
