"""Capacities against integrals, the equations behind them, and published figures."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from skboltz.theory import (
    critical_load,
    gardner_capacity,
    gardner_load,
    hebb_capacity,
    one_step_error,
    pseudo_inverse_capacity,
    retrieval_error,
    retrieval_overlap,
    storkey_capacity,
)

pytestmark = pytest.mark.no_kernel

# load: share of wrong units, to the digits of the table that the project keeps.
ERRORS = {0.08: 0.000221, 0.10: 0.001000, 0.12: 0.003389, 0.13: 0.006394}
ERRORS |= {0.135: 0.009604}
LOADS = [0.02, 0.05, *ERRORS, 0.1379]


def normal(t):
    return math.exp(-t * t / 2) / math.sqrt(2 * math.pi)


# One step -------------------------------------------------------------------------


@pytest.mark.parametrize("load", [0.02, 0.105, 0.138, 0.61, 5.0])
def test_one_step_error_is_the_tail_of_the_crosstalk(load):
    """The crosstalk is normal with variance `load`; the signal is 1."""
    scale = math.sqrt(load)
    tail, _ = quad(lambda x: normal(x / scale) / scale, -np.inf, -1, epsabs=1e-14)
    assert one_step_error(load) == pytest.approx(tail, rel=1e-7)


def test_one_step_errors_of_the_textbook():
    errors = {0.105: (0.001, 4), 0.138: (0.0036, 4), 0.185: (0.01, 3), 0.37: (0.05, 3)}
    for load, (error, digits) in (errors | {0.61: (0.1, 3)}).items():
        assert round(one_step_error(load), digits) == error


@pytest.mark.parametrize("own, good", [(False, True), (True, False)])
def test_one_step_error_of_random_patterns(own, good):
    """Field signs under Hebb's rule; couplings of a unit to itself must not pass.

    Times n, the field is n - 1 and a sum of (n - 1)(P - 1) independent signs; a tie
    keeps its unit, and as the field takes every second integer only, that moves the
    edge from 0 to -1: the load of the normal tail is (n - 1)(P - 1) / n^2.  The sets
    are independent, so that their mean has a standard error; 5 of them are allowed.
    """
    n, n_patterns, n_sets = 200, 30, 250
    rng, rates = np.random.default_rng(0), []
    for _ in range(n_sets):
        patterns = rng.choice([-1.0, 1.0], size=(n_patterns, n))
        coupling = patterns.T @ patterns
        np.fill_diagonal(coupling, n_patterns * own)
        rates.append((patterns * (patterns @ coupling) < 0).mean())
    bound = 5 * np.std(rates, ddof=1) / math.sqrt(n_sets)
    expected = one_step_error((n - 1) * (n_patterns - 1) / n**2)
    assert (abs(np.mean(rates) - expected) < bound) == good


# Many steps -----------------------------------------------------------------------


def saddle_point(m, r, load):
    """What the equations of Amit, Gutfreund and Sompolinsky make of (m, r).

    At zero temperature every average over the Gaussian noise z of the other patterns
    is one of sign(m + sqrt(load r) z): m is its mean, and C the derivative of the mean
    by the field, by parts the mean of z sign(...) / sqrt(load r).
    """
    width = math.sqrt(load * r)
    edge = -m / width
    positive, _ = quad(normal, edge, np.inf, epsabs=1e-14)
    slope, _ = quad(lambda z: z * normal(z), edge, np.inf, epsabs=1e-14)
    # The mean of z sign() over the line is twice that over its positive part.
    susceptibility = 2 * slope / width
    return 2 * positive - 1, 1 / (1 - susceptibility) ** 2


def iterate(load):
    """Iteration of the two equations from the pattern, until m falls below one half."""
    m, r = 1.0, 1.0
    for _ in range(20_000):
        width = math.sqrt(2 * load * r)
        susceptibility = math.sqrt(2 / (math.pi * load * r)) * math.exp(
            -((m / width) ** 2)
        )
        new = math.erf(m / width), 1 / (1 - susceptibility) ** 2
        if max(abs(new[0] - m), abs(new[1] - r)) < 1e-15 or m < 0.5:
            break
        m, r = new
    return m, r


@pytest.mark.parametrize("load", LOADS)
def test_overlap_solves_the_saddle_point_equations(load):
    m = retrieval_overlap(load)
    _, r = iterate(load)
    again, noise = saddle_point(m, r, load)
    assert again == pytest.approx(m, abs=1e-9)
    assert noise == pytest.approx(r, rel=1e-6)
    assert iterate(load)[0] == pytest.approx(m, abs=1e-9)


@pytest.mark.parametrize("load", [load for load in LOADS if load >= 0.05])
def test_the_judge_of_overlaps_refuses_wrong_ones(load):
    """The overlap after one step, and noise of the other patterns left at r = 1."""
    one_step = 1 - 2 * one_step_error(load)
    assert abs(saddle_point(one_step, iterate(load)[1], load)[0] - one_step) > 1e-8
    assert abs(saddle_point(one_step, 1.0, load)[1] - 1) > 1e-5


@pytest.mark.parametrize("load, error", ERRORS.items())
def test_errors_to_the_printed_digits(load, error):
    assert round(retrieval_error(load), 6) == error


def test_critical_load_to_the_printed_digits():
    assert round(critical_load(), 10) == 0.1379055665
    assert round(retrieval_overlap(critical_load()), 6) == 0.967417
    assert round(100 * retrieval_error(critical_load()), 4) == 1.6291


def test_critical_load_is_where_iteration_first_falls_to_nothing():
    assert iterate(critical_load() - 1e-4)[0] > 0.96
    assert iterate(critical_load() + 1e-4)[0] < 0.5


def test_nothing_is_recalled_beyond_the_critical_load():
    beyond = [critical_load() * (1 + 1e-12), 0.14, 1.0, 100.0]
    np.testing.assert_array_equal(retrieval_overlap(beyond), 0)
    np.testing.assert_array_equal(retrieval_error(beyond), 0.5)


def test_error_is_half_of_what_the_overlap_lacks():
    loads = np.linspace(0.03, 0.2, 30).reshape(5, 6)
    overlap, error = retrieval_overlap(loads), retrieval_error(loads)
    assert overlap.shape == error.shape == (5, 6)
    np.testing.assert_allclose(error, (1 - overlap) / 2, atol=1e-16)


def test_any_small_load_has_a_larger_root():
    """Errors rise with the load, and stay above those of the first step."""
    loads = np.geomspace(2e-3, critical_load(), 2000)
    errors = retrieval_error(loads)
    assert all(a < b for a, b in pairwise(errors))
    assert (errors > one_step_error(loads) * (1 - 1e-12)).all()
    assert np.isfinite(retrieval_error(np.geomspace(1e-300, 1e-3, 200))).all()


def test_no_patterns_no_error():
    assert one_step_error(0) == retrieval_error(0) == 0
    assert retrieval_overlap(0) == 1


# Capacities -----------------------------------------------------------------------


@pytest.mark.parametrize("stability", [0.0, 0.1, 0.5, 1.0, 2.5, 6.0])
def test_gardner_load_is_the_inverse_of_the_integral(stability):
    integral, _ = quad(lambda t: normal(t) * (t + stability) ** 2, -stability, np.inf)
    assert gardner_load(stability) == pytest.approx(1 / integral, rel=1e-7)
    # Negative control: the other limit of the integral.
    other, _ = quad(lambda t: normal(t) * (t + stability) ** 2, stability, np.inf)
    assert stability == 0 or abs(gardner_load(stability) * other - 1) > 1e-3


def test_gardner_load_in_its_limits():
    assert gardner_load() == 2
    # The integral is K^2 + 1 but for a tail of exp(-K^2 / 2).
    assert gardner_load(30.0) == pytest.approx(1 / 901, rel=1e-14)
    np.testing.assert_array_equal(
        gardner_load([[0.0, 1.0]]), [[gardner_load(0.0), gardner_load(1.0)]]
    )
    assert gardner_capacity(50, 1.0) == 50 * gardner_load(1.0)


def test_hebb_capacity_of_a_thousand_units():
    assert round(hebb_capacity(1000), 1) == 72.4
    assert round(hebb_capacity(1000, perfect="all"), 1) == 36.2


@pytest.mark.parametrize("perfect, power", [("one", 1), ("all", 2)])
def test_hebb_capacity_is_where_errors_begin_to_be_expected(perfect, power):
    """The expected number of errors, n Q or n P Q, goes to 0 below it, not above."""

    def expected(n, factor):
        n_patterns = factor * hebb_capacity(n, perfect=perfect)
        return n * n_patterns ** (power - 1) * one_step_error(n_patterns / n)

    below = [expected(10**k, 0.8) for k in (6, 12, 24, 48)]
    above = [expected(10**k, 1.25) for k in (6, 12, 24, 48)]
    assert all(a > b for a, b in pairwise(below)) and below[-1] < 1e-3
    assert all(a < b for a, b in pairwise(above)) and above[-1] > 1e3


def test_storkey_and_pseudo_inverse_capacities():
    assert round(storkey_capacity(100), 1) == 33.0
    assert round(storkey_capacity(1000)) == 269
    assert pseudo_inverse_capacity(100) == 100


def test_better_rules_keep_more():
    for n in (50, 1000, 10**6):
        capacities = [
            hebb_capacity(n, perfect="all"),
            hebb_capacity(n),
            storkey_capacity(n),
            pseudo_inverse_capacity(n),
            gardner_capacity(n),
        ]
        assert all(a < b for a, b in pairwise(capacities))


# Arguments ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "function", [one_step_error, retrieval_error, retrieval_overlap]
)
@pytest.mark.parametrize("load", [-0.1, np.nan, np.inf, [0.1, -0.1], "many", None])
def test_loads_out_of_range(function, load):
    with pytest.raises(ValueError, match="load must be .* at least 0"):
        function(load)


@pytest.mark.parametrize("stability", [-0.1, np.nan, np.inf, "wide"])
def test_stabilities_out_of_range(stability):
    with pytest.raises(ValueError, match="stability must be .* at least 0"):
        gardner_load(stability)


@pytest.mark.parametrize(
    "function",
    [hebb_capacity, storkey_capacity, pseudo_inverse_capacity, gardner_capacity],
)
def test_numbers_of_units_out_of_range(function):
    assert type(function(100)) is float
    for n_units in (1, 0, 10.5, "ten", None):
        with pytest.raises(ValueError, match="n_units must be an integer >= 2"):
            function(n_units)


def test_unknown_kind_of_perfection():
    with pytest.raises(ValueError, match="perfect must be one of"):
        hebb_capacity(100, perfect="most")


@pytest.mark.parametrize(
    "function", [one_step_error, retrieval_error, retrieval_overlap, gardner_load]
)
def test_a_number_gives_a_float_and_a_list_an_array(function):
    assert type(function(0.1)) is float
    assert function([0.1, 0.2]).shape == (2,)
