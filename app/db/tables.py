"""The tables of tenants, products and their media. What is asked of rows is in the modules beside this one."""

import datetime
import decimal
import uuid
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base import Created, Table, one_of
from app.types import Modality


class Tenant(Table):
    """One customer; everything else belongs to one."""

    __tablename__ = "tenants"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    created_at: Mapped[datetime.datetime] = mapped_column(Created, server_default=func.now())


class ApiKey(Table):
    """A key to the API, stored as its SHA-256 alone: it is 256 random bits, so it needs no salt."""

    __tablename__ = "api_keys"
    __table_args__ = (Index("api_keys_by_prefix", "tenant_id", "prefix"),)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    prefix: Mapped[str] = mapped_column(Text)  # its first characters, to tell keys apart in a list
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime.datetime] = mapped_column(Created, server_default=func.now())
    expires_at: Mapped[datetime.datetime | None] = mapped_column(Created)
    revoked_at: Mapped[datetime.datetime | None] = mapped_column(Created)
    last_used_at: Mapped[datetime.datetime | None] = mapped_column(Created)  # to the minute
    replaced_by: Mapped[str | None] = mapped_column(Text)  # the first characters of the key that came in its place
    requests_per_minute: Mapped[int | None] = mapped_column(Integer)  # as the settings say if null
    searches_per_day: Mapped[int | None] = mapped_column(Integer)  # any number if null


class Catalogue(Table):
    """A named collection of products. The first upload makes it."""

    __tablename__ = "catalogues"
    __table_args__ = (UniqueConstraint("tenant_id", "name"),)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime.datetime] = mapped_column(Created, server_default=func.now())
    searchable: Mapped[list[str] | None] = mapped_column(ARRAY(Text))  # fields whose words count; all if null
    synonyms: Mapped[list[list[str]]] = mapped_column(JSONB, server_default=text("'[]'"))
    words_version: Mapped[int] = mapped_column(Integer, server_default=text("1"))  # one more with other fields
    words_indexed: Mapped[int] = mapped_column(Integer, server_default=text("1"))  # the version of all its products
    words_queued_at: Mapped[datetime.datetime] = mapped_column(Created, server_default=func.now())


class Product(Table):
    """One product. It waits to be embedded while `version` is past both `embedded_version` and `failed_version`."""

    __tablename__ = "products"
    __table_args__ = (
        UniqueConstraint("catalogue_id", "sku"),
        UniqueConstraint("catalogue_id", "id", name="products_of_catalogue"),
        Index(
            "products_by_attributes",
            "attributes",
            postgresql_using="gin",
            postgresql_ops={"attributes": "jsonb_path_ops"},
            postgresql_with={"fastupdate": "off"},
        ),
        Index("products_by_words", "words", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
        Index(
            "products_by_title",
            "title",
            postgresql_using="gin",
            postgresql_ops={"title": "gin_trgm_ops"},
            postgresql_with={"fastupdate": "off"},
        ),
        Index("products_by_names", "names", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
        Index(
            "products_pending",
            "queued_at",
            postgresql_where=text("version > embedded_version AND version > failed_version"),
        ),
    )
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    catalogue_id: Mapped[int] = mapped_column(ForeignKey("catalogues.id", ondelete="CASCADE"))
    sku: Mapped[str] = mapped_column(Text)
    title: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    attributes: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    price: Mapped[decimal.Decimal | None] = mapped_column(Numeric)
    currency: Mapped[str | None] = mapped_column(Text)
    words: Mapped[str] = mapped_column(TSVECTOR, server_default=text("''"), deferred=True)  # long, and seldom read
    names: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))  # folded: SKU, then brands
    words_version: Mapped[int] = mapped_column(Integer, server_default=text("0"))  # of its catalogue
    content_digest: Mapped[bytes] = mapped_column(LargeBinary, server_default=text("''"))  # of what gets embedded
    version: Mapped[int] = mapped_column(Integer, server_default=text("0"))  # one more with each new content
    embedded_version: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    failed_version: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))  # to embed the present version
    embedding_error: Mapped[dict[str, Any] | None] = mapped_column(JSONB)  # a problem, where failed_version = version
    job_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"), index=True)
    queued_at: Mapped[datetime.datetime] = mapped_column(Created, server_default=func.now())
    created_at: Mapped[datetime.datetime] = mapped_column(Created, server_default=func.now())
    updated_at: Mapped[datetime.datetime] = mapped_column(Created, server_default=func.now())


class Removal(Table):
    """A product that was deleted, and of which something is still to be removed: what frozen answers show of it.

    With a document it can be brought back until then, and its pictures and recordings are kept.
    """

    __tablename__ = "removals"
    __table_args__ = (
        Index("removals_due", "due_at"),
        Index("removals_restorable", "catalogue_id", "sku", postgresql_where=text("document IS NOT NULL")),
    )
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"))
    catalogue_id: Mapped[int] = mapped_column(BigInteger)  # which may be gone by now
    product_id: Mapped[int] = mapped_column(BigInteger)
    sku: Mapped[str] = mapped_column(Text)
    document: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))  # the product as it was
    digests: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))  # of its media
    due_at: Mapped[datetime.datetime] = mapped_column(Created, server_default=func.now())
    created_at: Mapped[datetime.datetime] = mapped_column(Created, server_default=func.now())


class Media(Table):
    """Bytes in the media store, by their SHA-256."""

    __tablename__ = "media"
    digest: Mapped[str] = mapped_column(Text, primary_key=True)  # 64 hex digits
    bytes: Mapped[int] = mapped_column(BigInteger)
    content_type: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime.datetime] = mapped_column(Created, server_default=func.now())
    unused_since: Mapped[datetime.datetime | None] = mapped_column(Created)  # when that was first seen


class ProductMedia(Table):
    """Which pictures and recordings a product has, in their order."""

    __tablename__ = "product_media"
    __table_args__ = (
        one_of("modality", Modality, "product_media_modality"),
        CheckConstraint("digest IS NOT NULL OR url IS NOT NULL", name="product_media_source"),
        Index("product_media_unfetched", "product_id", postgresql_where=text("digest IS NULL AND problem IS NULL")),
    )
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"), primary_key=True)
    modality: Mapped[str] = mapped_column(Text, primary_key=True)
    ordinal: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    digest: Mapped[str | None] = mapped_column(ForeignKey("media.digest"), index=True)  # none until it is fetched
    url: Mapped[str | None] = mapped_column(Text)  # where it comes from, if a client gave only its address
    problem: Mapped[str | None] = mapped_column(Text)  # why it could not be fetched
    stored: Mapped[Media | None] = relationship(viewonly=True, lazy="raise")  # what is known of the bytes
