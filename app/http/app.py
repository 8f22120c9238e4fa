"""Makes the web application."""

from importlib.metadata import version

from apispec import APISpec
from flask import Flask, Response, request
from flask_cors import CORS
from werkzeug.exceptions import NotFound
from werkzeug.middleware.proxy_fix import ProxyFix

from app.http import auth, request_ids
from app.http.audit import audit
from app.http.catalogues import catalogues
from app.http.compression import compress
from app.http.digests import Sha256
from app.http.docs import make_docs
from app.http.endpoints import ProblemApi
from app.http.health import health
from app.http.imports import imports
from app.http.jobs import jobs
from app.http.keys import keys
from app.http.media import media
from app.http.metrics import RequestMetrics, metrics
from app.http.openapi import headers, problems
from app.http.pages import pages
from app.http.products import products
from app.http.searches import searches
from app.http.services import Services
from app.http.spaces import spaces
from app.http.upkeep import upkeep
from app.http.webhooks import webhooks
from app.settings import Settings

MEBIBYTE = 2**20
LARGEST_FORM_FIELD = 16 * MEBIBYTE  # a product's JSON, which may bring pictures as base64
MOST_FORM_PARTS = 100
GROUPS = (catalogues, products, imports, searches, jobs, webhooks, spaces, keys, audit, upkeep, media, health, metrics)
SHARED = r"/v1/.*"  # with pages of other hosts, where settings name any
# Headers that those pages may read.
TOLD = ("ETag", "Location", "Preference-Applied", "Retry-After", request_ids.HEADER)
PREFLIGHT = 3_600  # seconds for which a browser remembers what it may do


def create_app(settings: Settings) -> Flask:
    """The web application; it connects to its servers with the first request."""
    app = Flask("app.http", static_folder="ui/static", template_folder="ui/templates")
    app.config.update(
        MAX_CONTENT_LENGTH=settings.max_upload_mb * MEBIBYTE,
        MAX_FORM_MEMORY_SIZE=LARGEST_FORM_FIELD,
        MAX_FORM_PARTS=MOST_FORM_PARTS,
        OPENAPI_URL_PREFIX="/",
        OPENAPI_JSON_PATH="openapi.json",
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # of Flask's default provider
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the same
    app.url_map.converters["sha256"] = Sha256
    app.extensions["triseek"] = Services.of(settings)
    request_ids.watch(app)
    auth.watch(app)
    RequestMetrics(app.extensions["triseek"]).watch(app)
    compress(app)
    app.before_request(_refuse_nul)
    app.after_request(_harden)
    if hops := settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]  # Flask's way
    if settings.cors_origins:
        CORS(app, resources=SHARED, origins=sorted(settings.cors_origins), expose_headers=TOLD, max_age=PREFLIGHT)
    app.register_blueprint(pages)
    _register_api(app)
    return app


def _register_api(app: Flask) -> None:
    scheme = {"type": "http", "scheme": "bearer", "description": "An API key: `Authorization: Bearer KEY`."}
    api = ProblemApi(
        app,
        spec_kwargs={
            "title": "Triseek",
            "version": version("triseek"),
            "openapi_version": "3.1.0",
            "info": {"description": "Finds products by text, picture, voice, or any mix of them."},
            "components": {"securitySchemes": {"key": scheme}, "headers": headers.components()},
        },
    )
    for group in GROUPS:
        api.register_blueprint(group)
    _describe_problems(api.spec)
    app.register_blueprint(make_docs(api.spec))


def _describe_problems(spec: APISpec) -> None:
    contracts = [contract for group in GROUPS for contract in group.contracts]
    for name, example in problems.examples(each for contract in contracts for each in contract.may_raise()).items():
        spec.components.example(name, example)
    for contract in contracts:
        for name, response in problems.responses(contract.may_raise()).items():
            if name not in spec.components.responses:
                spec.components.response(name, response)


def _refuse_nul() -> None:
    """PostgreSQL can neither store nor compare text with NUL, so nothing can have such a name."""
    if "\x00" in request.path:
        raise NotFound


def _harden(response: Response) -> Response:
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    if request.path.startswith("/v1/"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response
