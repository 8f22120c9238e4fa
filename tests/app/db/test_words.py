"""Words of products and queries in the database, whatever texts they are taken from."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import text

from app.catalog import service
from app.catalog.drafts import ProductDraft
from app.catalog.settings import CatalogueSettings, change
from app.db import tenants
from app.db.words import frequencies, similar, tsquery
from app.search.terms import terms_of
from app.words import words_of
from tests.conftest import Services
from workers.wording import AskedText, read_wording

HOSTILE = some.text(alphabet=some.characters(exclude_characters="\x00", exclude_categories=("Cs",)), max_size=40)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(title=HOSTILE, asked=HOSTILE, synonym=HOSTILE.filter(words_of))
def test_whatever_a_text_holds_its_words_are_found(services: Services, title: str, asked: str, synonym: str) -> None:
    with services.sessions() as session:
        tenant = tenants.find_or_create(session, "default")
        draft = ProductDraft(sku="own", title=title, attributes={"brand": asked})
        service.put(session, tenant, "hostile", draft)
        change(session, tenant, "hostile", CatalogueSettings(synonyms=(("own", synonym),)))
        catalogue = service.catalogue_id(session, tenant, "hostile")
        for term in terms_of(title):
            assert frequencies(session, catalogue, [tsquery(term.alternatives)]) == [1]
        wording = read_wording(session, catalogue, [AskedText(readings=[asked, title], weight=1.0)], 0.1)
        found = text("SELECT count(*) FROM products WHERE words @@ CAST(:found_by AS tsquery)")
        if words_of(title) or words_of(asked):
            assert session.scalar(found, {"found_by": wording.words.found_by}) == 1
        session.rollback()


@pytest.mark.parametrize(("word", "meant"), [("kitchne", "kitchen"), ("umbrela", "umbrella"), ("xylograph", None)])
def test_words_that_are_spelt_alike_are_found(services: Services, word: str, meant: str | None) -> None:
    with services.sessions() as session:
        tenant = tenants.find_or_create(session, "default")
        for sku, title in (("1", "Kitchen knife"), ("2", "Red umbrella"), ("3", "Lamp")):
            service.put(session, tenant, "shop", ProductDraft(sku=sku, title=title))
        found = similar(session, service.catalogue_id(session, tenant, "shop"), word, 3)
        assert next(iter(found), None) == meant
        assert all(0.3 <= alike <= 1 for alike in found.values())
