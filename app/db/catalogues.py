"""Statements over tenants and catalogues."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.tables import Catalogue, Tenant


def first_tenant(session: Session, name: str) -> int:
    """The id of the tenant of this name, made if there is none."""
    session.execute(insert(Tenant).values(name=name).on_conflict_do_nothing())
    return session.scalars(select(Tenant.id).where(Tenant.name == name)).one()


def find(session: Session, tenant_id: int, name: str) -> int | None:
    """The id of a tenant's catalogue."""
    return session.scalars(select(Catalogue.id).where(Catalogue.tenant_id == tenant_id, Catalogue.name == name)).first()


def find_or_create(session: Session, tenant_id: int, name: str) -> int:
    """The id of a tenant's catalogue, made if there is none."""
    found = find(session, tenant_id, name)
    if found is not None:
        return found
    session.execute(insert(Catalogue).values(tenant_id=tenant_id, name=name).on_conflict_do_nothing())
    return session.scalars(select(Catalogue.id).where(Catalogue.tenant_id == tenant_id, Catalogue.name == name)).one()


def names(session: Session, tenant_id: int) -> list[str]:
    """The names of a tenant's catalogues, in order."""
    return list(
        session.scalars(select(Catalogue.name).where(Catalogue.tenant_id == tenant_id).order_by(Catalogue.name))
    )
