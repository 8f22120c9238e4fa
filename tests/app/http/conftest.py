"""The web application on a database of its own; what a worker would do is done by hand here."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import TestResponse, encode_multipart

from app.db import spaces
from app.db.engine import make_engine, make_sessions
from app.db.ranking import Compared, RankedProduct
from app.http.app import create_app
from app.http.services import Services
from app.jobs.client import JobClient
from app.keys import service as keys
from app.keys.service import KeyWish
from app.local.servers import Servers
from app.search.frozen import Hit, freeze
from app.settings import Settings
from app.types import Modality, Scope, SpaceKey
from tests.app.http.document import document_of
from tests.conftest import cloned

DATABASE = "test_http"


@pytest.fixture(scope="session")
def http_settings(servers: Servers, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with cloned(servers, template, DATABASE) as url:
        yield Settings(
            database_url=url,
            redis_url=servers.redis_url,
            media_url=str(tmp_path_factory.mktemp("media")),
            max_upload_mb=4,
            max_import_mb=6,
            max_media_mb=1,
            most_waiting_searches=1_000_000,  # nobody takes them
        )


@pytest.fixture(scope="session")
def app(http_settings: Settings) -> Iterator[Flask]:
    application = create_app(http_settings)
    yield application
    own: Services = application.extensions["triseek"]
    own.close()


@pytest.fixture(scope="session")
def own(app: Flask, http_settings: Settings) -> Iterator[Services]:
    """The application's services, as the role that owns the tables: what a test looks at belongs to any tenant."""
    engine = make_engine(http_settings.database_url)
    sessions = make_sessions(engine)
    jobs = JobClient(http_settings.redis_url, sessions)
    yield replace(app.extensions["triseek"], engine=engine, sessions=sessions, jobs=jobs)
    engine.dispose()


@pytest.fixture
def session(own: Services) -> Iterator[Session]:
    """A session that commits with each `begin`, to look at and change what the application stores."""
    with own.sessions() as opened:
        yield opened


@pytest.fixture(scope="session")
def space_id(own: Services) -> int:
    """The active embedding space that a worker would have made."""
    encoders = {modality: f"{modality}@1" for modality in Modality}
    with own.sessions.begin() as session:
        space = spaces.find_or_create(session, SpaceKey(encoders=encoders, alignment="0" * 64, dim=4))
        spaces.activate(session, space)
        return space.id


def _key(own: Services, *scopes: Scope) -> str:
    with own.sessions.begin() as session:
        return keys.create(session, keys.first_tenant(session), KeyWish(name="test", scopes=scopes)).key


@dataclass(frozen=True)
class Api:
    """A client that sends its key, and holds every answer against the OpenAPI document."""

    http: FlaskClient
    key: str

    def __call__(self, method: str, path: str, **sent: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.key}", **sent.pop("headers", {})}
        if isinstance(sent.get("data"), dict):
            # Encoded here: the client would leave large forms in a temporary file that it never closes.
            boundary, sent["data"] = encode_multipart(_form(sent["data"]))
            headers["Content-Type"] = f"multipart/form-data; boundary={boundary}"
        answer = self.http.open(path, method=method, headers=headers, **sent)
        document_of(self.http.application).assert_describes(answer)
        return answer

    def get(self, path: str, **sent: Any) -> TestResponse:
        return self("GET", path, **sent)

    def post(self, path: str, **sent: Any) -> TestResponse:
        return self("POST", path, **sent)


def _form(data: dict[str, Any]) -> MultiDict[str, Any]:
    parts = [(part, each) for part, value in data.items() for each in (value if isinstance(value, list) else [value])]
    return MultiDict((part, FileStorage(*each) if isinstance(each, tuple) else each) for part, each in parts)


@pytest.fixture(scope="session")
def api(app: Flask, own: Services) -> Api:
    """With every scope."""
    return Api(app.test_client(), _key(own, *Scope))


@pytest.fixture(scope="session")
def searcher(app: Flask, own: Services) -> Api:
    """May only search."""
    return Api(app.test_client(), _key(own, Scope.SEARCH))


@pytest.fixture
def catalogue(request: pytest.FixtureRequest) -> str:
    """The name of a catalogue that no other test has."""
    return f"c{abs(hash(request.node.nodeid)):x}"


@pytest.fixture
def products(catalogue: str) -> str:
    return f"/v1/catalogues/{catalogue}/products"


@pytest.fixture
def searches(catalogue: str, api: Api, products: str) -> str:
    """Where to search a catalogue that has one product."""
    assert api.post(products, json={"sku": "shoe", "title": "Red shoe"}).status_code == 202
    return f"/v1/catalogues/{catalogue}/searches"


def picture(format: str = "PNG", size: tuple[int, int] = (8, 6)) -> bytes:  # noqa: A002  Pillow's word
    file = io.BytesIO()
    Image.new("RGB", size, "red").save(file, format)
    return file.getvalue()


def assert_problem(response: TestResponse, status: int, pointer: str | None = None) -> dict[str, Any]:
    """The response's problem, checked to be one, and to name this field."""
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    document: dict[str, Any] = response.json
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    if pointer is not None:
        assert pointer in [error["pointer"] for error in document["errors"]], document
    return document


def frozen(skus: Sequence[tuple[int, str]]) -> dict[str, Any]:
    """Hits as a worker freezes them, of products by their ids, in this order."""
    compared = (Compared(part=0, against=Modality.TEXT, similarity=0.5, weight=1.0),)
    ranked = [RankedProduct(product_id=each, cosine=0.5, words=0.25, exact=0, compared=compared) for each, _ in skus]
    hits = [Hit(product=each, rank=rank, score=0.5, relevance=0.9) for rank, each in enumerate(ranked, 1)]
    return freeze(hits, [("text", "text")], dict(skus), explain=False)
