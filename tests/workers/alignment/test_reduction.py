"""Vectors of fewer numbers."""

from pathlib import Path

import numpy as np
import pytest

from app.errors import ArtifactInvalid
from workers.alignment.reduction import REDUCTION, ReducedTo, Reduction


def _units(count: int, rank: int, dim: int) -> np.ndarray:
    chance = np.random.default_rng(0)
    vectors = chance.standard_normal((count, rank)) @ chance.standard_normal((rank, dim))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_what_lies_along_few_axes_keeps_its_cosines() -> None:
    vectors = _units(100, 4, 32)
    reduction = Reduction.of(vectors, 4)
    short = reduction.apply(vectors)
    assert short.shape == (100, 4)
    np.testing.assert_allclose(reduction.axes.T @ reduction.axes, np.eye(4), atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(short, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(short @ short.T, vectors @ vectors.T, atol=1e-4)
    np.testing.assert_allclose(reduction.undo(short), vectors, atol=1e-4)


def test_of_fewer_vectors_than_axes_there_are_axes_all_the_same() -> None:
    reduction = Reduction.of(_units(2, 2, 8), 6)
    np.testing.assert_allclose(reduction.axes.T @ reduction.axes, np.eye(6), atol=1e-5)


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    reduction = Reduction.of(_units(50, 8, 8), 3)
    told = reduction.write(tmp_path)
    assert told.dim == 3
    np.testing.assert_array_equal(Reduction.read(tmp_path, told).axes, reduction.axes)


def test_what_is_missing_or_another_is_refused(tmp_path: Path) -> None:
    told = Reduction.of(_units(50, 8, 8), 3).write(tmp_path)
    for wrong in (ReducedTo(dim=2, sha256=told.sha256), ReducedTo(dim=3, sha256="0" * 64)):
        with pytest.raises(ArtifactInvalid):
            Reduction.read(tmp_path, wrong)
    (tmp_path / REDUCTION).write_bytes(b"nonsense")
    with pytest.raises(ArtifactInvalid):
        Reduction.read(tmp_path, told)
    (tmp_path / REDUCTION).unlink()
    with pytest.raises(ArtifactInvalid):
        Reduction.read(tmp_path, told)
