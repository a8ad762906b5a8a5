"""Draws of the units that invert a distribution function, far out in its tails.

Thresholds are exact: the number drawn changes where the distribution function, summed
or integrated by loops, says so.
"""

import math

import numpy as np
import pytest

from skboltz.units import POISSON, RECTIFIED, Bias, BinomialUnit

FREE = Bias(np.zeros(1))
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def poisson_logs(rate):
    return lambda k: k * math.log(rate) - rate - math.lgamma(k + 1)


def binomial_logs(n, p):
    def log(k):
        choices = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
        return choices + k * math.log(p) + (n - k) * math.log1p(-p)

    return log


def odds_at(log, k, last):
    """P(X <= k) / P(X > k), both summed term by term from the far ends."""
    below = math.fsum(math.exp(log(i)) for i in range(k + 1))
    above = math.fsum(math.exp(log(i)) for i in range(k + 1, last + 1))
    return below / above if above else math.inf


@pytest.mark.parametrize(
    "rate, k",
    [(1e-6, 0), (1e-6, 1), (0.3, 0), (0.3, 12), (20.0, 2), (20.0, 90), (1e4, 10_000)]
    + [(1e4, 9_300), (1e4, 10_700), (200.0, 100), (200.0, 330)],
)
def test_a_count_is_left_exactly_at_its_threshold(rate, k):
    log = poisson_logs(rate)
    threshold = odds_at(log, k, k + 2000)
    field = np.full((1, 2), math.log(rate))
    sides = np.array([[threshold * (1 - 1e-8), threshold * (1 + 1e-8)]])
    drawn = POISSON.sample(Bias(np.zeros(2)), field, sides)
    np.testing.assert_array_equal(drawn, [[k, k + 1]])


@pytest.mark.parametrize(
    "n, p", [(1, 0.3), (5, 1e-7), (20, 0.999), (500, 0.1), (70, 0.5)]
)
def test_a_number_of_successes_is_left_exactly_at_its_threshold(n, p):
    log, field = binomial_logs(n, p), np.full((1, 2), math.log(p) - math.log1p(-p))
    for k in {0, n // 10, n // 2, n - 1}:
        threshold = odds_at(log, k, n)
        if not 1e-200 < threshold < 1e200:
            continue
        sides = np.array([[threshold * (1 - 1e-8), threshold * (1 + 1e-8)]])
        drawn = BinomialUnit(n).sample(Bias(np.zeros(2)), field, sides)
        np.testing.assert_array_equal(drawn, [[k, k + 1]])


@both_dtypes
def test_counts_of_every_rate_are_those_of_the_law(dtype):
    """Uniform numbers in equal steps: each count gets its share of them."""
    n = 20_000
    u = (np.arange(n) + 0.5) / n
    odds = (u / (1 - u)).astype(dtype)[:, None]
    for rate in (0.01, 1.0, 29.0, 31.0, 1e3):
        field = np.full((n, 1), math.log(rate), dtype)
        drawn = POISSON.sample(FREE, field, odds)[:, 0]
        log = poisson_logs(float(np.exp(np.float64(field[0, 0]))))
        assert drawn.dtype == dtype
        for k in np.unique(drawn)[:: max(1, int(rate) // 5)]:
            below = math.fsum(math.exp(log(i)) for i in range(int(k) + 1))
            assert abs((drawn <= k).mean() - below) < 1.5 / n


def test_rates_without_end_do_not_hang():
    field = np.array([[700.0, 1e6, 60.0]])
    with np.errstate(over="ignore"):
        drawn = POISSON.sample(Bias(np.zeros(3)), field, np.ones((1, 3)))
    np.testing.assert_allclose(drawn, np.exp(np.minimum(field, 709.78)), rtol=0.01)


def tail(field, h):
    """P(H > h), the integral of exp(field x - x^2 / 2), led by its largest value."""
    nodes, weights = np.polynomial.legendre.leggauss(60)

    def log_density(x):
        return field * x - x * x / 2

    length = 40 / max(1.0, abs(field)) if field < 0 else 12.0
    start = max(h, field - 12) if field > 0 else h
    parts = np.linspace(start, max(start, field) + length, 60)
    everywhere = np.linspace(max(0, field - 12), max(0, field) + length, 60)

    def integral(ends):
        total = 0.0
        for a, b in zip(ends[:-1], ends[1:], strict=True):
            x = (a + b) / 2 + (b - a) / 2 * nodes
            total += (b - a) / 2 * np.dot(weights, np.exp(log_density(x) - top))
        return total

    top = log_density(max(field, 0.0))
    return integral(parts) / integral(everywhere)


@pytest.mark.parametrize("field", [-1e6, -2e4, -500.0, -40.0, -3.0, 0.0, 2.0, 40.0])
def test_rectified_values_have_their_tails(field):
    scale = 1 / max(1.0, -field)
    for u in (1e-9, 0.01, 0.5, 0.99, 1 - 1e-9):
        odds = np.array([[u / (1 - u)]])
        h = RECTIFIED.sample(FREE, np.array([[field]]), odds)[0, 0]
        assert 0 <= h < max(0, field) + 30 * scale
        # A slope of the tail turns errors of h into errors of probabilities.
        assert math.isclose(tail(field, h), 1 - u, rel_tol=3e-7)


@both_dtypes
@pytest.mark.parametrize("field", [-1e6, -101.0, -99.0, -40.0, -3.0, 0.0, 5.0, 40.0])
def test_rectified_means_and_sums_keep_their_digits(field, dtype):
    """Against the integral; by differences they would be lost at -40."""
    field = float(dtype(field))
    length = 40 / max(1.0, -field) if field < 0 else field + 12
    nodes, weights = np.polynomial.legendre.leggauss(60)
    total = first = 0.0
    top = max(field, 0.0) ** 2 / 2
    ends = np.linspace(0, length, 120)
    for a, b in zip(ends[:-1], ends[1:], strict=True):
        x = (a + b) / 2 + (b - a) / 2 * nodes
        share = (b - a) / 2 * weights * np.exp(field * x - x * x / 2 - top)
        total, first = total + share.sum(), first + share @ x
    found = np.array([[field]], dtype)
    rtol = 1e-6 if dtype is np.float32 else 1e-10
    mean, log_partition = (
        RECTIFIED.mean(FREE, found),
        RECTIFIED.log_partition(FREE, found),
    )
    np.testing.assert_allclose(mean, first / total, rtol=rtol)
    np.testing.assert_allclose(
        log_partition, math.log(total) + top, rtol=rtol, atol=rtol
    )


@pytest.mark.parametrize("mean", [1e-7, 1e-3, 0.5, 30.0])
def test_rectified_units_can_have_any_mean(mean):
    bias = RECTIFIED.free_params(np.array([mean])).bias
    np.testing.assert_allclose(RECTIFIED.mean(FREE, bias), mean, rtol=1e-9)
