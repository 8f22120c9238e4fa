"""Every request has an id: what its answer is told by, what its jobs carry on, and what logs name it by."""

import re
import uuid
from typing import cast

from flask import Flask, Response, g, request

from app import context
from app.context import Context

HEADER = "X-Request-Id"
SENT = re.compile(r"[A-Za-z0-9._:-]{1,128}")  # that a proxy or client may have given it


def watch(app: Flask) -> None:
    """Gives every request an id, its sender's if there is one, and says it in the answer."""
    app.before_request(_name)
    app.after_request(_tell)
    app.teardown_request(_forget)


def request_id() -> str:
    """Of the request that is being answered."""
    return cast(str, g.request_id)


def _name() -> None:
    sent = request.headers.get(HEADER, "")
    g.request_id = sent if SENT.fullmatch(sent) else uuid.uuid4().hex
    context.begin(Context(request_id=g.request_id))


def _tell(response: Response) -> Response:
    response.headers[HEADER] = request_id()
    return response


def _forget(_: BaseException | None) -> None:
    context.end()
