"""Pseudo-likelihood against ratios of enumerated marginals."""

import math

import numpy as np
import pytest
from model_cases import BIPARTITE, as_array, by_name

from skboltz.likelihood import pseudo_log_likelihood
from skboltz.models import Bipartite, BipartiteParams
from skboltz.units import BERNOULLI, SPIN, Bias
from skboltz.utils import each

pytestmark = pytest.mark.no_kernel


@pytest.mark.parametrize(**by_name(BIPARTITE))
def test_sum_of_conditionals(case):
    unit, states = case.model.visible_unit, case.oracle.visible_states
    np.testing.assert_allclose(
        pseudo_log_likelihood(case.model, case.params, as_array(states)),
        [case.oracle.pseudo_log_likelihood(v, (unit.low, unit.high)) for v in states],
        rtol=1e-10,
        atol=1e-10,
    )


def test_one_unit_has_its_likelihood_for_pseudo_likelihood():
    case = BIPARTITE[0]
    for v in case.oracle.visible_states:
        value = pseudo_log_likelihood(case.model, case.params, as_array([v]))[0]
        assert math.isclose(value, case.oracle.log_likelihood(v), rel_tol=1e-12)


def test_a_value_between_is_read_as_an_expectation():
    """With one visible unit the plug-in is linear in its value."""
    case = BIPARTITE[0]
    rows = np.array([[0.0], [0.25], [1.0]])
    low, between, high = pseudo_log_likelihood(case.model, case.params, rows)
    assert math.isclose(between, 0.75 * low + 0.25 * high, rel_tol=1e-12)


@pytest.mark.parametrize("unit", [BERNOULLI, SPIN])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("largest", [0.0, 0.1, 5.0, 50.0])
def test_products_of_many_units_neither_overflow_nor_lose(largest, dtype, unit):
    """Against free energies with one unit flipped, in double precision.

    Some rows have values between the two, and weights may be far beyond the range
    of an exponential.
    """
    rng = np.random.default_rng(0)
    weights = rng.uniform(-largest, largest, (300, 12)).astype(dtype)
    weights[:, 6:] /= 20
    bias = rng.normal(size=12).astype(dtype)
    params = BipartiteParams(weights, Bias(bias), Bias(np.zeros(300, dtype)))
    model = Bipartite(unit, unit)
    share = (rng.random((40, 12)) < 0.5).astype(dtype)
    share[:5, :3] = 0.25
    with np.errstate(all="raise", under="ignore"):
        found = pseudo_log_likelihood(model, params, unit.low + unit.span * share)

    double = each(lambda array: array.astype(np.float64), params)
    expected = np.zeros(40)
    for i in range(12):
        ends = np.repeat(unit.low + unit.span * share.astype(float)[None], 2, axis=0)
        ends[0, :, i], ends[1, :, i] = unit.low, unit.high
        low, high = (-model.free_energy(double, v) for v in ends)
        total = np.logaddexp(low, high)
        expected += share[:, i] * high + (1 - share[:, i]) * low - total
    # A field is a sum of 13 rounded numbers, and a likelihood of 12 x 300 of them.
    sizes = unit.span * abs(double.weights).sum() + abs(bias).sum() + 1
    np.testing.assert_allclose(
        found, expected, rtol=0, atol=2 * 13 * 12 * np.finfo(dtype).eps * sizes
    )
