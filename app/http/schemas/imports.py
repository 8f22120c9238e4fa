"""How imports are asked for."""

import codecs
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from app.catalog.formats.reading import Format
from app.catalog.importing import ImportRequest

LONGEST_MAP = 100


def text_encoding(name: str) -> None:
    """Refuses what is no encoding of text that Python knows."""
    try:
        known = codecs.lookup(name)
    except (LookupError, ValueError) as error:
        raise ValidationError("is no known encoding, such as utf-8 or gb18030") from error
    try:
        # Nothing public tells hex or bz2 from an encoding; idna and undefined are of text, and can read none.
        is_fit = known._is_text_encoding and bool(known.incrementaldecoder("replace").decode(b"a\0"))  # noqa: SLF001
    except (UnicodeError, TypeError):
        is_fit = False
    if not is_fit:
        raise ValidationError("is no encoding of text, such as utf-8 or gb18030")


def column_map(pair: str) -> None:
    """Refuses what does not say FIELD=COLUMN."""
    name, equals, column = pair.partition("=")
    if not (name.strip() and equals and column.strip()):
        raise ValidationError("must be FIELD=COLUMN, such as title=name")


def no_field_twice(pairs: list[str]) -> None:
    """Refuses a field that is to be taken from two columns."""
    names = [pair.partition("=")[0].strip() for pair in pairs]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValidationError(f"says {min(twice)!r} twice")


class ImportQuerySchema(Schema):
    """How to import."""

    dry_run = fields.Boolean(load_default=False, metadata={"description": "Only check the file; change nothing."})
    format = fields.Enum(
        Format, by_value=True, load_default=None, metadata={"description": "What the file is; told from it if absent."}
    )
    encoding = fields.String(
        load_default=None,
        validate=[validate.Length(1, 40), text_encoding],
        metadata={"description": "Of a table; told from it if absent."},
    )
    map = fields.List(
        fields.String(validate=[validate.Length(max=500), column_map]),
        load_default=[],
        validate=[validate.Length(max=LONGEST_MAP), no_field_twice],
        metadata={"description": "FIELD=COLUMN, repeated: which column a field or attribute is taken from."},
    )

    @post_load
    def options(self, data: dict[str, Any], **_: object) -> ImportRequest:
        """The options."""
        pairs = [pair.partition("=") for pair in data.pop("map")]
        return ImportRequest(**data, columns={name.strip(): column.strip() for name, _, column in pairs})
