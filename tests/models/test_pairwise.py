"""Pairwise models against enumeration by explicit loops."""

import numpy as np
import pytest
from model_cases import PAIRWISE, as_array, by_name
from oracles import configurations


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
