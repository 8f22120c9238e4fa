"""Samples that are made of judged sets."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from rich.progress import Progress

from app.errors import JudgedSetInvalid
from app.types import Modality
from tests.workers.training.sets import judged_set
from workers.alignment.artifact import DEFAULT, Alignment
from workers.alignment.opening import open_alignment
from workers.bench.sample import Sample
from workers.bench.tiled import tiled
from workers.cli.bench_rank import OTHERS, bench_rank
from workers.cli.options import LIMITS
from workers.encodings import Encodings
from workers.evaluation.judged import EVERY_SPLIT, load_judged_set
from workers.evaluation.products import product_index


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the encoders gave, for every test: all of them have the same contents."""
    return tmp_path_factory.mktemp("cache")


def _made(folder: Path, count: int, cache: Path) -> Sample:
    alignment, encodings = _opened(cache)
    return tiled([load_judged_set(folder)], encodings, alignment, count=count, queries=10, seed=0)


def _opened(cache: Path) -> tuple[Alignment, Encodings]:
    alignment, cards = open_alignment(DEFAULT, {})
    return alignment, Encodings(cache, cards, LIMITS, Progress(disable=True))


def test_pictures_are_repeated_each_time_with_other_noise(tmp_path: Path, cache: Path) -> None:
    judged_set(tmp_path)
    sample = _made(tmp_path, 50, cache)
    alignment, encodings = _opened(cache)
    index = product_index(load_judged_set(tmp_path), EVERY_SPLIT, (), encodings, alignment)
    own = index.modalities[Modality.IMAGE].vectors
    assert sample.stored.shape == (50, own.shape[1])
    np.testing.assert_allclose(np.linalg.norm(sample.stored, axis=1), 1, rtol=1e-5)
    beside = (sample.stored * np.resize(own, sample.stored.shape)).sum(axis=1)
    assert 0.8 < beside.min() < beside.max() < 0.97
    assert len(np.unique(sample.stored, axis=0)) == 50
    assert sample.queries.shape == (10, own.shape[1])


def test_a_set_whose_products_have_no_pictures_is_refused(tmp_path: Path, cache: Path) -> None:
    judged_set(tmp_path)
    for picture in tmp_path.glob("*.png"):
        picture.unlink()
    with pytest.raises(JudgedSetInvalid, match="no picture of a product"):
        _made(tmp_path, 50, cache)


def test_the_command_measures_them(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judged_set(tmp_path)
    for package in list(OTHERS):
        monkeypatch.delitem(OTHERS, package)
    written = tmp_path / "table.json"
    options = ["--data", str(tmp_path), "--cache", str(cache), "--n", "1000", "--queries", "10"]
    run = CliRunner().invoke(bench_rank, [*options, "--json", str(written)])
    assert run.exit_code == 0, run.output
    document = json.loads(written.read_text())
    assert document["data"] == [tmp_path.name]
    assert min(row["recall"] for row in document["engines"][0]["searched"]) > 0.95
