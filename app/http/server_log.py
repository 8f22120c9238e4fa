"""gunicorn's own log in the format of ours: `gunicorn --logger-class app.http.server_log.ServerLog`."""

from gunicorn.config import Config
from gunicorn.glogging import Logger

from app import logs
from app.settings import log_format_from_env


class ServerLog(Logger):  # type: ignore[misc]  # gunicorn ships no types
    """Writes errors, and requests where `--access-logfile` is given, as `TRISEEK_LOG_FORMAT` says."""

    def setup(self, cfg: Config) -> None:
        """Takes gunicorn's settings, then the format."""
        super().setup(cfg)
        for handler in (*self.error_log.handlers, *self.access_log.handlers):
            logs.dress(handler, log_format_from_env())
