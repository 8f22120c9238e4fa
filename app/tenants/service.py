"""Tenants: made, listed, removed by whoever runs the server."""

import re
from typing import Any

from sqlalchemy.orm import Session

from app.db import tenants
from app.errors import TenantKnown, TenantRefused, TenantUnknown
from app.keys import service as keys
from app.keys.service import TENANT, KeyWish, MadeKey
from app.types import Scope

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
SCOPES = (Scope.SEARCH, Scope.WRITE, Scope.ADMIN)  # of a tenant's first key


def find(session: Session, name: str) -> int:
    """The id of a tenant; that of whoever runs the server is made if it is not there.

    Raises:
        TenantUnknown: there is none of this name.
    """
    found = keys.first_tenant(session) if name == TENANT else tenants.find(session, name)
    if found is None:
        raise TenantUnknown(f"There is no tenant {name!r}; triseek tenants list shows those that there are.")
    return found


def create(session: Session, name: str) -> MadeKey:
    """Makes a tenant; its first key, by which it makes others.

    Raises:
        TenantRefused: it cannot have this name.
        TenantKnown: there is one of this name.
    """
    if not NAME.fullmatch(name):
        raise TenantRefused(
            f"{name!r} cannot be a tenant's name: up to 64 letters, digits, points, dashes and underscores."
        )
    if tenants.find(session, name) is not None:
        raise TenantKnown(f"There is a tenant {name!r} already.")
    tenant_id = tenants.find_or_create(session, name)
    return keys.create(session, tenant_id, KeyWish(name="first key", scopes=SCOPES))


def remove(session: Session, name: str) -> None:
    """Removes a tenant, of which everything was erased, with its keys and jobs.

    Raises:
        TenantUnknown: there is none of this name.
        TenantRefused: it has catalogues, or is that of whoever runs the server.
    """
    if name == TENANT:
        raise TenantRefused(f"The tenant {TENANT!r} is that of whoever runs the server.")
    tenant_id = find(session, name)
    if tenants.has_catalogues(session, tenant_id):
        raise TenantRefused(
            f"The tenant {name!r} has catalogues: erase them first, with a key of its own: triseek erase --everything"
        )
    tenants.remove(session, tenant_id)


def listed(session: Session) -> list[dict[str, Any]]:
    """What may be told of each tenant, oldest first."""
    return [
        {
            "name": tenant.name,
            "catalogues": catalogues,
            "keys": valid_keys,
            "created_at": tenant.created_at.isoformat(timespec="seconds"),
        }
        for tenant, catalogues, valid_keys in tenants.every(session)
    ]
