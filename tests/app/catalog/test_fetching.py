"""Pictures and recordings that are given by their addresses."""

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from kombu import Connection
from PIL import Image
from sqlalchemy import func, update

from app.catalog import service
from app.catalog.drafts import ProductDraft, RemoteRef
from app.catalog.fetching import fetch_media
from app.db import embeddings, media, tenants
from app.db.tables import Product, ProductMedia
from app.jobs.names import Queue
from app.jobs.upkeep import sweep
from app.media import remote
from tests.app.broker import received
from tests.app.web_site import HOST, answer, web_site
from tests.conftest import Services


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "FIRST_PAUSE", 0.0)
    monkeypatch.setattr(remote, "LONGEST_PAUSE", 0.0)


@pytest.fixture
def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def site(picture: bytes) -> Iterator[tuple[str, list[str]]]:
    pages = {
        "/a.png": answer(200, picture),
        "/b.png": answer(200, b"no picture"),
        "/%E5%9B%BE.png": answer(200, picture),
    }
    with web_site(pages) as running:
        yield running


def _put(services: Services, *urls: str, title: str = "Shoe") -> int:
    draft = ProductDraft(sku="a", title=title, images=tuple(map(RemoteRef, urls)))
    with services.jobs.transaction() as session:
        tenant = tenants.find_or_create(session, "default")
        service.put(session, tenant, "shop", draft)
        return service.view(session, tenant, "shop", "a").product.id


def _fetch(services: Services, product_id: int) -> list[ProductMedia]:
    allowed = replace(services.settings, fetch_hosts=frozenset({HOST}))
    fetch_media(services.jobs, services.store, allowed, [product_id])
    with services.sessions() as session:
        return media.of_products(session, [product_id])


def test_pictures_are_fetched_before_the_product_is_embedded(
    services: Services, broker: Connection, site: tuple[str, list[str]], picture: bytes
) -> None:
    url, _ = site
    product = _put(services, f"{url}/a.png", f"{url}/b.png", f"{url}/c.png")
    assert received(broker, Queue.EMBED) == []
    assert received(broker, Queue.IMPORT) == [[[product]]]
    with services.sessions.begin() as session:
        assert embeddings.claim_pending(session, [product]) == []
    rows = _fetch(services, product)
    assert services.store.get(rows[0].digest or "") == picture
    assert [bool(row.problem) for row in rows] == [False, True, True]
    assert "not a picture" in (rows[1].problem or "")
    assert "404" in (rows[2].problem or "")
    assert received(broker, Queue.EMBED) == [[[product]]]
    with services.sessions.begin() as session:
        assert [each.id for each in embeddings.claim_pending(session, [product])] == [product]


def test_what_was_fetched_is_not_fetched_again(
    services: Services, broker: Connection, site: tuple[str, list[str]]
) -> None:
    url, asked = site
    product = _put(services, f"{url}/a.png")
    _fetch(services, product)
    received(broker, Queue.EMBED)
    _put(services, f"{url}/a.png", title="Another title")
    assert received(broker, Queue.EMBED) == [[[product]]]
    _put(services, f"{url}/c.png", title="Another title")
    assert received(broker, Queue.EMBED) == []
    assert [row.url for row in _fetch(services, product)] == [f"{url}/c.png"]
    assert asked == ["/a.png", "/c.png"]


def test_what_the_product_has_by_now_is_left_alone(services: Services, site: tuple[str, list[str]]) -> None:
    url, _ = site
    product = _put(services, f"{url}/a.png")
    with services.sessions() as session:
        [old] = media.unfetched(session, [product])
    _put(services, f"{url}/b.png")
    with services.sessions.begin() as session:
        media.set_fetched(session, old, {"problem": "late"})
    with services.sessions() as session:
        assert [row.url for row in media.unfetched(session, [product])] == [f"{url}/b.png"]


def test_a_fetch_that_was_lost_is_sent_again(services: Services, broker: Connection) -> None:
    product = _put(services, "https://shop.example/a.png")
    received(broker, Queue.IMPORT)
    with services.sessions.begin() as session:
        session.execute(update(Product).values(queued_at=func.now() - timedelta(days=1)))
    sweep(services.jobs, timedelta(seconds=60))
    assert received(broker, Queue.IMPORT) == [[[product]]]
    assert received(broker, Queue.EMBED) == []


def test_an_address_in_another_script_is_fetched(services: Services, site: tuple[str, list[str]]) -> None:
    [row] = _fetch(services, _put(services, f"{site[0]}/图.png"))
    assert (row.digest is not None, row.problem) == (True, None)
