"""What gunicorn serves."""

import signal
import threading
from types import FrameType

from flask import Flask

from app import logs, tracing
from app.http.app import create_app
from app.settings import Settings


def _tell(stopping: threading.Event) -> None:
    """Sets the event at the signal that ends this process in an orderly way, before the server's own handling."""
    before = signal.getsignal(signal.SIGTERM)

    def handle(number: int, frame: FrameType | None) -> None:
        stopping.set()
        if callable(before):
            before(number, frame)

    signal.signal(signal.SIGTERM, handle)


def _trace(app: Flask) -> None:
    tracing.start("triseek-web", [app.extensions["triseek"].engine])
    from app.http.tracing import trace_requests  # noqa: PLC0415  # the extra that `start` asked for brings what it needs

    trace_requests(app)


settings = Settings.from_env()
logs.configure(settings.log_format)
application = create_app(settings)
if settings.traces:
    _trace(application)
_tell(application.extensions["triseek"].stopping)
