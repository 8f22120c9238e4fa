"""What the holder of a search token may see."""

from sqlalchemy.orm import Session

from app.catalog.service import catalogue_id
from app.db import matching, media
from app.db.filtering import EVERYTHING, Filter, sql_of
from app.db.job_tables import Job
from app.db.tables import Media
from app.errors import CatalogueUnknown, JobUnknown
from app.http.auth import identity, tenant_id
from app.jobs import service
from app.search.filters import parse_filter
from app.types import JobKind


def require_catalogue(name: str) -> None:
    """Refuses another catalogue than the token's.

    Raises:
        CatalogueUnknown: it is another one, whether or not there is such a catalogue.
    """
    token = identity().token
    if token is not None and token.catalogue != name:
        raise CatalogueUnknown(f"There is no catalogue {name!r}; the first upload to it makes it.")


def within() -> str | None:
    """The filter that holds whatever is asked for: empty of a token without one, None of a key."""
    token = identity().token
    return None if token is None else token.filter or ""


def own_job(session: Session, job_id: str) -> Job:
    """A job of whoever asks: of a search token, only searches by tokens that see the same.

    Raises:
        JobUnknown: it is none of these.
    """
    job = service.find(session, tenant_id(), job_id)
    token = identity().token
    if token is not None:
        sees_the_same = job.kind == JobKind.SEARCH and job.request.get("within") == within()
        if not sees_the_same or job.catalogue_id != catalogue_id(session, tenant_id(), token.catalogue):
            raise JobUnknown(f"There is no job {job_id!r}.")
    return job


def visible(session: Session, catalogue_row: int, product_ids: list[int]) -> set[int]:
    """Those of some products that may be shown as they are now."""
    where = _where()
    return set(product_ids) if where is EVERYTHING else matching.among(session, catalogue_row, where, product_ids)


def medium(session: Session, digest: str) -> Media | None:
    """A picture or recording, if a product has it that may be seen."""
    token = identity().token
    if token is None:
        return media.of_tenant(session, tenant_id(), digest)
    owners = media.owners(session, catalogue_id(session, tenant_id(), token.catalogue), digest)
    if not visible(session, catalogue_id(session, tenant_id(), token.catalogue), owners):
        return None
    return media.of_tenant(session, tenant_id(), digest)


def _where() -> Filter:
    written = within()
    return sql_of(parse_filter(written)) if written else EVERYTHING
