"""gunicorn's own log in the format of ours: `gunicorn --logger-class app.http.server_log.ServerLog`."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.http.message import Request
from gunicorn.http.wsgi import Response

from app import context, logs
from app.context import Context
from app.http import request_ids
from app.settings import log_format_from_env


class ServerLog(Logger):  # type: ignore[misc]  # gunicorn ships no types
    """Writes errors, and requests where `--access-logfile` is given, as `TRISEEK_LOG_FORMAT` says."""

    def setup(self, cfg: Config) -> None:
        """Takes gunicorn's settings, then the format."""
        super().setup(cfg)
        for handler in (*self.error_log.handlers, *self.access_log.handlers):
            logs.dress(handler, log_format_from_env())

    def access(self, resp: Response, req: Request, environ: Mapping[str, Any], request_time: timedelta) -> None:
        """Tells of one request, under the id that its answer has."""
        ids = [value for name, value in resp.headers if name == request_ids.HEADER]
        context.begin(Context(request_id=next(iter(ids), None)))
        super().access(resp, req, environ, request_time)
        context.end()
