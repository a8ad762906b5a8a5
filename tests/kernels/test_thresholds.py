"""Exact tests: thresholds a hair below and above the enumerated log-odds."""

import numpy as np
import pytest
from kernel_twins import TWINS
from model_cases import DYADIC, as_array, by_name


def hidden_log_odds(case, v):
    """log P(h_j = high | v) / P(h_j = low | v), by energies of joint states.

    The other hidden units may take any value: it cancels.
    """
    unit, n = case.model.hidden_unit, case.oracle.n_hidden
    rest = (unit.low,) * n
    gaps = []
    for j in range(n):
        low, high = (rest[:j] + (x,) + rest[j + 1 :] for x in (unit.low, unit.high))
        gaps.append(case.oracle.energy[v, low] - case.oracle.energy[v, high])
    return np.array(gaps)


def sampled(kernels, case, v, threshold, dtype, bias_factor=1.0):
    unit, params = case.model.hidden_unit, case.params
    input = case.model.hidden_input(params, as_array([v])).astype(dtype)
    bias = (bias_factor * params.hidden.bias).astype(dtype)
    return kernels.two_valued_sample(unit.low, unit.high, input, bias, threshold)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kernels", TWINS)
@pytest.mark.parametrize(**by_name(DYADIC))
def test_units_switch_exactly_at_their_log_odds(case, kernels, dtype):
    unit = case.model.hidden_unit
    for v in case.oracle.visible_states:
        odds = hidden_log_odds(case, v)[None].astype(dtype)
        below, above = (np.nextafter(odds, dtype(x)) for x in (-np.inf, np.inf))
        assert (sampled(kernels, case, v, below, dtype) == unit.high).all()
        assert (sampled(kernels, case, v, above, dtype) == unit.low).all()


@pytest.mark.parametrize("kernels", TWINS)
def test_a_wrong_bias_is_noticed(kernels):
    case = DYADIC[0]
    v = case.oracle.visible_states[5]
    below = np.nextafter(hidden_log_odds(case, v)[None], -np.inf)
    states = sampled(kernels, case, v, below, np.float64, bias_factor=0.0)
    assert (states != case.model.hidden_unit.high).any()
