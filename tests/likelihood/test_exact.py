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
from skboltz.models import Bipartite, BipartiteParams, Pairwise, PairwiseParams
from skboltz.units import BERNOULLI, SPIN, Bias

pytestmark = pytest.mark.no_kernel


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


# Pairwise machines that are not coupled everywhere ------------------------------


def as_pairwise(params):
    """A bipartite machine as one set of units, visible ones first."""
    n_hidden, n_visible = params.weights.shape
    visible, hidden = np.zeros((n_visible,) * 2), np.zeros((n_hidden,) * 2)
    coupling = np.block([[visible, params.weights.T], [params.weights, hidden]])
    bias = np.concatenate([params.visible.bias, params.hidden.bias])
    return PairwiseParams(coupling, Bias(bias))


@pytest.mark.parametrize("unit", [BERNOULLI, SPIN])
@pytest.mark.parametrize("shape", [(3, 30), (8, 8), (40, 10)])
def test_a_bipartite_machine_is_a_pairwise_one(unit, shape):
    rng = np.random.default_rng(shape)
    weights, b, c = (rng.normal(size=size) for size in (shape, shape[1], shape[0]))
    params = BipartiteParams(weights, Bias(b), Bias(c))
    model, pairwise = Bipartite(unit, unit), Pairwise(unit)
    same = as_pairwise(params)
    # No more states than the smaller layer has; each costs the units of both.
    assert n_terms(pairwise, same) == 2 ** min(shape) * sum(shape)
    assert math.isclose(
        exact_log_partition(pairwise, same).value,
        exact_log_partition(model, params).value,
        rel_tol=1e-12,
    )


def test_a_star_of_sixty_spins_in_fields():
    rng = np.random.default_rng(0)
    bias, arms = rng.normal(size=60), rng.normal(size=59)
    coupling = np.zeros((60, 60))
    coupling[0, 1:] = coupling[1:, 0] = arms
    params = PairwiseParams(coupling, Bias(bias))
    expected = log_sum(
        hub * bias[0]
        + sum(
            math.log(2 * math.cosh(b + hub * j))
            for b, j in zip(bias[1:], arms, strict=True)
        )
        for hub in (-1, 1)
    )
    assert n_terms(Pairwise(SPIN), params) == 2 * 60
    value = exact_log_partition(Pairwise(SPIN), params).value
    assert math.isclose(value, expected, rel_tol=1e-13)


def test_a_tree_of_46_spins_has_a_factor_for_every_edge():
    """Z = 2^n prod cosh J without fields: three neighbours, four generations."""
    parents = [0, 0, 0] + [1 + i // 2 for i in range(42)]
    strength = np.random.default_rng(0).normal(size=45)
    coupling = np.zeros((46, 46))
    for child, (parent, j) in enumerate(zip(parents, strength, strict=True), start=1):
        coupling[child, parent] = coupling[parent, child] = j
    assert ((coupling != 0).sum(axis=0) == [3] * 22 + [1] * 24).all()
    params = PairwiseParams(coupling, Bias(np.zeros(46)))
    expected = 46 * math.log(2) + sum(math.log(math.cosh(j)) for j in strength)
    assert n_terms(Pairwise(SPIN), params) == 2**15 * 46
    value = exact_log_partition(Pairwise(SPIN), params).value
    assert math.isclose(value, expected, rel_tol=1e-12)


def test_no_units_at_all_have_one_state():
    params = PairwiseParams(np.zeros((0, 0)), Bias(np.zeros(0)))
    assert exact_log_partition(Pairwise(SPIN), params).value == 0
