"""Pairwise models against enumeration by explicit loops."""

import numpy as np
import pytest
from model_cases import PAIRWISE, UNITS, as_array, by_name
from oracles import configurations, log_sum, pairwise_energy

from skboltz.models import Pairwise, PairwiseParams, independent_set
from skboltz.units import Bias


def states_of(case):
    unit = case.model.unit
    return configurations((unit.low, unit.high), len(case.params.coupling))


@pytest.mark.parametrize(**by_name(PAIRWISE))
def test_energy_of_every_state(case):
    states = states_of(case)
    np.testing.assert_allclose(
        case.model.energy(case.params, as_array(states)),
        [case.energy(s) for s in states],
        rtol=1e-12,
        atol=1e-12,
    )


@pytest.mark.parametrize(**by_name(PAIRWISE))
def test_field_times_span_is_the_energy_gap_of_each_unit(case):
    unit = case.model.unit
    for s in states_of(case):
        gaps = unit.gap(case.model.field(case.params, as_array([s]))[0])
        for i, gap in enumerate(gaps):
            low, high = (s[:i] + (x,) + s[i + 1 :] for x in (unit.low, unit.high))
            np.testing.assert_allclose(
                gap, case.energy(low) - case.energy(high), atol=1e-12
            )


# Units that see none of their kind -----------------------------------------------


def symmetric(upper):
    upper = np.triu(upper, 1)
    return upper + upper.T


def complete_bipartite(n, m, seed=0):
    """All of n units coupled to all of m, in a random order; where the m are."""
    rng = np.random.default_rng(seed)
    is_second = rng.permutation(n + m) >= n
    across = is_second[:, None] != is_second
    return symmetric(np.where(across, rng.normal(size=(n + m, n + m)), 0)), is_second


@pytest.mark.parametrize("n, m", [(3, 5), (1, 7), (16, 100), (0, 4)])
def test_the_larger_layer_is_found(n, m):
    coupling, is_larger = complete_bipartite(n, m)
    np.testing.assert_array_equal(independent_set(coupling), is_larger)


def test_of_equal_layers_one_is_found():
    coupling, is_second = complete_bipartite(4, 4)
    chosen = independent_set(coupling)
    assert (chosen == is_second).all() or (chosen == ~is_second).all()


@pytest.mark.parametrize("n_units", [0, 1, 9])
def test_units_without_couplings_are_all_independent(n_units):
    assert independent_set(np.zeros((n_units, n_units))).tolist() == [True] * n_units


def test_of_units_all_coupled_the_first_is_chosen():
    assert independent_set(np.ones((4, 4))).tolist() == [True, False, False, False]


def test_a_chain_gives_every_second_unit():
    coupling = np.eye(7, k=1) + np.eye(7, k=-1)
    assert independent_set(coupling).tolist() == [True, False] * 3 + [True]


@pytest.mark.parametrize("seed", range(5))
def test_the_set_is_independent_and_no_unit_can_join(seed):
    rng = np.random.default_rng(seed)
    coupling = symmetric(rng.random((12, 12)) < [0.1, 0.2, 0.4, 0.6, 0.9][seed])
    chosen = independent_set(coupling)
    for i in range(12):
        coupled_to_set = any(coupling[i, j] for j in range(12) if chosen[j])
        assert coupled_to_set != chosen[i]


@pytest.mark.parametrize("seed", range(20))
def test_the_set_of_a_tree_is_a_largest_one(seed):
    rng = np.random.default_rng(seed)
    coupling = np.zeros((9, 9))
    for i in range(1, 9):
        coupling[i, rng.integers(i)] = 1
    coupling += coupling.T
    sizes = (
        sum(s)
        for s in configurations((0, 1), 9)
        if not any(coupling[i, j] and s[i] and s[j] for i in range(9) for j in range(i))
    )
    assert independent_set(coupling).sum() == max(sizes)


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
def test_free_energy_of_the_small_side_is_the_enumerated_marginal(unit):
    coupling, _ = complete_bipartite(2, 3)
    coupling[0, 1] = coupling[1, 0] = 0.5  # whatever layers the two are in
    bias = np.random.default_rng(1).normal(size=5)
    params = PairwiseParams(coupling, Bias(bias))
    values, free = (unit.low, unit.high), independent_set(coupling)
    same, n_units, n_terms, free_energy = Pairwise(unit).small_side(params)
    assert (same, n_units, n_terms) == (unit, 5 - free.sum(), 5)

    table = {}
    for s in configurations(values, 5):
        inner = tuple(x for x, is_free in zip(s, free, strict=True) if not is_free)
        table.setdefault(inner, []).append(-pairwise_energy(coupling, bias, s))
    np.testing.assert_allclose(
        free_energy(as_array(list(table))),
        [-log_sum(terms) for terms in table.values()],
        rtol=1e-12,
        atol=1e-12,
    )
