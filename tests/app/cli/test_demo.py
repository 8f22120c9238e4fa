import io
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from app.client import Client
from app.db import embeddings
from tests.app.cli.conftest import Run, embed_all
from tests.app.conftest import Listening
from tests.conftest import Services

pytestmark = pytest.mark.usefixtures("worker")


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    folder = tmp_path / "shoes"
    folder.mkdir()
    file = io.BytesIO()
    Image.new("RGB", (32, 32), "red").save(file, "PNG")
    (folder / "p.png").write_bytes(file.getvalue())
    products = [{"id": f"shoe-{n}", "title": f"Shoe {n}", "category": "shoes", "images": ["p.png"]} for n in range(6)]
    queries = [
        {"id": "a", "modality": "text", "text": "a shoe", "relevant": ["shoe-1", "shoe-2"], "split": "test"},
        {"id": "b", "modality": "image", "image": "p.png", "relevant": ["shoe-4"], "split": "test"},
    ]
    (folder / "catalogue.jsonl").write_text("\n".join(map(json.dumps, products)))
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)))
    return folder


@pytest.fixture
def state(tmp_path: Path, listening: Listening) -> Path:
    """The folder of a stack that runs already."""
    (tmp_path / "run.json").write_text(json.dumps({"url": listening.url, "key": listening.key}))
    return tmp_path


def _report(run: Run, judged: Path, state: Path) -> tuple[str, dict[str, Any]]:
    report = state / "report.json"
    result = run("demo", "--data", str(judged), "--state", str(state), "--once", "--json", str(report))
    assert result.exit_code == 0, result.output
    return result.output, json.loads(report.read_text())


def test_every_product_is_uploaded_and_every_query_asked(run: Run, judged: Path, state: Path, client: Client) -> None:
    output, report = _report(run, judged, state)
    assert report["products"] == 6
    assert report["ingest_seconds"] > 0
    found, lost = report["searches"]
    assert (found["modalities"], found["query"], found["expected"]) == (["text"], "a shoe", "shoe-1")
    assert (found["rank"], found["hits"], found["took_ms"]["total"]) == (1, ["shoe-1"], 28.0)
    assert (lost["modalities"], lost["expected"], lost["rank"]) == (["image"], "shoe-4", None)
    assert sum(1 for _ in client.products("shoes")) == 6
    assert "a shoe" in output
    assert "top 10" in output


def test_a_second_run_finds_the_products_there_and_adds_none(
    run: Run, judged: Path, state: Path, client: Client
) -> None:
    first = _report(run, judged, state)[1]
    second = _report(run, judged, state)[1]
    assert [each["hits"] for each in first["searches"]] == [each["hits"] for each in second["searches"]]
    assert sum(1 for _ in client.products("shoes")) == 6


def test_products_that_other_workers_embed_anew_are_waited_for(
    run: Run, judged: Path, state: Path, client: Client, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    search, waited = Client.search, threading.Event()

    def search_and_adopt(self: Client, *arguments: Any, **options: Any) -> Any:
        monkeypatch.setattr(Client, "search", search)
        found = search.__get__(self)(*arguments, **options)
        with services.sessions.begin() as session:
            embeddings.requeue_all(session)
        threading.Timer(1, lambda: (embed_all(services), waited.set())).start()
        return found

    monkeypatch.setattr(Client, "search", search_and_adopt)
    output = _report(run, judged, state)[0]
    assert waited.is_set()
    assert "anew" in output
    assert {product["embedding"]["state"] for product in client.products("shoes")} == {"ready"}


def test_the_search_page_is_named_with_the_key(run: Run, judged: Path, state: Path, listening: Listening) -> None:
    assert f"{listening.url}/#key={listening.key}" in _report(run, judged, state)[0].replace("\n", "")
