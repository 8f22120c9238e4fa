"""What gunicorn serves."""

import signal
import threading
from types import FrameType

from app import logs
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


settings = Settings.from_env()
logs.configure(settings.log_format)
application = create_app(settings)
_tell(application.extensions["triseek"].stopping)
