"""The tables of embedding spaces, and of the vectors in them."""

import datetime
import uuid
from typing import Any

from sqlalchemy import (
    BigInteger,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Created, HalfVectors, Table, one_of
from app.types import Modality, SpaceState


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
        one_of("state", SpaceState, "embedding_spaces_state"),
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
        one_of("modality", Modality, "embeddings_modality"),
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
