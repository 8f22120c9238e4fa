"""Embedding spaces: made by the worker that comes with them, one of them active."""

import pytest
from sqlalchemy import select

from app.catalog import service as catalog
from app.catalog.drafts import MediaRef, ProductDraft
from app.db import catalogues, embeddings, spaces, tenants
from app.db.tables import Product
from app.errors import NoActiveSpace, SpaceNotReady, SpaceUnknown
from app.spaces import service
from app.types import Modality, SpaceKey, SpaceState
from tests.conftest import Services


def _key(alignment: str) -> SpaceKey:
    return SpaceKey(encoders={modality: f"{modality}@1" for modality in Modality}, alignment=alignment, dim=4)


def test_before_the_first_worker_no_space_is_active(services: Services) -> None:
    with services.sessions() as session, pytest.raises(NoActiveSpace):
        service.active(session)


def test_a_worker_activates_what_it_comes_with_and_the_one_before_stays_ready(services: Services) -> None:
    with services.sessions.begin() as session:
        old = service.adopt(session, _key("a"))
        new = service.adopt(session, _key("b"))
        again = service.adopt(session, _key("b"))
        session.refresh(old)
        assert (old.state, new.state, again.id) == (SpaceState.READY, SpaceState.ACTIVE, new.id)
        assert service.activate(session, old.id).state == SpaceState.ACTIVE
        assert service.active(session).id == old.id


def test_a_space_whose_artifact_is_kept_stays_whatever_a_worker_comes_with(services: Services) -> None:
    kept: list[MediaRef] = []

    def pack() -> MediaRef:
        kept.append(MediaRef(digest=services.store.put(b"artifact"), bytes=8, content_type="application/zip"))
        return kept[-1]

    with services.sessions.begin() as session:
        old = service.adopt(session, _key("a"), pack, "text=/models/bert")
        assert (old.state, old.artifact, old.places) == (SpaceState.ACTIVE, kept[0].digest, "text=/models/bert")
        again = service.adopt(session, _key("b"), pack)
        assert (again.id, len(kept)) == (old.id, 1)


def test_a_catalogues_own_space_answers_it_and_no_other(services: Services) -> None:
    with services.sessions.begin() as session:
        tenant = tenants.find_or_create(session, "default")
        own, other = (catalogues.find_or_create(session, tenant, name) for name in ("own", "other"))
        common = service.adopt(session, _key("a"))
        space = spaces.find_or_create(session, _key("b"), catalogue_id=own)
        spaces.set_state(session, space, SpaceState.READY)
        assert [each.id for each in spaces.writable(session, [other])] == [common.id]
        assert [each.id for each in spaces.writable(session, [own, other])] == [common.id, space.id]
        service.activate(session, space.id)
        assert service.answering(session, own).id == space.id
        assert service.answering(session, other).id == common.id
        assert service.roll_back(session, own).id == common.id
        assert service.answering(session, own).id == common.id
        with pytest.raises(SpaceNotReady):
            service.roll_back(session, other)


def test_going_back_twice_is_where_one_was(services: Services) -> None:
    with services.sessions.begin() as session:
        first = service.adopt(session, _key("a"))
        with pytest.raises(SpaceNotReady, match="no space to go back to"):
            service.roll_back(session)
        second = spaces.find_or_create(session, _key("b"))
        spaces.set_state(session, second, SpaceState.READY)
        service.activate(session, second.id)
        assert [service.roll_back(session).id for _ in range(3)] == [first.id, second.id, first.id]


def test_only_a_known_space_that_is_ready_can_be_activated(services: Services) -> None:
    with services.sessions.begin() as session:
        space = service.adopt(session, _key("a"))
        space.state = SpaceState.RETIRED
        session.flush()
        with pytest.raises(SpaceNotReady):
            service.activate(session, space.id)
        for unknown in (space.id + 1, 10**20):
            with pytest.raises(SpaceUnknown):
                service.activate(session, unknown)


def test_a_new_space_embeds_all_anew_and_takes_no_product_from_the_job_that_waits_for_it(services: Services) -> None:
    with services.sessions.begin() as session:
        tenant = tenants.find_or_create(session, "default")
        waiting = catalog.put(session, tenant, "shop", ProductDraft(sku="waits", title="red shoe"))
        catalog.put(session, tenant, "shop", ProductDraft(sku="done", title="blue shoe"))
        done = session.scalars(select(Product).where(Product.sku == "done")).one()
        embeddings.mark(session, done.id, version=done.version, problem=None)

    with services.sessions.begin() as session:
        service.adopt(session, _key("a"))

    with services.sessions() as session:
        rows = {product.sku: product for product in session.scalars(select(Product))}
        assert rows["waits"].job_id == waiting.id
        assert rows["done"].job_id is None
        assert all(product.version > product.embedded_version for product in rows.values())
