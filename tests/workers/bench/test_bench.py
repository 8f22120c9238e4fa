"""The benchmark of rankings, on a sample that is small enough to be compared by hand."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from app.db import ranking
from workers.bench.measure import HITS, measure
from workers.bench.sample import SHARES, Sample, clustered, fields_of
from workers.bench.triseek_engine import TriseekEngine
from workers.cli.bench_rank import OTHERS, bench_rank

SMALL = clustered(1_500, 16, 12, seed=1)


def test_vectors_lie_in_clusters() -> None:
    sample = clustered(2_000, 256, 20, seed=0)  # in many dimensions whatever is not of one cluster is far apart
    np.testing.assert_allclose(np.linalg.norm(sample.stored, axis=1), 1, rtol=1e-5)
    near = (sample.queries @ sample.stored.T > 0.4).sum(axis=1)
    assert 50 < near.mean() < 200


def test_a_field_is_zero_in_its_share_of_the_products() -> None:
    for field, every in SHARES.items():
        zero = [place for place in range(2_000) if fields_of(place)[field] == 0]
        assert len(zero) == 2_000 // every
        assert clustered(2_000, 8, 1, seed=0).matching(field).tolist() == zero


def test_the_nearest_are_those_of_a_plain_loop() -> None:
    for row, query in zip(SMALL.nearest("tenth", 3), SMALL.queries, strict=True):
        ranked = sorted(range(0, 1_500, 10), key=lambda place: -float(SMALL.stored[place] @ query))
        assert row.tolist() == ranked[:3]


@pytest.mark.parametrize("compared", [ranking.COMPARED, 10], ids=["exact", "approximate"])
def test_triseeks_own_ranking_finds_what_is_nearest(compared: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "COMPARED", compared)
    with TriseekEngine() as engine:
        measured = measure(engine, SMALL)
    assert [each.field for each in measured.searched] == [None, *SHARES]
    assert all(each.complete for each in measured.searched)
    assert min(each.recall for each in measured.searched) > 0.95
    assert measured.index_bytes > 1_500 * 16 * 2
    assert all(speed > 0 for speed in measured.per_second.values())


@pytest.mark.parametrize("package", OTHERS)
def test_every_other_index_finds_what_is_nearest(package: str) -> None:
    pytest.importorskip(package, exc_type=ImportError)
    with OTHERS[package]() as engine:
        measured = measure(engine, SMALL)
    assert measured.searched[0].recall > 0.95
    assert measured.searched[0].complete
    assert measured.index_bytes > 0


def test_a_search_that_misses_is_seen() -> None:
    class Wrong(TriseekEngine):
        def searcher(self):  # noqa: ANN202
            return lambda query, field, count: [0] * count  # noqa: ARG005

    with Wrong() as engine:
        measured = measure(engine, Sample(stored=SMALL.stored, queries=SMALL.queries[:3]))
    assert max(each.recall for each in measured.searched) <= 1 / HITS + 0.4


def test_the_table_is_printed_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(OTHERS, "no_such_package", OTHERS["hnswlib"])
    options = ["--n", "1000", "--dim", "16", "--queries", "10", "--json", str(tmp_path / "table.json")]
    options += ["--plot", str(tmp_path / "times.svg")]
    run = CliRunner().invoke(bench_rank, options)
    assert run.exit_code == 0, run.output
    assert "thousandth" in run.output
    assert "no_such_package is not installed" in run.output
    assert "triseek" in (tmp_path / "times.svg").read_text()
    assert CliRunner().invoke(bench_rank, [*options, "--alone"]).output.count("triseek") == 1 + 1 + len(SHARES)
    written = json.loads((tmp_path / "table.json").read_text())
    assert written["n"] == 1000
    assert written["engines"][0]["engine"] == "triseek"
