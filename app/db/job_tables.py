"""The tables of jobs, of what is told of them, and of what was done."""

import datetime
import uuid
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID
from sqlalchemy.orm import Mapped, mapped_column

from app.context import REQUEST_ID, origin
from app.db.base import Created, Table, one_of
from app.types import JobKind, JobState


class Job(Table):
    """One execution that a client can poll. `total` is unknown while an import is still being read."""

    __tablename__ = "jobs"
    __table_args__ = (
        one_of("kind", JobKind, "jobs_kind"),
        one_of("state", JobState, "jobs_state"),
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
    origin: Mapped[dict[str, str] | None] = mapped_column(JSONB, default=origin)  # the request that asked for it

    @property
    def request_id(self) -> str | None:
        """Of the request that asked for it; none of what was asked for beside the web process."""
        return (self.origin or {}).get(REQUEST_ID)


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
    origin: Mapped[dict[str, str] | None] = mapped_column(JSONB, default=origin)  # what goes as the message's headers
    created_at: Mapped[datetime.datetime] = mapped_column(Created, server_default=func.now(), index=True)


class IdempotencyKey(Table):
    """The first answer to a request that carried an Idempotency-Key."""

    __tablename__ = "idempotency_keys"
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)  # SHA-256 of method, path and body
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    created_at: Mapped[datetime.datetime] = mapped_column(Created, server_default=func.now(), index=True)


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
