"""Erasures, restores, collections and vacuums: asked for, and refused."""

import pytest

from tests.app.http.conftest import Api, assert_problem


@pytest.mark.usefixtures("space_id")
def test_an_erasure_says_exactly_what_it_is_of(api: Api) -> None:
    api.post("/v1/catalogues/shop/products", json={"sku": "a", "title": "Lamp"})
    for wrong in ({}, {"sku": "a"}, {"everything": True, "catalogue": "shop"}, {"everything": True, "sku": "a"}):
        assert_problem(api.post("/v1/erasures", json=wrong), 422)
    assert_problem(api.post("/v1/erasures", json={"catalogue": "nothing"}), 404)
    assert_problem(api.post("/v1/erasures", json={"catalogue": "shop", "sku": "nothing"}), 404)
    job = api.post("/v1/erasures", json={"catalogue": "shop", "sku": "a"})
    assert (job.status_code, job.json["job"]["kind"]) == (202, "upkeep")
    assert api.get("/v1/audit").json["entries"][0]["detail"] == {"catalogue": "shop", "sku": "a"}


@pytest.mark.usefixtures("space_id")
def test_a_deleted_product_is_not_brought_back_where_none_are_kept(api: Api) -> None:
    api.post("/v1/catalogues/shop/products", json={"sku": "a", "title": "Lamp"})
    assert_problem(api.post("/v1/catalogues/shop/products/a/restore"), 409)
    assert api("DELETE", "/v1/catalogues/shop/products/a").status_code == 204
    assert_problem(api.post("/v1/catalogues/shop/products/a/restore"), 404)


@pytest.mark.usefixtures("space_id")
def test_media_are_collected_and_tables_vacuumed_by_jobs(api: Api) -> None:
    api.post("/v1/catalogues/shop/products", json={"sku": "a", "title": "Lamp"})
    assert api.post("/v1/media/collections?dry_run=true").status_code == 202
    assert api.post("/v1/catalogues/shop/vacuum").status_code == 202
    assert_problem(api.post("/v1/catalogues/nothing/vacuum"), 404)
    assert api.get("/v1/audit").json["entries"][0]["action"] == "catalogue.vacuum"


def test_a_catalogue_is_counted(api: Api, space_id: int) -> None:
    api.post("/v1/catalogues/counted/products", json={"sku": "a", "title": "Lamp"})
    stats = api.get("/v1/catalogues/counted/stats").json
    assert stats["products"] == {"total": 1, "pending": 1, "ready": 0, "failed": 0}
    answering = [space for space in stats["spaces"] if space["answers"]]
    assert answering == [{"id": space_id, "state": "active", "answers": True, "products": 0, "vectors": {}}]
    assert_problem(api.get("/v1/catalogues/nothing/stats"), 404)
