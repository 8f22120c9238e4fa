"""Every table. What the rows mean is said here; what is asked of them is in the modules beside this one."""

import datetime
import decimal
import uuid
from typing import Any

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
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
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR, UUID
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.types import JobKind, JobState, Modality, SpaceState

Created = DateTime(timezone=True)


def _one_of(column: str, values: type[Modality | JobKind | JobState | SpaceState], name: str) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(str(value)) for value in values)})", name=name)


class HalfVectors(HALFVEC):
    """A column of `HalfVector`, which goes over the wire as it is, not as text: many times faster to write."""

    cache_ok = True

    def bind_processor(self, dialect: Any) -> None:  # noqa: ANN401  SQLAlchemy's signature
        """None: the driver's own adapter takes the value."""


class Table(DeclarativeBase):
    """The base of all tables."""


class Tenant(Table):
    """One customer; everything else belongs to one."""

    __tablename__ = "tenants"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    created_at: Mapped[datetime.datetime] = mapped_column(Created, server_default=func.now())


class ApiKey(Table):
    """A key to the API, stored as its SHA-256 alone: it is 256 random bits, so it needs no salt."""

    __tablename__ = "api_keys"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    prefix: Mapped[str] = mapped_column(Text)  # its first characters, to tell keys apart in a list
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime.datetime] = mapped_column(Created, server_default=func.now())
    expires_at: Mapped[datetime.datetime | None] = mapped_column(Created)
    revoked_at: Mapped[datetime.datetime | None] = mapped_column(Created)


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
        _one_of("modality", Modality, "product_media_modality"),
        CheckConstraint("digest IS NOT NULL OR url IS NOT NULL", name="product_media_source"),
        Index("product_media_unfetched", "product_id", postgresql_where=text("digest IS NULL AND problem IS NULL")),
    )
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"), primary_key=True)
    modality: Mapped[str] = mapped_column(Text, primary_key=True)
    ordinal: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    digest: Mapped[str | None] = mapped_column(ForeignKey("media.digest"), index=True)  # none until it is fetched
    url: Mapped[str | None] = mapped_column(Text)  # where it comes from, if a client gave only its address
    problem: Mapped[str | None] = mapped_column(Text)  # why it could not be fetched


class EmbeddingSpace(Table):
    """What makes embeddings comparable: encoders, alignment, dimension, metric.

    It is of all catalogues, or of one alone. At most one space of all is active, and at most one of each catalogue's.
    """

    __tablename__ = "embedding_spaces"
    __table_args__ = (
        UniqueConstraint(
            "encoders",
            "alignment",
            "dim",
            "metric",
            "catalogue_id",
            name="embedding_spaces_key",
            postgresql_nulls_not_distinct=True,
        ),
        _one_of("state", SpaceState, "embedding_spaces_state"),
        Index(
            "embedding_spaces_one_active",
            "catalogue_id",
            unique=True,
            postgresql_where=text("state = 'active'"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    encoders: Mapped[dict[str, str]] = mapped_column(JSONB)
    alignment: Mapped[str] = mapped_column(Text)
    dim: Mapped[int] = mapped_column(Integer)
    metric: Mapped[str] = mapped_column(Text)
    catalogue_id: Mapped[int | None] = mapped_column(ForeignKey("catalogues.id", ondelete="CASCADE"))  # none: of all
    artifact: Mapped[str | None] = mapped_column(ForeignKey("media.digest"))  # packed; none: workers' settings have it
    places: Mapped[str] = mapped_column(Text, server_default=text("''"))  # where encoders are that have no name
    state: Mapped[str] = mapped_column(Text)
    backfilled_id: Mapped[int | None] = mapped_column(BigInteger)  # products up to this one have been given out
    last_id: Mapped[int | None] = mapped_column(BigInteger)  # those after it came when the space was there
    created_at: Mapped[datetime.datetime] = mapped_column(Created, server_default=func.now())
    activated_at: Mapped[datetime.datetime | None] = mapped_column(Created)
    deactivated_at: Mapped[datetime.datetime | None] = mapped_column(Created)  # when it last ceased to be active


class BackfillRange(Table):
    """Some products, by their ids, that are being embedded into a space; gone once they are."""

    __tablename__ = "backfill_ranges"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    space_id: Mapped[int] = mapped_column(ForeignKey("embedding_spaces.id", ondelete="CASCADE"), index=True)
    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    first_id: Mapped[int] = mapped_column(BigInteger)
    last_id: Mapped[int] = mapped_column(BigInteger)
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))  # the fence of a lease
    queued_at: Mapped[datetime.datetime] = mapped_column(Created, server_default=func.now())  # or leased


class Embedding(Table):
    """One vector of one product in one space, and what it was made from.

    The column takes any dimension: each space has indexes of its own, over the column cast to the space's dimension.
    The table is parted by catalogue; whoever asks it names the catalogue, so that one part answers.
    """

    __tablename__ = "embeddings"
    __table_args__ = (
        _one_of("modality", Modality, "embeddings_modality"),
        ForeignKeyConstraint(
            ["catalogue_id", "product_id"], ["products.catalogue_id", "products.id"], ondelete="CASCADE"
        ),
        {"postgresql_partition_by": "HASH (catalogue_id)"},
    )
    catalogue_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    product_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    space_id: Mapped[int] = mapped_column(ForeignKey("embedding_spaces.id"), primary_key=True)
    modality: Mapped[str] = mapped_column(Text, primary_key=True)
    ordinal: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    product_version: Mapped[int] = mapped_column(Integer)
    digest: Mapped[str] = mapped_column(Text)  # SHA-256 of the text, picture or recording
    embedding: Mapped[Any] = mapped_column(HalfVectors)


class Tokens(Table):
    """Vectors of what a content is made of: words of a text, cells of a picture, stretches of a recording."""

    __tablename__ = "tokens"
    __table_args__ = (
        ForeignKeyConstraint(
            ["catalogue_id", "product_id", "space_id", "modality", "ordinal"],
            [f"embeddings.{name}" for name in ("catalogue_id", "product_id", "space_id", "modality", "ordinal")],
            ondelete="CASCADE",
        ),
        {"postgresql_partition_by": "HASH (catalogue_id)"},
    )
    catalogue_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    product_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    space_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    modality: Mapped[str] = mapped_column(Text, primary_key=True)
    ordinal: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    labels: Mapped[list[str]] = mapped_column(ARRAY(Text))
    vectors: Mapped[Any] = mapped_column(HalfVectors)  # one behind the other, each at unit length


class RecallCheck(Table):
    """A search by approximate scans that was repeated exactly."""

    __tablename__ = "recall_checks"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    space_id: Mapped[int] = mapped_column(ForeignKey("embedding_spaces.id", ondelete="CASCADE"))
    recall: Mapped[float] = mapped_column(Double)  # the share of the best products that were found, 0 to 1
    checked_at: Mapped[datetime.datetime] = mapped_column(Created, server_default=func.now(), index=True)


class AuditEntry(Table):
    """That an administrator did something."""

    __tablename__ = "audit_log"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenants.id", ondelete="SET NULL"))
    actor: Mapped[str] = mapped_column(Text)  # the prefix of the key, or who ran a command beside the server
    action: Mapped[str] = mapped_column(Text)  # "space.activate"
    subject: Mapped[str] = mapped_column(Text)  # what it was done to
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    created_at: Mapped[datetime.datetime] = mapped_column(Created, server_default=func.now(), index=True)


class Job(Table):
    """One execution that a client can poll. `total` is unknown while an import is still being read."""

    __tablename__ = "jobs"
    __table_args__ = (
        _one_of("kind", JobKind, "jobs_kind"),
        _one_of("state", JobState, "jobs_state"),
        Index("jobs_by_tenant", "tenant_id", text("created_at DESC"), text("id DESC")),
        Index("jobs_open", "kind", "queued_at", postgresql_where=text("state IN ('queued', 'running')")),
    )
    id: Mapped[uuid.UUID] = mapped_column(UUID, primary_key=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"))
    catalogue_id: Mapped[int | None] = mapped_column(ForeignKey("catalogues.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default=text("'queued'"))
    done: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    failed: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    total: Mapped[int | None] = mapped_column(Integer)
    encoded: Mapped[int] = mapped_column(Integer, server_default=text("0"))  # contents that went through an encoder
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))  # the fence of a lease
    request: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    queued_at: Mapped[datetime.datetime] = mapped_column(Created, server_default=func.now())  # or its lease was renewed
    created_at: Mapped[datetime.datetime] = mapped_column(Created, server_default=func.now())
    started_at: Mapped[datetime.datetime | None] = mapped_column(Created)
    finished_at: Mapped[datetime.datetime | None] = mapped_column(Created)


class JobError(Table):
    """What was wrong with one row of an import, or with one product of a job."""

    __tablename__ = "job_errors"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    line: Mapped[int | None] = mapped_column(Integer)  # from 1
    sku: Mapped[str | None] = mapped_column(Text)
    problem: Mapped[dict[str, Any]] = mapped_column(JSONB)


class Webhook(Table):
    """An address of a tenant's that is told of its jobs' ends."""

    __tablename__ = "webhooks"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"), index=True)
    url: Mapped[str] = mapped_column(Text)
    kinds: Mapped[list[str]] = mapped_column(ARRAY(Text))  # of the jobs that it is told of
    secret: Mapped[str] = mapped_column(Text)  # whsec_ and base64: what is signed with must be known
    created_at: Mapped[datetime.datetime] = mapped_column(Created, server_default=func.now())


class WebhookDelivery(Table):
    """That a webhook is to be told, or was told, of the end of a job. It has no due time once nothing more is tried."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index("webhook_deliveries_by_webhook", "webhook_id", "id"),
        Index("webhook_deliveries_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    )
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    tries: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    due_at: Mapped[datetime.datetime | None] = mapped_column(Created, server_default=func.now())
    delivered_at: Mapped[datetime.datetime | None] = mapped_column(Created)
    problem: Mapped[str | None] = mapped_column(Text)  # of the last try
    created_at: Mapped[datetime.datetime] = mapped_column(Created, server_default=func.now())


class OutboxMessage(Table):
    """A task message that is to be sent. It commits with what it speaks of, and goes when the broker has it."""

    __tablename__ = "outbox"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    task: Mapped[str] = mapped_column(Text)
    arguments: Mapped[list[Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime.datetime] = mapped_column(Created, server_default=func.now(), index=True)


class IdempotencyKey(Table):
    """The first answer to a request that carried an Idempotency-Key."""

    __tablename__ = "idempotency_keys"
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)  # SHA-256 of method, path and body
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    created_at: Mapped[datetime.datetime] = mapped_column(Created, server_default=func.now(), index=True)
