"""Filters as PostgreSQL evaluates them."""

import datetime
import decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy.orm import Session

from app.catalog import service
from app.catalog.drafts import ProductDraft
from app.conditions import OWN_FIELDS
from app.db import products, tenants
from app.db.filtering import sql_of
from app.search.filters import parse_filter
from tests.conftest import Services

PRODUCTS = {
    "red": {"attributes": {"colour": "red", "size": 9, "new": True, "tags": ["summer", "sale"]}, "price": 9},
    "blue": {"attributes": {"colour": "blue", "size": 10, "new": False, "made": {"in": "Łódź"}}, "price": 100},
    "word": {"attributes": {"size": "10", "颜色": "红", 'it\'s a "name"': "\\ ' \" \n"}, "title": "Ten"},
    "none": {"attributes": {}, "currency": "EUR", "price": decimal.Decimal("12.50")},
}


def _filled(session: Session) -> int:
    tenant = tenants.find_or_create(session, "default")
    for sku, content in PRODUCTS.items():
        service.put(session, tenant, "shop", ProductDraft(sku=sku, **content))
    return service.catalogue_id(session, tenant, "shop")


def _found(session: Session, catalogue: int, written: str) -> set[str]:
    where = sql_of(parse_filter(written))
    return {product.sku for product in products.page(session, catalogue, where=where, after=0, limit=10)}


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("colour = 'red'", {"red"}),
        ("colour != 'red'", {"blue"}),
        ("NOT colour = 'red'", {"blue", "word", "none"}),
        ("colour IN ('red', 'blue')", {"red", "blue"}),
        ("colour NOT IN ('red')", {"blue", "word", "none"}),
        ("size < 10", {"red"}),  # as numbers: "10" comes before "9" among texts
        ("size = 10", {"blue"}),
        ("size = '10'", {"word"}),
        ("size BETWEEN 9 AND 10", {"red", "blue"}),
        ("NOT size > 9", {"red", "word", "none"}),
        ("new = TRUE", {"red"}),
        ("tags = 'sale'", {"red"}),
        ("tags != 'sale'", set()),
        ("tags EXISTS", {"red"}),
        ("colour NOT EXISTS", {"word", "none"}),
        ("made.in = 'Łódź'", {"blue"}),
        ("颜色 = '红'", {"word"}),
        ('"it\'s a ""name""" = \'\\ \'\' " \n\'', {"word"}),
        ("price < 12.6", {"red", "none"}),
        ("price = 12.5", {"none"}),
        ("price > 9 AND price <= 100", {"blue", "none"}),
        ("price NOT EXISTS", {"word"}),
        ("price IN (9, 100)", {"red", "blue"}),
        ("price != 9", {"blue", "none"}),
        ("sku >= 'n' AND sku < 'red'", {"none"}),
        ("currency = 'EUR'", {"none"}),
        ("title = 'Ten' OR colour = 'red'", {"word", "red"}),
        ("NOT (title = 'Ten' OR colour = 'red')", {"blue", "none"}),
        ("created_at > '2020-01-01'", set(PRODUCTS)),
        ("created_at > '2020-01-01' AND updated_at < '2020-01-02T00:00:00+02:00'", set()),
        ("colour = 1e300", set()),
        ("no_such_field = 'x'", set()),
        ("no_such_field.at.all EXISTS", set()),
    ],
)
def test_what_is_asked_for_is_found(services: Services, written: str, found: set[str]) -> None:
    with services.sessions() as session:
        assert _found(session, _filled(session), written) == found


HOSTILE = some.text(alphabet=some.characters(exclude_characters="\x00", exclude_categories=("Cs",)), max_size=30)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=HOSTILE.filter(lambda name: name and name not in OWN_FIELDS), value=HOSTILE)
def test_no_text_leaves_its_quotes(services: Services, name: str, value: str) -> None:
    """Whatever a text holds, the products that have it are found, and no others."""
    with services.sessions() as session:
        tenant = tenants.find_or_create(session, "default")
        for sku, attributes in (("own", {name: value}), ("other", {name: value + "y"}), ("without", {})):
            service.put(session, tenant, "hostile", ProductDraft(sku=sku, attributes=attributes))
        catalogue = service.catalogue_id(session, tenant, "hostile")
        quoted_name, quoted = '"' + name.replace('"', '""') + '"', "'" + value.replace("'", "''") + "'"
        assert _found(session, catalogue, f"{quoted_name} = {quoted}") == {"own"}
        assert _found(session, catalogue, f"{quoted_name} IN ({quoted}, 'x{quoted[1:]})") == {"own"}
        assert _found(session, catalogue, f"title = {quoted} OR NOT sku > {quoted}") <= {"own", "other", "without"}
        session.rollback()


def test_times_are_compared_as_times(services: Services) -> None:
    with services.sessions() as session:
        catalogue = _filled(session)
        now = datetime.datetime.now(datetime.UTC)
        earlier, later = ((now + datetime.timedelta(hours=hours)).isoformat() for hours in (-1, 1))
        assert _found(session, catalogue, f"created_at BETWEEN '{earlier}' AND '{later}'") == set(PRODUCTS)


@pytest.mark.parametrize(
    "written",
    [
        "colour IN (" + ", ".join(f"'{number}'" for number in range(999)) + ", 'red')",
        " OR ".join(f"size = {number}" for number in range(1_000)),
        "NOT (NOT (colour = 'red' AND (size < 10 OR (size > 10 AND (size > 11 OR size = 12)))))",
        "size > -1e300 AND size < 1e-300 OR size = +9.000",
        "price > 0.00000000000000000000000000000000000000001 AND price < 10",
        "created_at > '0001-01-01T00:00:00+23:59' AND created_at < '9999-12-31T23:59:59-23:59' AND sku = 'red'",
    ],
    ids=["1,000 values", "1,000 comparisons", "deep", "attribute", "price", "times"],
)
def test_the_largest_that_is_allowed_is_answered(services: Services, written: str) -> None:
    with services.sessions() as session:
        assert "red" in _found(session, _filled(session), written)
