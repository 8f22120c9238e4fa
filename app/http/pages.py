"""The search page. It is a client like any other: all it shows comes over `/v1` with the reader's key."""

from flask import Blueprint, Response, make_response, render_template

pages = Blueprint("pages", __name__)
# Nothing from elsewhere, nothing inline; pictures and recordings are fetched with the key and shown as blobs.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@pages.get("/")
def read_search_page() -> Response:
    """The page."""
    response = make_response(render_template("search.html"))
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Permissions-Policy"] = "microphone=(self)"
    return response
