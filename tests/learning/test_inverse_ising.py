"""The inverse Ising problem against loops, and machines that are known."""

import warnings
from itertools import product
from math import exp, log

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from skboltz.learning import (
    all_pairs,
    data_moments,
    fit_moments,
    fit_pseudo_likelihood,
)
from skboltz.units import BERNOULLI, SPIN, TwoValuedUnit

pytestmark = pytest.mark.no_kernel

UNITS = [BERNOULLI, SPIN]


def machine(n, seed=0, scale=0.5):
    rng = np.random.default_rng(seed)
    J = np.triu(rng.normal(0, scale, (n, n)), 1)
    return J + J.T, rng.normal(0, scale, n)


def distribution(unit, J, b):
    """Every state and its probability, by loops."""
    states = list(product([unit.low, unit.high], repeat=len(b)))
    weights = []
    for s in states:
        energy = -sum(b[i] * s[i] for i in range(len(b)))
        for i in range(len(b)):
            for j in range(i):
                energy -= J[i][j] * s[i] * s[j]
        weights.append(exp(-energy))
    return np.array(states), np.array(weights) / sum(weights)


def moments(states, p):
    n = states.shape[1]
    pairs = [(i, j) for i in range(n) for j in range(i + 1, n)]
    means = [sum(p * states[:, i]) for i in range(n)]
    return np.array(means + [sum(p * states[:, i] * states[:, j]) for i, j in pairs])


def pseudo_log_likelihood(unit, rows, J, b):
    total = 0.0
    for s in rows.tolist():
        for i in range(len(b)):
            field = b[i] + sum(J[i][j] * s[j] for j in range(len(b)) if j != i)
            z = exp(unit.low * field) + exp(unit.high * field)
            total += s[i] * field - log(z)
    return total / len(rows)


def sample(unit, J, b, n_rows, seed=1):
    states, p = distribution(unit, J, b)
    return states[np.random.default_rng(seed).choice(len(p), n_rows, p=p)]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("scale", [0.1, 0.5, 1.5])
def test_the_machine_is_found_from_its_moments(unit, scale):
    J, b = machine(6, scale=scale)
    fit = fit_moments(unit, moments(*distribution(unit, J, b)), all_pairs(6))
    np.testing.assert_allclose(fit.params.coupling, J, atol=1e-6)
    np.testing.assert_allclose(fit.params.units.bias, b, atol=1e-6)
    assert fit.gradient <= 1e-10


def test_moments_of_data_are_matched():
    rows = sample(SPIN, *machine(9, scale=0.4), 500)
    wanted = moments(rows, np.full(500, 1 / 500))
    fit = fit_moments(SPIN, wanted, all_pairs(9))
    states, p = distribution(SPIN, fit.params.coupling.tolist(), fit.params.units.bias)
    np.testing.assert_allclose(moments(states, p), wanted, atol=1e-8)


@pytest.mark.parametrize("unit", UNITS)
def test_pseudo_likelihood_is_at_its_maximum(unit):
    """No small step in any direction raises it, by loops."""
    rows = sample(unit, *machine(4), 60)
    fit = fit_pseudo_likelihood(unit, rows, all_pairs(4), tol=1e-9)
    J, b = fit.params.coupling, fit.params.units.bias
    best, rng = pseudo_log_likelihood(unit, rows, J, b), np.random.default_rng(0)
    for _ in range(20):
        step_J, step_b = machine(4, rng.integers(2**32), 1e-3)
        moved = pseudo_log_likelihood(unit, rows, J + step_J, b + step_b)
        assert moved < best
    assert pseudo_log_likelihood(unit, rows, J * 1.2, b) < best


@pytest.mark.parametrize("unit", UNITS)
def test_pseudo_likelihood_finds_the_machine_from_its_distribution(unit):
    """Weighted by exact probabilities, both criteria have the same maximum."""
    J, b = machine(6)
    states, p = distribution(unit, J, b)
    fit = fit_pseudo_likelihood(unit, states, all_pairs(6), weight=p, tol=1e-9)
    np.testing.assert_allclose(fit.params.coupling, J, atol=1e-5)
    np.testing.assert_allclose(fit.params.units.bias, b, atol=1e-5)


def test_pseudo_likelihood_costs_little_accuracy():
    J, b = machine(10, scale=0.3)
    errors = []
    for seed in range(5):
        rows = sample(SPIN, J, b, 5000, seed)
        wanted = moments(rows, np.full(len(rows), 1 / len(rows)))
        exact = fit_moments(SPIN, wanted, all_pairs(10)).params.coupling
        pseudo = fit_pseudo_likelihood(SPIN, rows, all_pairs(10)).params.coupling
        # The control: a criterion that wastes two thirds of the rows.
        wasteful = fit_pseudo_likelihood(SPIN, rows[::3], all_pairs(10)).params.coupling
        found = exact, pseudo, wasteful
        errors.append([np.sqrt(np.mean((c - J) ** 2)) for c in found])
    exact, pseudo, wasteful = np.mean(errors, axis=0)
    assert pseudo < 1.2 * exact < wasteful


def test_penalties():
    rows = sample(SPIN, *machine(6), 300)
    wanted = moments(rows, np.full(300, 1 / 300))
    pairs = all_pairs(6)
    fit = fit_moments(SPIN, wanted, pairs, l2=0.5)
    states, p = distribution(SPIN, fit.params.coupling.tolist(), fit.params.units.bias)
    gap = wanted - moments(states, p)
    np.testing.assert_allclose(gap[:6], 0, atol=1e-9)
    couplings = fit.params.coupling[pairs.i, pairs.j]
    np.testing.assert_allclose(gap[6:], 0.5 * couplings, atol=1e-9)
    free, sparse = (
        fit_pseudo_likelihood(SPIN, rows, pairs, l1=l1).params.coupling
        for l1 in (0.0, 0.2)
    )
    assert (free[pairs.i, pairs.j] != 0).all()
    zero = sparse[pairs.i, pairs.j] == 0
    assert 0 < zero.sum() < len(zero)
    assert np.abs(sparse).sum() < np.abs(free).sum()


def test_l1_satisfies_its_conditions():
    """The slope is l1 sign(J) where J is not 0, and within l1 where it is."""
    rows, pairs, l1 = sample(SPIN, *machine(5), 400), all_pairs(5), 0.1
    fit = fit_pseudo_likelihood(SPIN, rows, pairs, l1=l1, tol=1e-8)
    J, b, h = fit.params.coupling, fit.params.units.bias, 1e-5
    for i, j in zip(pairs.i, pairs.j, strict=True):
        up, down = J.copy(), J.copy()
        up[i, j] = up[j, i] = J[i, j] + h
        down[i, j] = down[j, i] = J[i, j] - h
        slope = pseudo_log_likelihood(SPIN, rows, up, b)
        slope = (slope - pseudo_log_likelihood(SPIN, rows, down, b)) / (2 * h)
        if J[i, j]:
            assert slope == pytest.approx(l1 * np.sign(J[i, j]), abs=1e-5)
        else:
            assert abs(slope) <= l1 + 1e-5


def test_a_mask_keeps_couplings_at_zero():
    mask = np.ones((5, 5), bool)
    mask[0, 1] = mask[1, 0] = False
    pairs = all_pairs(5, mask)
    rows = sample(SPIN, *machine(5), 300)
    weight = np.full(300, 1 / 300)
    wanted = np.concatenate(
        [rows.mean(axis=0), (rows[:, pairs.i] * rows[:, pairs.j]).T @ weight]
    )
    for fit in (
        fit_moments(SPIN, wanted, pairs),
        fit_pseudo_likelihood(SPIN, rows, pairs),
    ):
        assert fit.params.coupling[0, 1] == 0
        assert (fit.params.coupling[0, 2:] != 0).all()


def test_a_unit_that_never_changes_is_named_and_to_be_dropped():
    rows = sample(SPIN, *machine(4), 100)
    rows[:, 0] = 1
    wanted = moments(rows, np.full(100, 0.01))
    with pytest.warns(ConvergenceWarning, match="1 units never change.*drop them"):
        fit = fit_moments(SPIN, wanted, all_pairs(4))
    assert np.isfinite(fit.params.coupling).all()


@pytest.mark.parametrize("values", [(0, 1), (-1, 1), (-0.5, 2)])
def test_pairs_that_miss_a_state_need_a_penalty(values):
    unit = TwoValuedUnit(*values)
    rows = np.array([[0, 0, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1], [1, 0, 0]])
    rows = (
        unit.low + unit.distance() * rows
    )  # the second is never high without the first
    pairs = all_pairs(3)
    wanted = data_moments(rows, pairs)
    # Here (0, 1) and (1, 2) each miss one of four states; (0, 2) has them all.
    with pytest.warns(ConvergenceWarning, match="2 pairs miss a state.*l2"):
        fit_pseudo_likelihood(unit, rows, pairs, max_iter=50)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit_moments(unit, wanted, pairs, l2=0.1)
