import numpy as np
import pytest
from pgvector import HalfVector

from workers.vectors import read_halfvec, read_halfvecs, unit


@pytest.mark.parametrize("dim", [1, 3, 512])
def test_a_binary_halfvec_is_read_as_it_was_stored(dim: int) -> None:
    values = np.random.default_rng(dim).normal(size=dim).astype(np.float32)
    stored = HalfVector(values)
    found = read_halfvec(stored.to_binary())
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, stored.to_numpy().astype(np.float32))
    np.testing.assert_allclose(found, values, rtol=1e-3, atol=1e-6)


def test_a_vector_is_scaled_to_length_one() -> None:
    np.testing.assert_allclose(unit(np.array([3.0, 4.0])), [0.6, 0.8])


def test_a_vector_of_zeros_stays_so() -> None:
    np.testing.assert_array_equal(unit(np.zeros(3)), np.zeros(3))


def test_several_are_read_as_each_of_them_alone() -> None:
    chance = np.random.default_rng(3)
    stored = [HalfVector(chance.normal(size=dim).astype(np.float32)).to_binary() for dim in (3, 1, 512, 3)]
    found = read_halfvecs(stored)
    assert [each.dtype for each in found] == [np.float32] * 4
    for own, alone in zip(found, map(read_halfvec, stored), strict=True):
        np.testing.assert_array_equal(own, alone)
    assert read_halfvecs([]) == []
