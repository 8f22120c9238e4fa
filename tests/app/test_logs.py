"""How records are written."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from app import context, logs
from app.context import Context
from app.errors import SettingsInvalid
from app.settings import Settings
from app.types import LogFormat

URLS = {"DATABASE_URL": "postgresql://h/d", "REDIS_URL": "redis://h", "MEDIA_URL": "/m"}


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root, ours = logging.getLogger(), logging.getLogger("app")
    before = root.handlers, root.level, ours.level
    yield io.StringIO()
    root.handlers, root.level = before[:2]
    ours.setLevel(before[2])
    logging.captureWarnings(capture=False)
    context.end()


def _log(log_format: LogFormat, stream: io.StringIO) -> str:
    logs.configure(log_format, stream=stream)
    context.begin(Context(request_id="shop-42", task="imports.run"))
    context.name_job("j1")
    logging.getLogger("app.catalog").info("%s products", 3, extra={"data": {"args": "a client's own"}})
    return stream.getvalue()


def test_a_line_of_text_ends_with_what_it_is_about(stream: io.StringIO) -> None:
    written = _log(LogFormat.TEXT, stream)
    assert "INFO app.catalog: 3 products [request_id=shop-42 job_id=j1 task=imports.run]\n" in written
    context.end()
    logging.getLogger("app").warning("nothing")
    assert stream.getvalue().endswith("WARNING app: nothing\n")


def test_a_record_in_json_is_one_line_with_all_fields(stream: io.StringIO) -> None:
    record = json.loads(_log(LogFormat.JSON, stream))
    assert record.pop("time").endswith("+00:00")
    assert record == {
        "level": "INFO",
        "logger": "app.catalog",
        "message": "3 products",
        "request_id": "shop-42",
        "job_id": "j1",
        "task": "imports.run",
    }


def test_a_traceback_in_json_stays_in_its_line(stream: io.StringIO) -> None:
    logs.configure(LogFormat.JSON, stream=stream)
    try:
        int("no number")
    except ValueError:
        logging.getLogger("app").exception("Failed")
    (line,) = stream.getvalue().splitlines()
    assert "no number" in json.loads(line)["exc_info"]


def test_the_format_is_a_setting() -> None:
    assert Settings.from_env(URLS).log_format is LogFormat.TEXT
    assert Settings.from_env(URLS | {"TRISEEK_LOG_FORMAT": "json"}).log_format is LogFormat.JSON
    with pytest.raises(SettingsInvalid, match="TRISEEK_LOG_FORMAT='xml' is not text or json"):
        Settings.from_env(URLS | {"TRISEEK_LOG_FORMAT": "xml"})
