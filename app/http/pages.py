"""The pages. They are clients like any other: all they show comes over `/v1` with the reader's key."""

from flask import Blueprint, Response, make_response, render_template

pages = Blueprint("pages", __name__)
# Nothing from elsewhere, nothing inline; pictures and recordings are fetched with the key and shown as blobs.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@pages.get("/")
def read_search_page() -> Response:
    """Where products are searched for."""
    return _page("search", microphone="(self)")


@pages.get("/upload")
def read_upload_page() -> Response:
    """Where a catalogue is uploaded as a file."""
    return _page("upload")


@pages.get("/admin")
def read_admin_page() -> Response:
    """Where jobs, spaces and keys are looked after."""
    return _page("admin")


def _page(name: str, *, microphone: str = "()") -> Response:
    response = make_response(render_template(f"{name}.html", name=name))
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Permissions-Policy"] = f"microphone={microphone}"
    return response
