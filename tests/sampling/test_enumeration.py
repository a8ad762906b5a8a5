"""Enumeration visits every state once."""

import numpy as np
import pytest
from model_cases import UNITS
from oracles import configurations, one_hot

from skboltz.sampling import blocks, states
from skboltz.units import BERNOULLI, GAUSSIAN, SPIN, CategoricalUnit, Columns


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
@pytest.mark.parametrize("n_units", [1, 2, 5])
def test_states_are_all_configurations(unit, n_units):
    made = {tuple(row) for row in states(unit, n_units)}
    assert made == set(configurations((unit.low, unit.high), n_units))
    assert len(states(unit, n_units)) == 2**n_units


@pytest.mark.parametrize("n_classes", [1, 2, 5])
def test_states_of_a_group_are_one_hot(n_classes):
    made = [tuple(row) for row in states(CategoricalUnit(), n_classes)]
    assert sorted(made) == sorted(one_hot(n_classes))


def test_states_of_units_side_by_side_are_all_pairs():
    unit = Columns(((SPIN, 2), (CategoricalUnit(), 3), (BERNOULLI, 1)))
    made = [tuple(row) for row in states(unit, 6)]
    expected = [
        spins + label + bit
        for spins in configurations((-1.0, 1.0), 2)
        for label in one_hot(3)
        for bit in configurations((0.0, 1.0), 1)
    ]
    assert len(made) == unit.n_states(6) == 24 and sorted(made) == sorted(expected)
    np.testing.assert_array_equal(states(unit, 6, 5, 9), made[5:9])


def test_real_values_cannot_be_counted():
    assert GAUSSIAN.n_states(1) == np.inf
    with pytest.raises(ValueError, match="there is no end"):
        next(blocks(GAUSSIAN, 1, n_terms=1))


def test_blocks_concatenate_to_all_states():
    unit = UNITS["spin"]
    parts = list(blocks(unit, 12, n_terms=10_000))
    assert len(parts) > 1
    np.testing.assert_array_equal(np.concatenate(parts), states(unit, 12))
