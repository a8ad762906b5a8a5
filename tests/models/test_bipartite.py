"""Bipartite models against enumeration by explicit loops."""

import numpy as np
import pytest
from model_cases import BIPARTITE, as_array, by_name

from skboltz.models import Bipartite, BipartiteParams
from skboltz.units import BERNOULLI, Bias


@pytest.mark.parametrize(**by_name(BIPARTITE))
def test_energy_of_every_state(case):
    for (v, h), expected in case.oracle.energy.items():
        energy = case.model.energy(case.params, as_array([v]), as_array([h]))
        np.testing.assert_allclose(energy, [expected], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(**by_name(BIPARTITE))
def test_free_energy_is_the_enumerated_marginal(case):
    states = case.oracle.visible_states
    np.testing.assert_allclose(
        case.model.free_energy(case.params, as_array(states)),
        [case.oracle.free_energy(v) for v in states],
        rtol=1e-12,
        atol=1e-12,
    )


def test_a_forgotten_bias_is_noticed():
    case = BIPARTITE[1]
    broken = case.params._replace(hidden=Bias(np.zeros(2)))
    states = case.oracle.visible_states
    free_energy = case.model.free_energy(broken, as_array(states))
    expected = [case.oracle.free_energy(v) for v in states]
    assert abs(free_energy - expected).max() > 0.01


@pytest.mark.parametrize(**by_name(BIPARTITE))
def test_conditional_means_are_ratios_of_joints(case):
    model, params = case.model, case.params
    for v in case.oracle.visible_states:
        field = model.hidden_field(params, as_array([v]))
        mean = model.hidden_unit.mean(params.hidden, field)[0]
        np.testing.assert_allclose(mean, case.oracle.hidden_mean(v), rtol=1e-10)
    for h in case.oracle.hidden_states:
        field = model.visible_field(params, as_array([h]))
        mean = model.visible_unit.mean(params.visible, field)[0]
        np.testing.assert_allclose(mean, case.oracle.visible_mean(h), rtol=1e-10)


@pytest.mark.parametrize(**by_name(BIPARTITE))
def test_swapping_the_layers_keeps_the_energy(case):
    swapped, params = case.model.swap(), case.model.swap_params(case.params)
    for (v, h), expected in case.oracle.energy.items():
        energy = swapped.energy(params, as_array([h]), as_array([v]))
        np.testing.assert_allclose(energy, [expected], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("shape", [(2, 5), (5, 2), (3, 3)])
def test_the_smaller_side_is_enumerated(shape):
    n_hidden, n_visible = shape
    params = BipartiteParams(
        np.zeros(shape), Bias(np.zeros(n_visible)), Bias(np.zeros(n_hidden))
    )
    _, n_units, n_terms, _ = Bipartite(BERNOULLI, BERNOULLI).small_side(params)
    assert (n_units, n_terms) == (min(shape), max(shape))
