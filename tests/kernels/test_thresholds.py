"""Exact tests: uniform numbers a hair below and above the enumerated probability."""

import numpy as np
import pytest
from kernel_twins import TWINS
from model_cases import DYADIC, as_array, by_name

from skboltz.units import Bias


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


def sampled(kernels, case, v, u, dtype, bias_factor=1.0):
    unit, params = case.model.hidden_unit, case.params
    input = case.model.hidden_input(params, as_array([v])).astype(dtype)
    bias = Bias((bias_factor * params.hidden.bias).astype(dtype))
    return unit.fast_sample(kernels, bias, input, u.copy())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kernels", TWINS)
@pytest.mark.parametrize(**by_name(DYADIC))
def test_units_switch_at_their_probability(case, kernels, dtype):
    unit, hair = case.model.hidden_unit, {np.float32: 2**-23, np.float64: 2**-51}
    for v in case.oracle.visible_states:
        p = 1 / (1 + np.exp(-hidden_log_odds(case, v)[None]))
        below, above = (p + sign * hair[dtype] for sign in (-1, 1))
        high = sampled(kernels, case, v, below.astype(dtype), dtype)
        low = sampled(kernels, case, v, above.astype(dtype), dtype)
        assert (high == unit.high).all() and (low == unit.low).all()


@pytest.mark.parametrize("kernels", TWINS)
def test_a_wrong_bias_is_noticed(kernels):
    case = DYADIC[0]
    v = case.oracle.visible_states[5]
    below = 1 / (1 + np.exp(-hidden_log_odds(case, v)[None])) - 2**-23
    states = sampled(kernels, case, v, below, np.float64, bias_factor=0.0)
    assert (states != case.model.hidden_unit.high).any()
