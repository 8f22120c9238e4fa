"""Catalogues over HTTP. The first upload to a catalogue makes it."""

from app.db import catalogues as rows
from app.http.auth import tenant_id
from app.http.endpoints import Answer, Endpoints
from app.http.schemas.catalogues import CataloguesSchema
from app.http.services import services
from app.types import Scope

catalogues = Endpoints("catalogues", "See which catalogues there are.")


@catalogues.endpoint("GET", "/catalogues", scopes=[Scope.SEARCH, Scope.WRITE], answers={200: CataloguesSchema})
def list_catalogues() -> Answer:
    """List the catalogues by name."""
    with services().sessions() as session:
        return Answer(body={"catalogues": [{"name": name} for name in rows.names(session, tenant_id())]})
