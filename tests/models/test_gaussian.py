"""Gaussian units below two-valued ones, against explicit loops and quadrature."""

import itertools
import math

import numpy as np
import pytest
from model_cases import GAUSSIAN, as_array, by_name
from oracles import log_sum
from scipy.stats import norm

from skboltz.models import BipartiteParams
from skboltz.units import Bias, GaussianParams

FEW_VISIBLE = [case for case in GAUSSIAN if case.oracle.n_visible <= 2]


def rows_of(case, n=5, seed=0):
    """Rows of the model, and one far out."""
    rows = case.oracle.draw(n, np.random.default_rng(seed))
    return np.vstack([rows, rows[:1] + 20])


# The oracle against itself: what is in closed form there, by quadrature -----------


@pytest.mark.parametrize(**by_name(FEW_VISIBLE))
def test_the_integrals_of_the_oracle_are_those_of_its_energy(case):
    """Everything missing, or some of it: the rule is exact to 1e-16 by its steps."""
    oracle = case.oracle
    row = tuple(oracle.draw(1, np.random.default_rng(1))[0])
    for holes in itertools.product([True, False], repeat=oracle.n_visible):
        known = [math.nan if hole else x for x, hole in zip(row, holes, strict=True)]
        expected = oracle.free_energy_by_quadrature(known)
        assert math.isclose(oracle.free_energy(known), expected, abs_tol=1e-12)


@pytest.mark.parametrize(**by_name(FEW_VISIBLE))
def test_the_moments_of_the_oracle_are_integrals_of_its_density(case):
    oracle, gaps = case.oracle, 1.0
    axes = []
    for i in range(oracle.n_visible):
        points, gap = oracle.grid(i)
        axes.append(points.tolist())
        gaps *= gap
    points = list(itertools.product(*axes))
    p = gaps * np.array([math.exp(oracle.log_density(v)) for v in points])
    v, h = np.array(points), np.array([oracle.hidden_mean(v) for v in points])
    expected = p @ v, p @ v**2, p @ h, (h * p[:, None]).T @ v
    for found, integral in zip(oracle.moments(), expected, strict=True):
        np.testing.assert_allclose(found, integral, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize(**by_name(GAUSSIAN))
def test_rows_of_the_oracle_have_its_law(case):
    rows = case.oracle.draw(20_000, np.random.default_rng(2))
    mean, square, _, _ = case.oracle.moments()
    error = rows.std(axis=0) / math.sqrt(len(rows))
    assert (abs(rows.mean(axis=0) - mean) < 5 * error).all()
    spread = (rows**2).std(axis=0) / math.sqrt(len(rows))
    assert (abs((rows**2).mean(axis=0) - square) < 5 * spread).all()


# The model against the oracle -----------------------------------------------------


@pytest.mark.parametrize(**by_name(GAUSSIAN))
def test_energy_of_states(case):
    for v in rows_of(case):
        for h in case.oracle.hidden_states:
            energy = case.model.energy(case.params, v[None], as_array([h]))
            np.testing.assert_allclose(energy, [case.oracle.energy(v, h)], rtol=1e-12)


@pytest.mark.parametrize(**by_name(GAUSSIAN))
def test_swapping_the_layers_keeps_the_energy(case):
    swapped, params = case.model.swap(), case.model.swap_params(case.params)
    for v in rows_of(case):
        for h in case.oracle.hidden_states:
            energy = swapped.energy(params, as_array([h]), v[None])
            np.testing.assert_allclose(energy, [case.oracle.energy(v, h)], rtol=1e-12)


@pytest.mark.parametrize(**by_name(GAUSSIAN))
def test_free_energy_sums_the_hidden_units_out(case):
    v = rows_of(case)
    expected = [
        -log_sum(-case.oracle.energy(row, h) for h in states(case)) for row in v
    ]
    found = case.model.free_energy(case.params, v)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def states(case):
    return case.oracle.hidden_states


@pytest.mark.parametrize(**by_name(GAUSSIAN))
def test_free_energy_of_hidden_states_integrates_the_visible_units_out(case):
    """By quadrature of each v_i: given h they are independent."""
    swapped, params = case.model.swap(), case.model.swap_params(case.params)
    found = swapped.free_energy(params, as_array(states(case)))
    expected = [-case.oracle.log_weight(case.oracle.nothing, h) for h in states(case)]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(**by_name(GAUSSIAN))
def test_conditional_means(case):
    model, params, v = case.model, case.params, rows_of(case)
    mean = model.hidden_unit.mean(params.hidden, model.hidden_field(params, v))
    expected = [case.oracle.hidden_mean(row) for row in v]
    # Ratios of sums: what is nearly 0 has lost its digits in the oracle.
    np.testing.assert_allclose(mean, expected, rtol=1e-10, atol=1e-13)
    field = model.visible_field(params, as_array(states(case)))
    mean = model.visible_unit.mean(params.visible, field)
    expected = [case.oracle.component(h) for h in states(case)]
    np.testing.assert_allclose(mean, expected, rtol=1e-12, atol=1e-13)


def broken_params(case):
    """Each with one thing forgotten or wrong by a fifth."""
    w, visible, hidden = case.params
    return {
        "no visible bias": BipartiteParams(
            w, visible._replace(bias=0 * visible.bias), hidden
        ),
        "no hidden bias": BipartiteParams(w, visible, Bias(0 * hidden.bias)),
        "variance": BipartiteParams(
            w, visible._replace(log_variance=visible.log_variance + np.log(1.2)), hidden
        ),
        "weights by 1 / s": BipartiteParams(
            w * np.exp(visible.log_variance / 2), visible, hidden
        ),
    }


@pytest.mark.parametrize(**by_name(GAUSSIAN))
def test_what_is_forgotten_is_noticed(case):
    v = rows_of(case)
    expected = [case.oracle.free_energy(row) for row in v]
    for broken in broken_params(case).values():
        found = case.model.free_energy(broken, v)
        assert abs(found - found[0] - expected + expected[0]).max() > 0.01


def test_one_hidden_unit_makes_two_components():
    """log P(v) by hand: odds exp(c + sum (m^2 - b^2) / (2 s2)), m = b + W."""
    for case in GAUSSIAN[:2]:
        (w,), (b, z), (c,) = case.params
        c, s2 = c[0], np.exp(z)
        log_odds = c + (((b + w) ** 2 - b**2) / (2 * s2)).sum()
        share, v = 1 / (1 + math.exp(-log_odds)), rows_of(case)
        off, on = (norm.pdf(v, m, np.sqrt(s2)).prod(axis=1) for m in (b, b + w))
        expected = np.log((1 - share) * off + share * on)
        found = -case.model.free_energy(case.params, v) - case.oracle.log_z
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(**by_name(GAUSSIAN))
def test_all_hidden_units_make_a_component_for_every_state(case):
    weights, means, variances = case.oracle.mixture()
    v = rows_of(case)
    logs = norm.logpdf(v[:, None], means, np.sqrt(variances)).sum(axis=2)
    expected = [log_sum(np.log(weights) + row) for row in logs]
    found = -case.model.free_energy(case.params, v) - case.oracle.log_z
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(**by_name(GAUSSIAN))
def test_in_other_units_of_measurement_it_is_the_same_machine(case):
    """v -> a v: W -> a W, b -> a b, s2 -> a^2 s2; free energies do not change."""
    scale = np.array([10.0, 0.1, 3.0])[: case.oracle.n_visible]
    w, (b, z), hidden = case.params
    visible = GaussianParams(scale * b, z + 2 * np.log(scale))
    other = BipartiteParams(scale * w, visible, hidden)
    v = rows_of(case)
    np.testing.assert_allclose(
        case.model.free_energy(other, scale * v),
        case.model.free_energy(case.params, v),
        rtol=1e-11,
        atol=1e-11,
    )


@pytest.mark.parametrize(**by_name(GAUSSIAN))
def test_the_hidden_side_is_always_enumerated(case):
    unit, n_units, n_terms, _ = case.model.small_side(case.params)
    assert unit is case.model.hidden_unit
    assert (n_units, n_terms) == case.params.weights.shape
