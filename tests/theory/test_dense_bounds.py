"""Bounds of the theorems: published figures, and what they promise."""

import math

import numpy as np
import pytest

from skboltz.models import Dot, Euclidean, Softmax
from skboltz.theory import (
    exponential_capacity_rate,
    polynomial_capacity,
    retrieval_beta,
    retrieval_error_bound,
    separation,
    storage_constant,
    suggested_beta,
)

pytestmark = pytest.mark.no_kernel

SIMILARITIES = {"dot": Dot(), "euclidean": Euclidean()}


def by_loops(X, similarity):
    """Delta of every pattern, pair by pair."""

    def like(x, y):
        return x @ y if similarity == "dot" else -((x - y) ** 2).sum() / 2

    return [
        like(x, x) - max(like(x, y) for j, y in enumerate(X) if j != i)
        for i, x in enumerate(X)
    ]


def sphere(n, d, seed=0):
    X = np.random.default_rng(seed).standard_normal((n, d))
    return X / np.linalg.norm(X, axis=1, keepdims=True)


@pytest.mark.parametrize("similarity", SIMILARITIES)
@pytest.mark.parametrize("side", [1, 4, 2**10])
def test_separation_by_loops_whatever_the_blocks(similarity, side, monkeypatch):
    monkeypatch.setattr("skboltz.theory._dense_bounds._SIDE", side)
    X = np.random.default_rng(0).standard_normal((11, 3))
    expected = by_loops(X, similarity)
    np.testing.assert_allclose(separation(X, similarity), expected, rtol=1e-12)
    some = np.array([7, 2])
    np.testing.assert_allclose(
        separation(X, similarity, some), np.array(expected)[some], rtol=1e-12
    )


def test_separation_of_integers_and_of_one():
    X = np.array([[200, 0], [0, 200]], np.uint8)
    np.testing.assert_array_equal(separation(X), [40_000, 40_000])
    assert separation(X[:1]) == np.inf
    with pytest.raises(ValueError, match="shape"):
        separation(X[:0])
    with pytest.raises(ValueError, match="similarity must be"):
        separation(X, "cosine")


def holds(X, beta, similarity):
    """Theorem 4's inequality, written out."""
    n, centre = len(X), X.mean(axis=0) if similarity == "euclidean" else 0
    square = ((X - centre) ** 2).sum(axis=1).max()
    need = 2 / (beta * n) + math.log(2 * (n - 1) * n * beta * square) / beta
    return (separation(X, similarity) >= need).all()


@pytest.mark.parametrize("similarity", SIMILARITIES)
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("n", [2, 3, 100])
def test_retrieval_beta_is_the_least(similarity, scale, n):
    X = scale * sphere(n, 20)
    beta = retrieval_beta(X, similarity)
    assert holds(X, beta, similarity)
    assert all(holds(X, factor * beta, similarity) for factor in (1.001, 2, 1e6))
    assert not holds(X, beta * (1 - 1e-6), similarity)


def test_no_beta_tells_equal_rows():
    X = np.repeat(sphere(3, 5), 2, axis=0)
    assert retrieval_beta(X) == retrieval_beta(X, "euclidean") == np.inf
    assert retrieval_beta(X[:1]) == 0
    assert retrieval_beta(np.array([[1.0], [2.0]])) == np.inf  # in its shadow
    assert suggested_beta(X) == 1
    assert np.isfinite(suggested_beta(np.vstack([X, sphere(3, 5, 1)])))


@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_retrieval_keeps_its_promise(similarity):
    """From within 1/(beta N M) one update ends within the bound; so does the limit."""
    X = sphere(200, 30)
    beta, n = retrieval_beta(X, similarity), len(X)
    update = Softmax(beta, SIMILARITIES[similarity]).update
    radius = 1 / (beta * n)
    start = X + radius * sphere(n, 30, seed=1)
    error = np.linalg.norm(update(X, start) - X, axis=1)
    assert (error <= retrieval_error_bound(X, beta, radius, similarity)).all()
    assert (error <= radius).all()
    limit = start
    for _ in range(20):
        limit = update(X, limit)
    assert (np.linalg.norm(limit - X, axis=1) <= radius).all()


def test_a_tenth_of_that_beta_breaks_the_promise():
    X = sphere(200, 30)
    beta = retrieval_beta(X) / 10
    error = np.linalg.norm(Softmax(beta).update(X, X) - X, axis=1)
    assert (error > 1 / (beta * len(X))).any()
    bound = retrieval_error_bound(X, beta)
    assert (error <= bound).all()
    # Without the separation of the worst pattern the bound would be wrong.
    assert (error > retrieval_error_bound(X, 10 * beta)).any()


@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_the_error_bound_holds_at_any_distance(similarity):
    X = sphere(50, 10)
    for beta in (1.0, 10.0, 100.0):
        for distance in (0.0, 0.01, 0.3):
            start = X + distance * sphere(50, 10, seed=2)
            update = Softmax(beta, SIMILARITIES[similarity]).update
            error = np.linalg.norm(update(X, start) - X, axis=1)
            bound = retrieval_error_bound(X, beta, distance, similarity)
            assert (error <= bound + 1e-12).all()


@pytest.mark.parametrize(
    "beta, radius, d, failure, expected",
    [(1, 3, 20, 0.001, 3.1546108), (1, 1, 75, 0.001, 1.3718777)],
)
def test_storage_constants_of_ramsauer(beta, radius, d, failure, expected):
    assert storage_constant(beta, radius, d, failure) == pytest.approx(
        expected, abs=1e-7
    )


def test_capacities_of_krotov_and_hopfield():
    """Printed as 11, 360 and 7240."""
    found = [polynomial_capacity(100, degree) for degree in (2, 3, 4)]
    np.testing.assert_allclose(found, [10.857, 361.9, 7238.2], rtol=1e-4)
    assert polynomial_capacity(100, 2) == pytest.approx(100 / (2 * math.log(100)))


def test_rates_of_demircigil():
    assert exponential_capacity_rate() == pytest.approx(math.log(2) / 2)
    assert exponential_capacity_rate(0.5) == 0
    a = 1 - 2 * 0.1
    rate = ((1 + a) * math.log(1 + a) + (1 - a) * math.log(1 - a)) / 4
    assert exponential_capacity_rate(0.1) == pytest.approx(rate)
