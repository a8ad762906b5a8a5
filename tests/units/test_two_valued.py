"""Units, each against sums over its two values."""

import math

import numpy as np
import pytest
from model_cases import UNITS

from skboltz.units import BERNOULLI, Bias

FIELDS = np.array([-30.0, -2.5, -0.1, 0.0, 0.3, 1.0, 25.0])
FREE = Bias(np.zeros(len(FIELDS)))

unit_cases = pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)


def boltzmann(unit, field):
    """P(low), P(high) under weights exp(field * x)."""
    low, high = math.exp(field * unit.low), math.exp(field * unit.high)
    return low / (low + high), high / (low + high)


@unit_cases
def test_log_partition_is_the_log_of_the_sum(unit):
    expected = [
        math.log(math.exp(f * unit.low) + math.exp(f * unit.high)) for f in FIELDS
    ]
    np.testing.assert_allclose(unit.log_partition(FREE, FIELDS), expected, atol=1e-15)


@unit_cases
def test_mean_is_the_weighted_sum_of_the_values(unit):
    expected = [np.dot(boltzmann(unit, f), (unit.low, unit.high)) for f in FIELDS]
    np.testing.assert_allclose(
        unit.mean(FREE, FIELDS), expected, rtol=1e-12, atol=1e-15
    )


@unit_cases
def test_mean_is_the_slope_of_the_log_partition(unit):
    h = 1e-5
    up, down = (unit.log_partition(FREE, FIELDS + d) for d in (h, -h))
    np.testing.assert_allclose(
        (up - down) / (2 * h), unit.mean(FREE, FIELDS), atol=1e-9
    )


@unit_cases
def test_gap_is_the_log_odds(unit):
    odds = [math.log(p[1] / p[0]) for p in (boltzmann(unit, f) for f in FIELDS)]
    np.testing.assert_allclose(unit.gap(FIELDS), odds, rtol=1e-12, atol=1e-15)


@unit_cases
def test_mode_is_the_likelier_value(unit):
    expected = [unit.high if f > 0 else unit.low for f in FIELDS]
    np.testing.assert_array_equal(unit.mode(FREE, FIELDS), expected)


@unit_cases
def test_free_params_invert_the_mean(unit):
    means = unit.low + unit.span * np.array([0.001, 0.25, 0.5, 0.999])
    bias = unit.free_params(means).bias
    free = Bias(np.zeros(4))
    np.testing.assert_allclose(unit.mean(free, bias), means, rtol=1e-12, atol=1e-12)


@unit_cases
def test_what_is_known_of_some_says_nothing_of_the_others(unit):
    x = np.array([[unit.low, np.nan, unit.high]])
    np.testing.assert_array_equal(unit.implied(x), x)
    assert unit.restricted(np.array([False, True, False])) == unit
    assert unit.n_states(3) == 8 and unit.n_states(np.int64(100)) == 2**100


@unit_cases
def test_base_energy_and_its_gradient(unit):
    bias = Bias(np.array([0.5, -1.0]))
    x = np.array([[unit.low, unit.high], [unit.high, unit.high]])
    expected = [-(0.5 * row[0] - 1.0 * row[1]) for row in x]
    np.testing.assert_allclose(unit.base_energy(bias, x), expected)
    weight = np.array([2.0, 3.0])
    np.testing.assert_allclose(unit.sums(bias, x, weight).bias, 2 * x[0] + 3 * x[1])
    np.testing.assert_allclose(unit.sums(bias, x).bias, x[0] + x[1])


@unit_cases
def test_a_unit_is_high_exactly_above_its_threshold(unit):
    fields = np.array([-1.5, 0.0, 0.75])
    gap = (unit.high - unit.low) * fields
    below, above = np.nextafter(gap, -np.inf), np.nextafter(gap, np.inf)
    free = Bias(np.zeros(3))
    assert (unit.sample(free, fields, below) == unit.high).all()
    assert (unit.sample(free, fields, gap) == unit.low).all()
    assert (unit.sample(free, fields, above) == unit.low).all()


def test_the_far_tail_of_the_mean_keeps_its_digits_in_float32():
    field = np.array([-60.0], dtype=np.float32)
    mean = BERNOULLI.mean(Bias(np.zeros(1, np.float32)), field)
    assert mean.dtype == np.float32
    np.testing.assert_allclose(mean, np.exp(-60.0), rtol=1e-5)


@unit_cases
def test_overflowing_fields_give_the_limits_without_a_warning(unit):
    fields = np.array([-1e30, 1e30], dtype=np.float32)
    free = Bias(np.zeros(2, np.float32))
    np.testing.assert_array_equal(unit.mean(free, fields), [unit.low, unit.high])
