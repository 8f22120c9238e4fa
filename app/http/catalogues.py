"""Catalogues over HTTP. The first upload to a catalogue makes it."""

from dataclasses import asdict

from app.catalog import settings as rules
from app.catalog.service import catalogue_id
from app.catalog.settings import CatalogueSettings
from app.catalog.stats import stats
from app.db import catalogues as rows
from app.errors import CatalogueUnknown
from app.http.auth import tenant_id
from app.http.bodies import Body, BodyKind
from app.http.endpoints import Answer, Endpoints
from app.http.names import check_catalogue
from app.http.schemas.catalogues import CatalogueSettingsSchema, CataloguesSchema, CatalogueStatsSchema
from app.http.services import services
from app.types import Scope

catalogues = Endpoints("catalogues", "See which catalogues there are, and say how their words are searched.")
READ = (Scope.SEARCH, Scope.WRITE)
SETTINGS = "/catalogues/<catalogue>/settings"


@catalogues.endpoint("GET", "/catalogues", scopes=READ, answers={200: CataloguesSchema})
def list_catalogues() -> Answer:
    """List the catalogues by name."""
    with services().sessions() as session:
        return Answer(body={"catalogues": [{"name": name} for name in rows.names(session, tenant_id())]})


@catalogues.endpoint("GET", SETTINGS, scopes=READ, answers={200: CatalogueSettingsSchema}, problems=[CatalogueUnknown])
def read_settings(catalogue: str) -> Answer:
    """Read which fields' words are searched, and which words mean the same."""
    with services().sessions() as session:
        return Answer(body=asdict(rules.read(session, catalogue_id(session, tenant_id(), catalogue))))


@catalogues.endpoint(
    "PUT",
    SETTINGS,
    scopes=[Scope.WRITE],
    body=BodyKind(schema=CatalogueSettingsSchema),
    answers={200: CatalogueSettingsSchema},
)
def change_settings(body: Body, catalogue: str) -> Answer:
    """Replace them. Synonyms count from the next search on, other fields as soon as the products are gone through."""
    check_catalogue(catalogue)
    searchable, synonyms = body.content["searchable"], body.content["synonyms"]
    settings = CatalogueSettings(
        searchable=None if searchable is None else tuple(dict.fromkeys(searchable)),
        synonyms=tuple(tuple(dict.fromkeys(group)) for group in synonyms),
    )
    with services().jobs.transaction() as session:
        rules.change(session, tenant_id(), catalogue, settings)
    return Answer(body=asdict(settings))


@catalogues.endpoint(
    "GET",
    "/catalogues/<catalogue>/stats",
    scopes=(*READ, Scope.ADMIN),
    answers={200: CatalogueStatsSchema},
    problems=[CatalogueUnknown],
)
def read_stats(catalogue: str) -> Answer:
    """Read how many products, media and vectors a catalogue has."""
    with services().sessions() as session:
        return Answer(body=stats(session, catalogue_id(session, tenant_id(), catalogue)))
