"""The filter language: what is read, and what is said of what cannot be."""

import datetime
import decimal
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.conditions import OWN_FIELDS, AllOf, AnyOf, Comparison, Exists, Field, Not, OneOf, Operator
from app.errors import FilterInvalid
from app.search.filter_builder import DEEPEST, MOST_VALUES
from app.search.filters import LONGEST, parse_field, parse_filter

PRICE, COLOUR, BRAND = (Field((name,)) for name in ("price", "colour", "brand"))
CHEAP = Comparison(PRICE, Operator.LESS, decimal.Decimal(50))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("price < 50", CHEAP),
        (
            "price < 50 AND colour IN ('red','blue') AND NOT brand = 'X'",
            AllOf((CHEAP, OneOf(COLOUR, ("red", "blue")), Not(Comparison(BRAND, Operator.EQUAL, "X")))),
        ),
        (
            "price < 50 or colour = 'a' and brand = 'b'",
            AnyOf((CHEAP, AllOf((Comparison(COLOUR, Operator.EQUAL, "a"), Comparison(BRAND, Operator.EQUAL, "b"))))),
        ),
        (
            "(price < 50 OR colour = 'a') AND brand = 'b'",
            AllOf((AnyOf((CHEAP, Comparison(COLOUR, Operator.EQUAL, "a"))), Comparison(BRAND, Operator.EQUAL, "b"))),
        ),
        ("NOT NOT price < 50", CHEAP),
        ("colour NOT IN ('red')", Not(OneOf(COLOUR, ("red",)))),
        (
            "price BETWEEN -1.5 AND 2e3",
            AllOf(
                (
                    Comparison(PRICE, Operator.AT_LEAST, decimal.Decimal("-1.5")),
                    Comparison(PRICE, Operator.AT_MOST, decimal.Decimal("2e3")),
                )
            ),
        ),
        ("colour EXISTS", Exists(COLOUR)),
        ("exists(colour)", Exists(COLOUR)),
        ("colour not exists", Not(Exists(COLOUR))),
        ("brand <> 'it''s'", Comparison(BRAND, Operator.UNEQUAL, "it's")),
        ("颜色 = '红'", Comparison(Field(("颜色",)), Operator.EQUAL, "红")),
        ("größe >= 42", Comparison(Field(("größe",)), Operator.AT_LEAST, decimal.Decimal(42))),
        ("size.eu = 42", Comparison(Field(("size", "eu")), Operator.EQUAL, decimal.Decimal(42))),
        ('"a ""b"".c" = TRUE', Comparison(Field(('a "b".c',)), Operator.EQUAL, value=True)),
        (
            "order = 'x' AND nothing = false",
            AllOf(
                (
                    Comparison(Field(("order",)), Operator.EQUAL, "x"),
                    Comparison(Field(("nothing",)), Operator.EQUAL, value=False),
                )
            ),
        ),
        (
            "created_at >= '2026-01-31'",
            Comparison(Field(("created_at",)), Operator.AT_LEAST, datetime.datetime(2026, 1, 31, tzinfo=datetime.UTC)),
        ),
    ],
)
def test_what_is_written_is_read(written: str, read: object) -> None:
    assert parse_filter(written) == read


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "at character 1: expected"),
        ("price <", "at character 8: expected FALSE, TRUE, a number or a text in single quotes, not the end"),
        ("price < AND", "at character 9"),
        ("price ~ 3", "at character 7"),
        ("colour = red", "at character 10"),
        ('colour = "red"', "a text in single quotes"),
        ("colour = 'red", "at character 10"),
        ("price < 50 brand = 'x'", "at character 12: expected AND, OR or the end"),
        ("(price < 50", "at character 12"),
        ("price < 'cheap'", "price, which takes a number"),
        ("title = 5", "title, which takes a text in single quotes"),
        ("created_at > 'yesterday'", "ISO 8601"),
        ("created_at > 2026", "created_at, which takes a time"),
        ("price IN ()", "at character 11"),
        ("a = 1e400", "too large or too small"),
        ("price = NaN", "at character 9"),
        ("a = 1 OR " * (DEEPEST + 1) + "b", "expected"),
        ("NOT (a = 1 OR " * 100 + "b = 2" + ")" * 100, f"nested more than {DEEPEST} deep"),
        ("a IN (" + "1," * 9_999 + "1)", f"at most {MOST_VALUES:,}"),
        (" OR ".join(["a = 1"] * (MOST_VALUES + 1)), f"more than {MOST_VALUES:,} values"),
        ("a = '" + "x" * LONGEST + "'", f"longer than {LONGEST:,} characters"),
        ("(" * 20_000, "expected"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(written: str, said: str) -> None:
    with pytest.raises(FilterInvalid) as raised:
        parse_filter(written)
    assert said in raised.value.detail
    assert raised.value.errors[0].pointer == "/filter"


@pytest.mark.parametrize(
    ("written", "path"), [("colour", ("colour",)), ("size.eu", ("size", "eu")), ('"a b".c', ("a b", "c"))]
)
def test_a_field_is_read_as_in_a_filter(written: str, path: tuple[str, ...]) -> None:
    assert parse_field(written) == Field(path)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "at character 1: expected a field, not the end"),
        ("a b", "at character 3: expected a dot or the end, not 'b'"),
        ("price < 50", "at character 7: expected the end, not '< 50'"),
        ("a.", "at character 3: expected a field, not the end"),
        ("'a'", "at character 1: expected a field"),
    ],
)
def test_what_is_no_field_is_said_with_its_place(written: str, said: str) -> None:
    with pytest.raises(FilterInvalid) as raised:
        parse_field(written)
    assert said in raised.value.detail


@given(some.text(alphabet=some.sampled_from("ab =<>!(),.'\"0123456789-+eANDORNOTIN红\n\\"), max_size=60))
def test_any_text_is_read_or_refused(written: str) -> None:
    with suppress(FilterInvalid):
        parse_filter(written)


@given(some.text(min_size=1).filter(lambda text: "\x00" not in text and text not in OWN_FIELDS))
def test_any_text_can_be_quoted(text: str) -> None:
    quoted, named = text.replace("'", "''"), text.replace('"', '""')
    assert parse_filter(f"\"{named}\" = '{quoted}'") == Comparison(Field((text,)), Operator.EQUAL, text)
