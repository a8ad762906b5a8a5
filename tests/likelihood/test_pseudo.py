"""Pseudo-likelihood against ratios of enumerated marginals."""

import math

import numpy as np
import pytest
from model_cases import BIPARTITE, as_array, by_name

from skboltz.likelihood import pseudo_log_likelihood


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
