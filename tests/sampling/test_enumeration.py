"""Enumeration visits every state once."""

import numpy as np
import pytest
from model_cases import UNITS
from oracles import configurations

from skboltz.sampling import blocks, states


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
@pytest.mark.parametrize("n_units", [1, 2, 5])
def test_states_are_all_configurations(unit, n_units):
    made = {tuple(row) for row in states(unit, n_units)}
    assert made == set(configurations((unit.low, unit.high), n_units))
    assert len(states(unit, n_units)) == 2**n_units


def test_blocks_concatenate_to_all_states():
    unit = UNITS["spin"]
    parts = list(blocks(unit, 12, n_terms=10_000))
    assert len(parts) > 1
    np.testing.assert_array_equal(np.concatenate(parts), states(unit, 12))
