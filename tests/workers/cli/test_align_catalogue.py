import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.db import media
from app.errors import ArtifactInvalid, CatalogueUnknown, JudgedSetInvalid
from app.spaces import packing, service
from app.types import Modality
from tests.conftest import Services
from tests.workers.training.shops import Sold, stock
from workers.alignment.artifact import DEFAULT, load_alignment
from workers.bench.bent import bent
from workers.cli.align import align
from workers.embedder import Embedder
from workers.encoders.registry import default_cards


@pytest.fixture(autouse=True)
def _environment(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", services.settings.database_url)
    monkeypatch.setenv("REDIS_URL", services.settings.redis_url)
    monkeypatch.setenv("MEDIA_URL", services.settings.media_url)


def _fit(folder: Path, *options: str) -> Result:
    # One cache for all tests, which have the same contents.
    files = ["--out", str(folder / "out"), "--cache", str(folder.parent / "cache")]
    return CliRunner().invoke(align, ["train", *files, "--steps", "5", "--threads", "1", *options])


def _shop(services: Services, count: int) -> None:
    sold = [Sold(sku=f"p{number}", title=f"Thing {number}", pictures=[number]) for number in range(count)]
    with services.sessions.begin() as session:
        stock(session, services.store, "shop", sold)


def test_an_alignment_is_fitted_to_a_catalogue_and_says_whether_it_is_ready(services: Services, tmp_path: Path) -> None:
    _shop(services, 40)
    run = _fit(tmp_path, "--catalogue", "shop")
    assert run.exit_code == 0, (run.output, run.exception)
    fitted, present = (load_alignment(folder, default_cards()) for folder in (tmp_path / "out", DEFAULT))
    assert fitted.card.ready == ("Ready: " in run.output) == fitted.card.training["gate"]["ready"]
    assert fitted.card.training["from"] == present.card.sha256
    assert fitted.card.known == {modality: known + 34 for modality, known in present.card.known.items()}
    assert (tmp_path / "out" / "training.svg").is_file()
    for modality in Modality:
        ours, theirs = (each.network.head(modality).state_dict() for each in (fitted, present))
        assert all(bool((ours[name] == theirs[name]).all()) for name in theirs if not name.startswith("learned."))


def test_what_is_fitted_is_the_alignment_that_answers(services: Services, tmp_path: Path) -> None:
    _shop(services, 40)
    other = bent(tmp_path / "other", by=0.1)
    packed = packing.stored(services.store, other)
    card = load_alignment(other, default_cards()).card
    with services.sessions.begin() as session:
        media.record(session, [(packed.digest, packed.bytes, packed.content_type)])
        service.adopt(session, card.space_key, lambda: packed)
    run = _fit(tmp_path, "--catalogue", "shop")
    assert run.exit_code == 0, (run.output, run.exception)
    fitted = load_alignment(tmp_path / "out", default_cards())
    assert fitted.card.training["from"] == card.sha256 != load_alignment(DEFAULT, default_cards()).card.sha256


def test_an_artifact_that_is_not_ready_is_not_searched_with(services: Services, tmp_path: Path) -> None:
    _shop(services, 40)
    assert _fit(tmp_path, "--catalogue", "shop").exit_code == 0
    path = tmp_path / "out" / "card.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "ready": False}))
    settings = type(services.settings)(database_url="", redis_url="", media_url="", alignment=tmp_path / "out")
    with pytest.raises(ArtifactInvalid, match="is not ready"):
        Embedder.load(settings)


def test_three_products_are_too_few(services: Services, tmp_path: Path) -> None:
    _shop(services, 3)
    run = _fit(tmp_path, "--catalogue", "shop")
    assert isinstance(run.exception, JudgedSetInvalid)
    assert "too little to learn from" in run.exception.detail


def test_a_catalogue_of_texts_alone_has_nothing_to_align(services: Services, tmp_path: Path) -> None:
    with services.sessions.begin() as session:
        stock(session, services.store, "shop", [Sold(sku=f"p{n}", title=f"Thing {n}") for n in range(40)])
    assert isinstance(_fit(tmp_path, "--catalogue", "shop").exception, JudgedSetInvalid)


def test_an_unknown_catalogue_is_an_error(tmp_path: Path) -> None:
    assert isinstance(_fit(tmp_path, "--catalogue", "nowhere").exception, CatalogueUnknown)


def test_it_is_said_what_to_learn_from(tmp_path: Path) -> None:
    run = _fit(tmp_path)
    assert run.exit_code == 2
    assert "either --data" in run.output
