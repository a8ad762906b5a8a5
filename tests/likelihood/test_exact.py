"""log Z and log-likelihoods against sums over all joint states."""

import math

import numpy as np
import pytest
from model_cases import BIPARTITE, PAIRWISE, as_array, by_name
from oracles import configurations, log_sum

from skboltz.likelihood import (
    exact_log_likelihood,
    exact_log_partition,
    is_tractable,
    n_terms,
)
from skboltz.models import Bipartite, BipartiteParams
from skboltz.units import BERNOULLI, Bias


@pytest.mark.parametrize(**by_name(BIPARTITE))
def test_log_partition_of_bipartite_models(case):
    result = exact_log_partition(case.model, case.params)
    assert math.isclose(result.value, case.oracle.log_z, rel_tol=1e-12)
    assert (result.standard_error, result.method) == (0.0, "exact")


@pytest.mark.parametrize(**by_name(BIPARTITE))
def test_both_sides_give_the_same_log_partition(case):
    swapped = case.model.swap(), case.model.swap_params(case.params)
    assert math.isclose(
        exact_log_partition(*swapped).value, case.oracle.log_z, rel_tol=1e-12
    )


@pytest.mark.parametrize(**by_name(PAIRWISE))
def test_log_partition_of_pairwise_models(case):
    unit, n = case.model.unit, len(case.params.coupling)
    expected = log_sum(
        -case.energy(s) for s in configurations((unit.low, unit.high), n)
    )
    value = exact_log_partition(case.model, case.params).value
    assert math.isclose(value, expected, rel_tol=1e-12, abs_tol=1e-12)


@pytest.mark.parametrize(**by_name(BIPARTITE))
def test_probabilities_of_all_states_sum_to_one(case):
    log_z = exact_log_partition(case.model, case.params)
    v = as_array(case.oracle.visible_states)
    log_likelihood = exact_log_likelihood(case.model, case.params, v, log_z)
    assert math.isclose(np.exp(log_likelihood).sum(), 1, rel_tol=1e-12)


def test_many_blocks_give_the_same_as_one(monkeypatch):
    case = BIPARTITE[3]
    monkeypatch.setattr("skboltz.sampling._enumeration._BLOCK_ELEMENTS", 8)
    value = exact_log_partition(case.model, case.params).value
    assert math.isclose(value, case.oracle.log_z, rel_tol=1e-12)


def test_float32_parameters_are_summed_in_float64():
    case = BIPARTITE[3]
    params = BipartiteParams(
        case.params.weights.astype(np.float32),
        *(Bias(p.bias.astype(np.float32)) for p in case.params[1:]),
    )
    value = exact_log_partition(case.model, params).value
    assert math.isclose(value, case.oracle.log_z, rel_tol=1e-6)


@pytest.mark.parametrize(
    "shape, expected", [((16, 784), True), ((20, 784), False), ((500, 12), True)]
)
def test_tractability_counts_the_terms_of_the_smaller_side(shape, expected):
    n_hidden, n_visible = shape
    params = BipartiteParams(
        np.zeros(shape), Bias(np.zeros(n_visible)), Bias(np.zeros(n_hidden))
    )
    model = Bipartite(BERNOULLI, BERNOULLI)
    assert n_terms(model, params) == 2 ** min(shape) * max(shape)
    assert is_tractable(model, params) is expected
