"""One shop's whole life over HTTP and in the workers: every call, and every task, on what is its own."""

import base64
import re
import uuid
from dataclasses import dataclass, field
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.catalog.importing import Importer
from app.db.tables import Product
from app.removal import upkeep_jobs
from tests.end_to_end.conftest import CATALOGUE, Shop
from tests.workers.pictures import encoded, halves
from workers.ingest import embed_products
from workers.replaying import replay_search
from workers.search import run_search

PRODUCTS = "/v1/catalogues/<catalogue>/products"
PRODUCT = f"{PRODUCTS}/<sku>"
ROWS = b'{"sku": "hush-2", "title": "Hush blue lamp"}\n{"sku": "hush-3", "title": "Hush mat"}\n{"title": "hush"}\n'


@dataclass
class Walk:
    """What was called, and what is known of the shop by now."""

    shop: Shop
    http: FlaskClient
    key: str
    called: set[tuple[str, str]] = field(default_factory=set)  # method and rule
    known: dict[str, str] = field(default_factory=lambda: {"catalogue": CATALOGUE})  # by the names that rules have

    def __call__(self, method: str, rule: str, query: str = "", *, refused: bool = False, **sent: Any) -> TestResponse:
        self.called.add((method, rule))
        headers = {"Authorization": f"Bearer {sent.pop('key', self.key)}"}
        answered = self.http.open(filled(rule, self.known) + query, method=method, headers=headers, **sent)
        assert answered.status_code < (500 if refused else 400), (method, rule, answered.text)
        return answered

    def job(self, answered: TestResponse) -> uuid.UUID:
        self.known["job_id"] = answered.json["job"]["id"]
        return uuid.UUID(self.known["job_id"])

    def live(self) -> None:
        """Goes through all of it. What is there at the end is what the shop would not want others to see."""
        self._upload()
        self._search()
        self._administer()
        self._leave()

    def _upload(self) -> None:
        picture = {"base64": base64.b64encode(encoded(halves(), "PNG")).decode()}
        content = {"title": "Hush red lamp", "images": [picture], "attributes": {"hush": "hush"}, "price": 3}
        self.known |= {"sku": "hush-1"}
        self("POST", "/v1/webhooks", json={"url": "https://hush.example/jobs"})
        self.known["webhook_id"] = str(self("GET", "/v1/webhooks").json["webhooks"][0]["id"])
        self("POST", PRODUCTS, json={"sku": "hush-1", **content})
        self("PUT", PRODUCT, json=content)
        self("PATCH", PRODUCT, json={"description": "Hush hush"})
        self("PUT", "/v1/catalogues/<catalogue>/settings", json={"synonyms": [["hush", "quiet"]]})
        self("GET", "/v1/catalogues/<catalogue>/settings")
        rule = "/v1/catalogues/<catalogue>/imports"
        own = self.shop.connections
        importer = Importer(client=own.jobs, store=own.store, settings=own.settings)
        importer.run(self.job(self("POST", rule, data=ROWS, content_type="application/x-ndjson")))
        for rule in ("/v1/jobs/<job_id>", "/v1/jobs/<job_id>/errors", "/v1/jobs/<job_id>/errors.csv", "/v1/jobs"):
            self("GET", rule)
        with own.sessions() as session:
            waiting = list(session.scalars(select(Product.id)))
        embed_products(own, self.shop.held, waiting)
        self("POST", "/v1/jobs/<job_id>/retry", refused=True)
        self("POST", "/v1/catalogues/<catalogue>/retries")

    def _search(self) -> None:
        own = self.shop.connections
        found = self("GET", PRODUCTS, "?filter=hush%20%3D%20'hush'").json["products"]
        assert [each["sku"] for each in found] == ["hush-1"]
        self.known["digest"] = self("GET", PRODUCT).json["images"][0]["url"].rpartition("/")[2]
        self("GET", "/v1/media/<sha256:digest>")
        asked = {"text": "hush lmap", "filter": "hush = 'hush'", "facets": ["hush"], "explain": True}
        rule = "/v1/catalogues/<catalogue>/searches"
        for body in ({"query": [{"product": "hush-1"}]}, {"text": "nothing", "filter": "none = 1"}, asked):
            search = self.job(self("POST", rule, json=body))
            run_search(own, self.shop.held, search)
        self.known["rank"] = "1"
        self("GET", "/v1/jobs/<job_id>/hits")
        self("GET", "/v1/jobs/<job_id>/hits/<int:rank>/heat")
        replay_search(own, self.shop.held, uuid.UUID(self("POST", "/v1/jobs/<job_id>/replay").json["job"]["id"]))
        self("POST", "/v1/jobs/<job_id>/cancel", refused=True)
        token = {"catalogue": CATALOGUE, "filter": "hush = 'hush'"}
        given = self("POST", "/v1/search-tokens", json=token).json["token"]
        run_search(own, self.shop.held, uuid.UUID(self("POST", rule, json=asked, key=given).json["job"]["id"]))
        self("GET", "/v1/media/<sha256:digest>", key=given)

    def _administer(self) -> None:
        self.known |= {"space_id": str(self.shop.towers.space.id)}
        made = self("POST", "/v1/keys", json={"name": "hush", "scopes": ["search"]}).json
        self.known["prefix"] = made["prefix"]
        self("POST", "/v1/keys/<prefix>/rotate", json={})
        self("DELETE", "/v1/keys/<prefix>")
        for rule in ("keys", "catalogues", "catalogues/<catalogue>/stats", "audit", "spaces"):
            self("GET", f"/v1/{rule}")
        self("GET", "/v1/webhooks/<int:webhook_id>/deliveries")
        self("POST", "/v1/webhooks/<int:webhook_id>/retries")
        self("POST", "/v1/alignments", data=b"hush", refused=True)
        self("POST", "/v1/spaces", json={"catalogue": CATALOGUE})
        self("POST", "/v1/spaces/<int:space_id>/verify", json={"catalogue": CATALOGUE}, refused=True)
        for change in ("<int:space_id>/activate", "<int:space_id>/retire", "rollback"):
            self("POST", f"/v1/spaces/{change}", refused=True)

    def _leave(self) -> None:
        own = self.shop.connections
        self("POST", PRODUCTS, json={"sku": "gone", "title": "Hush"})
        there = self.known["sku"]
        self.known["sku"] = "gone"
        self("DELETE", PRODUCT)
        self("POST", f"{PRODUCT}/restore")
        for rule, sent in (
            ("/v1/erasures", {"json": {"catalogue": CATALOGUE, "sku": "gone"}}),
            ("/v1/media/collections", {}),
            ("/v1/catalogues/<catalogue>/vacuum", {}),
        ):
            job_id = uuid.UUID(self("POST", rule, **sent).json["job"]["id"])
            upkeep_jobs.run(own.owner, own.jobs, own.store, job_id)
        self.known["sku"] = there
        self("POST", "/v1/webhooks", json={"url": "https://hush.example/more"})
        last = str(self("GET", "/v1/webhooks").json["webhooks"][-1]["id"])
        kept, self.known["webhook_id"] = self.known["webhook_id"], last
        self("DELETE", "/v1/webhooks/<int:webhook_id>")
        self.known["webhook_id"] = kept


def filled(rule: str, known: dict[str, str]) -> str:
    """A rule with what is known in its places."""
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda place: known[place[1]], rule)
