"""Jobs: listed, waited for, cancelled; the errors of an import."""

import csv
import io
import time
import uuid
from pathlib import Path

from app.catalog.importing import Importer
from app.http.services import Services
from tests.app.http.conftest import Api, assert_problem


def test_an_import_tells_its_errors_by_line(api: Api, products: str, own: Services) -> None:
    lines = b'{"sku": "a", "title": "one"}\n\n{"sku": "b"}\n{oops\n{"sku": "c", "title": "three"}\n'
    imports = products.replace("products", "imports")
    answer = api.post(imports, data=lines, headers={"Content-Type": "application/x-ndjson"})
    assert answer.status_code == 202
    job = answer.json["job"]["id"]
    Importer(client=own.jobs, store=own.store, settings=own.settings).run(uuid.UUID(job))
    errors = api.get(f"/v1/jobs/{job}/errors").json["errors"]
    assert [(error["line"], error["sku"]) for error in errors] == [(3, "b"), (4, None)]
    assert errors[0]["error"]["errors"][0]["pointer"] == "/title"
    first = api.get(f"/v1/jobs/{job}/errors?limit=1").json
    second = api.get(f"/v1/jobs/{job}/errors?limit=1&cursor={first['next_cursor']}").json
    assert [page["errors"][0]["line"] for page in (first, second)] == [3, 4]
    assert second["next_cursor"] is None
    assert [product["sku"] for product in api.get(products).json["products"]] == ["a", "c"]


def test_a_dry_run_changes_nothing(api: Api, products: str, own: Services) -> None:
    imports = products.replace("products", "imports")
    form = {"file": (io.BytesIO(b'{"sku": "a", "title": "one"}\n{"sku": "b"}'), "catalogue.ndjson")}
    job = api.post(f"{imports}?dry_run=true", data=form).json["job"]["id"]
    Importer(client=own.jobs, store=own.store, settings=own.settings).run(uuid.UUID(job))
    document = api.get(f"/v1/jobs/{job}").json
    assert (document["state"], document["result"]["accepted"], document["result"]["rejected"]) == ("succeeded", 1, 1)
    assert_problem(api.get(products), 404)  # not even the catalogue is made


def test_an_import_of_nothing_is_refused(api: Api, products: str, own: Services) -> None:
    imports = products.replace("products", "imports")
    assert_problem(api.post(imports, data=b"", headers={"Content-Type": "application/x-ndjson"}), 422, "")
    assert_problem(api.post(imports, data={"product": "x"}), 422, "/file")
    assert_problem(api.post(f"{imports}?dry_run=perhaps", data=b"{}"), 422, "/dry_run")
    assert not list(Path(own.settings.media_url).glob("partial/*"))


def test_the_list_has_states_kinds_and_pages(api: Api, searches: str) -> None:
    api.post(searches, json={"text": "red"})
    kinds = {job["kind"] for job in api.get("/v1/jobs?limit=200").json["jobs"]}
    assert {"embed", "search"} <= kinds
    assert {job["kind"] for job in api.get("/v1/jobs?kind=search").json["jobs"]} == {"search"}
    page = api.get("/v1/jobs?state=queued,running&limit=1").json
    following = api.get(f"/v1/jobs?state=queued,running&limit=1&cursor={page['next_cursor']}").json
    assert page["jobs"][0]["id"] != following["jobs"][0]["id"]


def test_a_cancelled_job_ends_the_wait_for_it(api: Api, searches: str) -> None:
    job = api.post(searches, json={"text": "red"}).json["job"]["id"]
    assert api.post(f"/v1/jobs/{job}/cancel").json["state"] == "cancelled"
    start = time.monotonic()
    assert api.get(f"/v1/jobs/{job}?wait=30").json["state"] == "cancelled"
    assert time.monotonic() - start < 5
    assert_problem(api.post(f"/v1/jobs/{job}/cancel"), 409)


def test_a_wait_ends_in_time(api: Api, searches: str) -> None:
    job = api.post(searches, json={"text": "red"}).json["job"]["id"]
    start = time.monotonic()
    answer = api.get(f"/v1/jobs/{job}?wait=0.3")
    assert answer.json["state"] == "queued"
    assert answer.headers["Retry-After"] == "1"
    assert time.monotonic() - start < 5


def test_a_key_that_only_searches_cancels_no_upload(api: Api, searcher: Api, products: str) -> None:
    job = api.post(products, json={"sku": "a", "title": "one"}).json["job"]["id"]
    assert_problem(searcher.post(f"/v1/jobs/{job}/cancel"), 403)


def test_the_errors_of_an_import_come_as_a_table(api: Api, products: str, own: Services) -> None:
    lines = b'{"sku": "a", "title": "A"}\n{"sku": "=1+1", "price": -1, "colour": 2}\nnot JSON\n'
    answer = api.post(
        products.replace("products", "imports"), data=lines, headers={"Content-Type": "application/x-ndjson"}
    )
    job = answer.json["job"]["id"]
    Importer(client=own.jobs, store=own.store, settings=own.settings).run(uuid.UUID(job))
    table = api.get(f"/v1/jobs/{job}/errors.csv")
    assert table.content_type == "text/csv; charset=utf-8"
    assert job in table.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(table.data.decode("utf-8-sig"))))
    assert [(row["line"], row["sku"]) for row in rows] == [("2", "'=1+1")] * (len(rows) - 1) + [("3", "")]
    assert {row["field"] for row in rows[:-1]} >= {"/price", "/colour"}
    assert all(row["reason"] for row in rows)


def test_a_job_without_errors_has_an_empty_table(api: Api, products: str) -> None:
    job = api.post(products, json={"sku": "a", "title": "A"}).json["job"]["id"]
    assert api.get(f"/v1/jobs/{job}/errors.csv").data.decode("utf-8-sig") == "line,sku,field,reason\r\n"


def test_only_an_import_that_was_given_up_is_tried_again(api: Api, products: str) -> None:
    job = api.post(products, json={"sku": "a", "title": "A"}).json["job"]["id"]
    problem = assert_problem(api.post(f"/v1/jobs/{job}/retry"), 409)
    assert "triseek products retry" in problem["detail"]
    assert_problem(api.post("/v1/jobs/none/retry"), 404)
