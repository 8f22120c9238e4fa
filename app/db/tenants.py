"""Statements over tenants, and over what belongs to one beside its catalogues."""

from sqlalchemy import delete, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.job_tables import IdempotencyKey, Webhook
from app.db.tables import ApiKey, Catalogue, Removal, Tenant


def find(session: Session, name: str) -> int | None:
    """The id of the tenant of this name."""
    return session.scalars(select(Tenant.id).where(Tenant.name == name)).first()


def find_or_create(session: Session, name: str) -> int:
    """The id of the tenant of this name, made if there is none."""
    found = find(session, name)
    if found is not None:
        return found
    session.execute(insert(Tenant).values(name=name).on_conflict_do_nothing())
    return session.scalars(select(Tenant.id).where(Tenant.name == name)).one()


def has_catalogues(session: Session, tenant_id: int) -> bool:
    """Whether anything was uploaded to it that is not erased."""
    return session.scalars(select(exists().where(Catalogue.tenant_id == tenant_id))).one()


def remove(session: Session, tenant_id: int) -> None:
    """Removes a tenant with all that is its own."""
    session.execute(delete(Tenant).where(Tenant.id == tenant_id))


def every(session: Session) -> list[tuple[Tenant, int, int]]:
    """All tenants, oldest first, with how many catalogues and keys they have."""
    catalogues = select(func.count()).where(Catalogue.tenant_id == Tenant.id).scalar_subquery()
    keys = select(func.count()).where(ApiKey.tenant_id == Tenant.id, ApiKey.revoked_at.is_(None)).scalar_subquery()
    found = session.execute(select(Tenant, catalogues, keys).order_by(Tenant.id))
    return [(tenant, count, valid) for tenant, count, valid in found]


def remove_belongings(session: Session, tenant_id: int) -> dict[str, int]:
    """Removes a tenant's webhooks, remembered answers and what is to be removed; how many of each. Its keys stay."""
    webhooks = session.scalars(delete(Webhook).where(Webhook.tenant_id == tenant_id).returning(Webhook.id)).all()
    answers = delete(IdempotencyKey).where(IdempotencyKey.tenant_id == tenant_id).returning(IdempotencyKey.key)
    remembered = session.scalars(answers).all()
    session.execute(delete(Removal).where(Removal.tenant_id == tenant_id))
    return {"webhooks": len(webhooks), "remembered answers": len(remembered)}
