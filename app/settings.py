"""What can be set from outside. The only reader of the environment."""

import os
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from app.errors import SettingsInvalid
from app.types import LogFormat


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting, read once at a process's start and passed down.

    Each field is read from the environment variable of its name in upper case, those that are no address with the
    prefix `TRISEEK_`; or, for secrets, from the file that a variable `…_FILE` names.
    """

    database_url: str  # postgresql://user@host/name
    redis_url: str  # redis://host:port/0 or unix:///path/to/socket
    media_url: str  # a folder, or any URL that fsspec opens: s3://bucket/prefix
    # The same database as the role that owns its tables, for migrations, indexes and backups; database_url unless told.
    database_admin_url: str = ""
    database_replica_url: str = ""  # a standby that searches may read; none unless told
    max_upload_mb: int = 512  # one request's body, but for imports, which go to the media store as they come
    max_import_mb: int = 8_192  # one import's file
    max_media_mb: int = 64  # one picture or recording
    slow_request_seconds: int = 20  # that a request may take to come, and a second more for each KiB of it
    max_pixels: int = 50_000_000  # one picture, width times height
    max_seconds: int = 300  # one recording
    # How much of what was committed before a search was asked for, in seconds, a standby may lack that answers it.
    replica_staleness_seconds: int = field(default=0, metadata={"smallest": 0})
    threads: int = 1  # compute threads of one worker process
    lease_seconds: int = 60  # in which a worker must show that it is still at work on what it took
    decode_threads: int = 2  # threads that decode media beside the forward pass
    alignment: Path | None = None  # an artifact's folder; the packaged one unless told
    query_batch: int = 8  # searches that a query worker takes at once where so many wait
    query_cache: int = field(default=1_024, metadata={"smallest": 0})  # contents of queries whose vectors it keeps
    # Searches that may wait; what comes then is refused and told when to come again.
    most_waiting_searches: int = 500
    keep_outputs: bool = True  # what encoders gave of products' contents, for another alignment: 1 or 0
    restorable_days: int = field(default=0, metadata={"smallest": 0})  # to bring back deleted products
    keep_jobs_days: int = 30  # that jobs are kept that have ended, with what searches found
    index_memory_mb: int = 512  # that PostgreSQL may use to build an index of a space
    index_processes: int = 1  # of PostgreSQL that build one together: with more, searches feel it
    # That an API key may ask for which has no limit of its own; any number if 0.
    requests_per_minute: int = field(default=0, metadata={"smallest": 0})
    # Pages of other hosts that may ask from a browser, with commas: https://shop.example. With search tokens, not keys.
    cors_origins: frozenset[str] = frozenset()
    # Proxies before the web process, whose X-Forwarded-For, -Proto and -Host are believed; nobody's if 0.
    trusted_proxies: int = field(default=0, metadata={"smallest": 0})
    fetch_hosts: frozenset[str] = frozenset()  # names of private hosts that pictures may be fetched from, with commas
    log_format: LogFormat = LogFormat.TEXT  # text or json
    # Statements of searches that take longer are logged, the plan of one a minute too; 0 logs none.
    slow_query_ms: int = field(default=1_000, metadata={"smallest": 0})
    metrics_port: int = field(default=0, metadata={"smallest": 0})  # where a worker tells its figures; nowhere if 0
    metrics_host: str = "127.0.0.1"  # the address that it listens at for that
    metrics_token: str = ""  # without which /metrics of the web process is not told, if there is one
    traces: bool = False  # by OpenTelemetry, to where its own variables say: 1 or 0
    task_events: bool = False  # workers tell Flower what they do, and can be asked: 1 or 0
    encoders: str = ""  # where the alignment's encoders are that have no name: text=/models/bert,image=org/name

    @property
    def owner_url(self) -> str:
        """The database as the role that owns its tables."""
        return self.database_admin_url or self.database_url

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Reads the settings.

        Raises:
            SettingsInvalid: naming each variable that is missing or is not of its type, or a file that cannot be read.
        """
        source = os.environ if environ is None else environ
        values: dict[str, object] = {}
        wrong: list[str] = []
        for spec in fields(cls):
            variable = spec.name.upper() if spec.name.endswith("_url") else f"TRISEEK_{spec.name.upper()}"
            text = _read(source, variable)
            if text == "":
                if spec.default is MISSING:
                    wrong.append(f"{variable} is not set")
                continue
            try:
                values[spec.name] = _parse(spec.type, text, spec.metadata.get("smallest", 1))
            except (ValueError, KeyError):
                wrong.append(f"{variable}={text!r} is not {_wanted(spec)}")
        if wrong:
            raise SettingsInvalid("; ".join(wrong))
        return cls(**values)  # type: ignore[arg-type]  # the loop above gave each field its own type


def urls_from_env(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Those of `DATABASE_URL`, `REDIS_URL` and `MEDIA_URL` that are set: servers to use in place of embedded ones."""
    source = os.environ if environ is None else environ
    names = [spec.name.upper() for spec in fields(Settings) if spec.default is MISSING]
    return {name: text for name in names if (text := _read(source, name))}


def owner_urls_from_env() -> dict[str, str]:
    """The same for whoever looks after the servers: the database as the role that owns its tables."""
    admin = _read(os.environ, "DATABASE_ADMIN_URL")
    return urls_from_env() | ({"DATABASE_URL": admin} if admin else {})


def replica_from_env(environ: Mapping[str, str] | None = None) -> str:
    """What `DATABASE_REPLICA_URL` says, if anything."""
    source = os.environ if environ is None else environ
    return _read(source, "DATABASE_REPLICA_URL")


def encoders_from_env(environ: Mapping[str, str] | None = None) -> str:
    """What `TRISEEK_ENCODERS` says: for commands that need no other setting."""
    source = os.environ if environ is None else environ
    return source.get("TRISEEK_ENCODERS", "")


def alignment_from_env(environ: Mapping[str, str] | None = None) -> str | None:
    """What `TRISEEK_ALIGNMENT` says, if anything: for commands that need no other setting."""
    source = os.environ if environ is None else environ
    return source.get("TRISEEK_ALIGNMENT") or None


def child_environ(given: Mapping[str, str], defaults: Mapping[str, str] | None = None) -> dict[str, str]:
    """A child's environment: ours, over the defaults, under what is given."""
    return {**(defaults or {}), **os.environ, **given}


def log_format_from_env(environ: Mapping[str, str] | None = None) -> LogFormat:
    """What `TRISEEK_LOG_FORMAT` says: for what logs before all settings are read, and says so if one is wrong."""
    source = os.environ if environ is None else environ
    return LogFormat.JSON if source.get("TRISEEK_LOG_FORMAT") == LogFormat.JSON else LogFormat.TEXT


def metrics_port_from_env(environ: Mapping[str, str] | None = None) -> int:
    """What `TRISEEK_METRICS_PORT` says; 0 where it says nothing, or nothing that is a port."""
    source = os.environ if environ is None else environ
    text = source.get("TRISEEK_METRICS_PORT", "")
    return int(text) if text.isdecimal() else 0


def _wanted(spec: Field[Any]) -> str:
    if spec.type is bool:
        return "1 or 0"
    if spec.type is LogFormat:
        return " or ".join(LogFormat)
    return "a whole number" if "smallest" in spec.metadata else "a whole number above zero"


def _read(source: Mapping[str, str], variable: str) -> str:
    """What the variable says, or the file that `…_FILE` names, as secrets of containers are given; empty if neither."""
    text, file = source.get(variable, ""), source.get(f"{variable}_FILE", "")
    if text or not file:
        return text
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"{variable}_FILE={file!r} cannot be read: {type(error).__name__}") from error


def _parse(kind: object, text: str, smallest: int) -> object:
    if kind is bool:
        return {"1": True, "0": False}[text]
    if kind is int:
        number = int(text)
        if number < smallest:
            raise ValueError(text)
        return number
    if kind is LogFormat:
        return LogFormat(text)
    if kind == frozenset[str]:
        return frozenset(name.strip() for name in text.split(",") if name.strip())
    return text if kind is str else Path(text)
