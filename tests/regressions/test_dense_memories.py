"""Two readers stored patterns in dense associative memories, and met these."""

import warnings

import numpy as np
import pytest

from skboltz import DataRangeWarning, DenseAssociativeMemory
from skboltz.models import (
    Euclidean,
    Polynomial,
    RectifiedPolynomial,
    Softmax,
)
from skboltz.theory import (
    exponential_capacity_rate,
    polynomial_capacity,
    retrieval_beta,
    separation,
    storage_constant,
    suggested_beta,
)

NEAR = np.random.default_rng(0).normal(0, 1, (100, 5))
FAR = pytest.mark.parametrize(
    "shift, dtype",
    [(1e3, np.float32), (1e4, np.float32), (1e8, np.float64), (10**9, np.int64)],
)


def moved(shift, dtype):
    """Rows far from the origin, and the same rows near it."""
    rows = 100 * NEAR if dtype == np.int64 else NEAR
    X = (rows + shift).astype(dtype)
    return X, X.astype(np.float64) - shift


@FAR
def test_rows_far_from_the_origin_are_found(shift, dtype):
    """12 % of float32 rows at +1000 predicted another row, 98 % at +10000."""
    X, near = moved(shift, dtype)
    memory = DenseAssociativeMemory().fit(X)
    expected = DenseAssociativeMemory().fit(near)
    np.testing.assert_array_equal(memory.predict(X), expected.predict(near))
    assert memory.interaction_.beta == pytest.approx(expected.interaction_.beta)
    recalled = memory.transform(X)
    allowed = 8 * np.finfo(recalled.dtype).eps * shift + 1e-5 * np.abs(near).max()
    np.testing.assert_allclose(
        recalled.astype(float) - shift, expected.transform(near), atol=allowed
    )


@FAR
def test_energies_far_from_the_origin(shift, dtype):
    """Energies at +1000 were off by 0.5, and rose by 0.39 in recall."""
    X, near = moved(shift, dtype)
    memory = DenseAssociativeMemory(beta=2.0 if shift < 10**9 else 2e-4).fit(X)
    expected = memory.interaction_.energy(near, near)
    np.testing.assert_allclose(memory.energy(X), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        memory.interaction_.energy(X, X), expected, rtol=1e-5, atol=1e-6
    )
    result = memory.recall(X)
    assert result.converged.all()
    rise = np.diff(result.energies, axis=0).max(initial=0)
    assert rise <= np.finfo(result.patterns.dtype).eps * shift


@FAR
def test_gaps_far_from_the_origin(shift, dtype):
    """Cues with gaps met the same cancellation in the squares of what is known."""
    X, near = moved(shift, dtype)
    memory = DenseAssociativeMemory().fit(X)
    cues = X.astype(np.result_type(dtype, np.float32))
    cues[:, 4] = np.nan
    found = memory.transform(cues).astype(float) - shift
    gaps = near.copy()
    gaps[:, 4] = np.nan
    expected = DenseAssociativeMemory().fit(near).transform(gaps)
    np.testing.assert_allclose(found, expected, atol=0.02 * near.std())


@FAR
def test_separations_do_not_depend_on_the_origin(shift, dtype):
    """suggested_beta fell back to 1, retrieval_beta to infinity, of different rows."""
    X, near = moved(shift, dtype)
    for function in (separation, suggested_beta, retrieval_beta):
        found, expected = function(X, "euclidean"), function(near, "euclidean")
        np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_a_single_memory_far_from_the_origin():
    """Less their mean, nothing is left of one memory; it is recalled all the same."""
    memory = DenseAssociativeMemory().fit([[1e8, 2e8]])
    np.testing.assert_array_equal(memory.transform([[0.0, 1.0]]), [[1e8, 2e8]])


def test_zeros_near_the_origin_stay_zeros():
    """A mean subtracted and added again would leave crumbs where pictures are black."""
    X = np.random.default_rng(0).integers(0, 2, (50, 20)) * 255.0
    recalled = DenseAssociativeMemory(beta=1.0).fit(X).transform(X)
    np.testing.assert_allclose(recalled, X, rtol=0, atol=1e-100)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, bool])
@pytest.mark.parametrize("similarity", [None, Euclidean()])
def test_energies_of_integer_patterns(dtype, similarity):
    """Squares were added up in 8 bits: -304781 in place of 16094."""
    part = Softmax(0.01) if similarity is None else Softmax(0.01, similarity)
    X = np.random.default_rng(0).integers(0, 256, (10, 8)).astype(dtype)
    expected = part.energy(X.astype(float), X.astype(float))
    np.testing.assert_allclose(part.energy(X, X), expected, rtol=1e-12)
    expected = part.update(X.astype(float), X.astype(float))
    np.testing.assert_allclose(part.update(X, X), expected, rtol=1e-12)


@pytest.mark.parametrize("similarity", ["euclidean", "dot"])
def test_energies_of_integers_do_not_rise(similarity):
    """Added up in float32, energies of 8e4 rose by 0.26."""
    X = np.random.default_rng(0).integers(0, 256, (60, 64), dtype=np.uint8)
    cues = X[:20] ^ np.uint8(3)
    memory = DenseAssociativeMemory(similarity=similarity, beta=1e-4).fit(X)
    result = memory.recall(cues)
    assert result.patterns.dtype == np.float32
    assert np.diff(result.energies, axis=0).max() < 1e-3


@pytest.mark.parametrize("kind", [Polynomial, RectifiedPolynomial])
@pytest.mark.parametrize("degree", [0, -2, 2.5, "3", None])
def test_degrees_are_checked(kind, degree):
    """Degree 0 and -2 meant 1, and 2.5 failed far below."""
    with pytest.raises(ValueError, match="degree must be an integer of at least 1"):
        kind(degree)


@pytest.mark.parametrize("beta", [0, -1.0, np.nan, np.inf, "auto"])
def test_inverse_temperatures_are_checked(beta):
    """Softmax(0) divided by it, and NaN recalled NaN."""
    with pytest.raises(ValueError, match="beta must be a finite number above 0"):
        Softmax(beta)


@pytest.mark.parametrize("share", [-0.1, 0.6, 1.0, np.nan])
def test_shares_of_wrong_units_are_checked(share):
    """Beyond 1/2 the rate rose again."""
    with pytest.raises(ValueError, match="corrupted must be from 0 to 1/2"):
        exponential_capacity_rate(share)


@pytest.mark.parametrize(
    "n_units, degree, name",
    [
        (100, 1, "degree"),
        (100, 2.5, "degree"),
        (1, 3, "n_units"),
        (10**9, 50, "degree"),
    ],
)
def test_parameters_of_the_capacity_are_checked(n_units, degree, name):
    """Degree 1 had a capacity, and large ones an OverflowError or 0."""
    with pytest.raises(ValueError, match=f"{name} must be"):
        polynomial_capacity(n_units, degree)


@pytest.mark.parametrize(
    "name, value",
    [("n_features", 1), ("beta", 0), ("radius", -1), ("failure", 0), ("failure", 1)],
)
def test_parameters_of_the_storage_constant_are_checked(name, value):
    """One feature divided by zero."""
    good = {"beta": 1, "radius": 3, "n_features": 20, "failure": 0.001}
    with pytest.raises(ValueError, match=f"{name} must be"):
        storage_constant(**{**good, name: value})


@pytest.mark.parametrize("first", [(-1, 1), (0, 1)])
def test_memories_keep_one_convention(first):
    """Rows of 0 and 1 after rows of -1 and +1 were stored as they came."""
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2, (6, 30))
    signs = 2 * bits - 1
    rows = (signs, bits) if first[0] < 0 else (bits, signs)
    memory = DenseAssociativeMemory("exponential").fit(rows[0][:3])
    with pytest.warns(DataRangeWarning, match="other than"):
        memory.partial_fit(rows[1][3:])
    np.testing.assert_array_equal(memory.memories_, rows[0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        memory.partial_fit(rows[0][:1])
    np.testing.assert_array_equal(memory.transform(rows[0]), rows[0])


@pytest.mark.parametrize("scale", [1e-155, 1e-200])
@pytest.mark.parametrize("similarity", ["euclidean", "dot"])
def test_squares_that_vanish(scale, similarity):
    """Rows of the size 1e-200 recalled their plain average, and nothing was said."""
    with pytest.raises(ValueError, match="too small"):
        DenseAssociativeMemory(similarity=similarity).fit(scale * NEAR)
    DenseAssociativeMemory().fit(0 * NEAR)
