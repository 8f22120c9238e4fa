"""How every process logs: one record a line, with the request, job and task that it is about."""

import logging
import sys
from typing import TextIO

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

from app import context
from app.types import LogFormat

TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s%(about)s"
FIELDS = ("levelname", "name", "message", "request_id", "job_id", "task")
RENAMED = {"levelname": "level", "name": "logger"}
# What libraries add to records of their own: Celery a task's arguments.
LEFT_OUT = (*RESERVED_ATTRS, "about", "data")


class AboutContext(logging.Filter):
    """Lets every record pass, and adds to it what the work was for that it tells of."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Adds `request_id`, `job_id` and `task`, and `about` for a line of text."""
        now = context.current()
        known = {"request_id": now.request_id, "job_id": now.job_id, "task": now.task}
        vars(record).update(known)
        told = " ".join(f"{name}={value}" for name, value in known.items() if value is not None)
        record.about = f" [{told}]" if told else ""
        return True


def configure(log_format: LogFormat, *, level: int | str = logging.WARNING, stream: TextIO | None = None) -> None:
    """Has all loggers of this process write so, to the standard error unless told; ours from INFO on."""
    handler = logging.StreamHandler(stream or sys.stderr)
    dress(handler, log_format)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    logging.getLogger("app").setLevel(logging.INFO)
    logging.captureWarnings(capture=True)


def dress(handler: logging.Handler, log_format: LogFormat) -> None:
    """Has one handler write so."""
    handler.setFormatter(_json() if log_format is LogFormat.JSON else logging.Formatter(TEXT))
    handler.filters = [each for each in handler.filters if not isinstance(each, AboutContext)]
    handler.addFilter(AboutContext())


def _json() -> logging.Formatter:
    return JsonFormatter(FIELDS, rename_fields=RENAMED, reserved_attrs=LEFT_OUT, timestamp="time")
