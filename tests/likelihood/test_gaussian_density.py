"""Densities of Gaussian visible units: log Z, what is missing, against the oracle."""

import itertools
import math

import numpy as np
import pytest
from model_cases import GAUSSIAN, by_name
from scipy.stats import norm

from skboltz.likelihood import _posterior as missing
from skboltz.likelihood import (
    conditional_means,
    exact_log_likelihood,
    exact_log_partition,
    is_tractable,
    marginal_free_energy,
    n_terms,
    pseudo_log_likelihood,
)
from skboltz.models import BipartiteParams
from skboltz.units import Bias
from skboltz.utils import each

FEW_VISIBLE = [case for case in GAUSSIAN if case.oracle.n_visible <= 2]
EXACT = {"rtol": 1e-11, "atol": 1e-11}


def in_float32(params):
    return each(lambda array: array.astype(np.float32), params)


# log Z ----------------------------------------------------------------------------


@pytest.mark.parametrize(**by_name(GAUSSIAN))
def test_log_partition(case):
    result = exact_log_partition(case.model, case.params)
    assert math.isclose(result.value, case.oracle.log_z, rel_tol=1e-12)
    assert (result.standard_error, result.method) == (0.0, "exact")


@pytest.mark.parametrize(**by_name(GAUSSIAN))
def test_both_sides_give_the_same_log_partition(case):
    swapped = case.model.swap(), case.model.swap_params(case.params)
    value = exact_log_partition(*swapped).value
    assert math.isclose(value, case.oracle.log_z, rel_tol=1e-12)
    assert n_terms(*swapped) == n_terms(case.model, case.params)


def test_many_blocks_give_the_same_as_one(monkeypatch):
    case = GAUSSIAN[2]
    monkeypatch.setattr("skboltz.sampling._enumeration._BLOCK_ELEMENTS", 4)
    value = exact_log_partition(case.model, case.params).value
    assert math.isclose(value, case.oracle.log_z, rel_tol=1e-12)


@pytest.mark.parametrize(**by_name(GAUSSIAN))
def test_float32_parameters_are_summed_in_float64(case):
    """The parameters are rounded, by 6e-8 of themselves, and nothing else is.

    log Z is a mean of exponents: it moves by no more than all its terms together,
    z having a slope of m^2 / (2 s2) at most.
    """
    (w, (b, z), (c,)), oracle = case.params, case.oracle
    value = exact_log_partition(case.model, in_float32(case.params)).value
    largest = abs(b) + abs(w).sum(axis=0)
    terms = (largest**2 / np.exp(z) * (2 + abs(z))).sum() + abs(c).sum() + 1
    assert abs(value - oracle.log_z) < 6e-8 * terms


@pytest.mark.parametrize("n_hidden, n_visible, expected", [(16, 784, True), (25, 3, 0)])
def test_only_hidden_units_have_states_to_be_counted(n_hidden, n_visible, expected):
    visible = GAUSSIAN[0].params.visible
    params = BipartiteParams(
        np.zeros((n_hidden, n_visible)),
        each(lambda array: np.zeros(n_visible), visible),
        Bias(np.zeros(n_hidden)),
    )
    model = GAUSSIAN[0].model
    assert n_terms(model, params) == 2**n_hidden * n_visible
    assert is_tractable(model, params) is bool(expected)


def density(case, v, params=None):
    params = case.params if params is None else params
    log_z = exact_log_partition(case.model, case.params)
    return np.exp(exact_log_likelihood(case.model, params, v, log_z))


def grid(case):
    """All points of the trapezoidal rule, and the volume of each."""
    grids = [case.oracle.grid(i) for i in range(case.oracle.n_visible)]
    axes, gaps = zip(*grids, strict=True)
    return np.array(list(itertools.product(*axes))), math.prod(gaps)


@pytest.mark.parametrize(**by_name(FEW_VISIBLE))
def test_densities_integrate_to_one(case):
    """On a grid that takes in all components; its error is below 1e-15."""
    v, volume = grid(case)
    assert math.isclose(density(case, v).sum() * volume, 1, rel_tol=1e-10)
    visible = case.params.visible
    wide = visible._replace(log_variance=visible.log_variance + np.log(1.2))
    broken = density(case, v, case.params._replace(visible=wide))
    assert abs(broken.sum() * volume - 1) > 0.01


@pytest.mark.parametrize(**by_name(GAUSSIAN))
def test_log_likelihood_is_the_log_of_the_mixture(case):
    v = case.oracle.draw(6, np.random.default_rng(0))
    weights, means, variances = case.oracle.mixture()
    parts = norm.pdf(v[:, None], means, np.sqrt(variances)).prod(axis=2)
    np.testing.assert_allclose(density(case, v), parts @ weights, rtol=1e-10)


# What is missing ------------------------------------------------------------------


def rows_with_gaps(case, n=3):
    """A few rows with every pattern of missing values."""
    full = case.oracle.draw(n, np.random.default_rng(4))
    masks = itertools.product([False, True], repeat=case.oracle.n_visible)
    return np.concatenate([np.where(mask, np.nan, full) for mask in masks])


@pytest.mark.parametrize(**by_name(GAUSSIAN))
def test_what_is_missing_is_integrated_out(case):
    rows = rows_with_gaps(case)
    found = marginal_free_energy(case.model, case.params, rows)
    expected = [case.oracle.free_energy(row) for row in rows]
    np.testing.assert_allclose(found, expected, **EXACT)


@pytest.mark.parametrize(**by_name(GAUSSIAN))
def test_marginal_densities_are_mixtures_of_the_known_features(case):
    rows = rows_with_gaps(case)
    found = marginal_free_energy(case.model, case.params, rows)
    weights, means, variances = case.oracle.mixture()
    parts = norm.logpdf(rows[:, None], means, np.sqrt(variances))
    expected = np.log(np.exp(np.nansum(parts, axis=2)) @ weights)
    np.testing.assert_allclose(-found - case.oracle.log_z, expected, **EXACT)


@pytest.mark.parametrize(**by_name(GAUSSIAN))
def test_means_given_what_is_known(case):
    rows = rows_with_gaps(case)
    visible, hidden = conditional_means(case.model, case.params, rows)
    oracle = case.oracle
    np.testing.assert_allclose(visible, [oracle.visible_mean(r) for r in rows], **EXACT)
    np.testing.assert_allclose(hidden, [oracle.hidden_mean(r) for r in rows], **EXACT)
    np.testing.assert_array_equal(visible[~np.isnan(rows)], rows[~np.isnan(rows)])


@pytest.mark.parametrize(**by_name(FEW_VISIBLE))
def test_a_wrong_variance_is_noticed_in_what_is_missing(case):
    visible = case.params.visible
    wide = visible._replace(log_variance=visible.log_variance + np.log(1.2))
    broken, rows = case.params._replace(visible=wide), rows_with_gaps(case)
    found = marginal_free_energy(case.model, broken, rows)
    expected = [case.oracle.free_energy(row) for row in rows]
    assert (abs(found - expected) > 1e-3).all()


def test_rows_of_single_precision_are_worked_on_in_double():
    case = GAUSSIAN[3]
    rows = rows_with_gaps(case).astype(np.float32)
    found = marginal_free_energy(case.model, case.params, rows)
    expected = [case.oracle.free_energy(row) for row in rows.astype(float)]
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, **EXACT)


@pytest.mark.parametrize(**by_name(GAUSSIAN[:5]))
def test_too_many_states_are_sampled(case, monkeypatch):
    """Where no side is small: annealing and chains come near what is exact.

    300 temperatures leave a work of order 1/300 of the barrier: 0.1 is far beyond.
    Means of 200 sweeps, some of which count, have errors of some 2 / sqrt(50).
    """
    rows = rows_with_gaps(case, n=1)
    weight = marginal_free_energy(case.model, case.params, rows)
    exact = conditional_means(case.model, case.params, rows)
    monkeypatch.setattr(missing, "EXACT_TERMS", 0)
    found = marginal_free_energy(case.model, case.params, rows)
    np.testing.assert_allclose(found, weight, atol=0.1)
    sampled = conditional_means(case.model, case.params, rows)
    deviation = math.sqrt(max(case.oracle.moments()[1]))
    np.testing.assert_allclose(sampled[0], exact[0], atol=0.3 * deviation)
    np.testing.assert_allclose(sampled[1], exact[1], atol=0.3)


# One given all others -------------------------------------------------------------


@pytest.mark.parametrize(**by_name(GAUSSIAN))
def test_conditionals_of_the_oracle_obey_the_product_rule(case):
    v = tuple(case.oracle.draw(1, np.random.default_rng(5))[0])
    for i in range(len(v)):
        others = (*v[:i], math.nan, *v[i + 1 :])
        expected = case.oracle.log_density(v) - case.oracle.log_density(others)
        found = case.oracle.log_conditional(v, i)
        assert math.isclose(found, expected, rel_tol=1e-11, abs_tol=1e-11)


@pytest.mark.parametrize(**by_name(GAUSSIAN))
def test_pseudo_likelihood_is_the_sum_of_conditionals(case):
    rows = case.oracle.draw(4, np.random.default_rng(6))
    found = pseudo_log_likelihood(case.model, case.params, rows)
    expected = [
        sum(case.oracle.log_conditional(tuple(row), i) for i in range(len(row)))
        for row in rows
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)
