"""Units, each against sums over its two values."""

import math

import numpy as np
import pytest
from model_cases import UNITS

from skboltz.units import BERNOULLI, Bias, TwoValuedUnit

FIELDS = np.array([-30.0, -2.5, -0.1, 0.0, 0.3, 1.0, 25.0])
FREE = Bias(np.zeros(len(FIELDS)))

CASES = UNITS | {"apart": TwoValuedUnit(2.0, 5.0)}
unit_cases = pytest.mark.parametrize("unit", CASES.values(), ids=CASES)


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


SHARES = np.array([0.001, 0.25, 0.5, 0.999])


@unit_cases
def test_values_and_shares_invert_each_other(unit):
    p = SHARES
    means = [q * unit.low + s * unit.high for q, s in zip(1 - p, p, strict=True)]
    np.testing.assert_allclose(unit.at(p), means, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(unit.share(np.array(means)), p, rtol=1e-9)
    # A sum over rows of weights 2 and 3, each with a share of its own.
    total = 2 * means[0] + 3 * means[1]
    found = unit.at(2 * p[0] + 3 * p[1], total=5.0)
    np.testing.assert_allclose(found, total, rtol=1e-12)
    assert unit.at(0.0) == unit.low and unit.share(unit.high) == 1
    assert unit.distance() == unit.high - unit.low
    np.testing.assert_allclose(unit.at(0.5), unit.middle)
    np.testing.assert_allclose(unit.at(0.75) - unit.at(0.25), unit.distance(0.5))


@unit_cases
def test_moments_of_one_unit_are_sums_over_its_values(unit):
    for p in SHARES:
        mean = (1 - p) * unit.low + p * unit.high
        second = (1 - p) * unit.low**2 + p * unit.high**2
        np.testing.assert_allclose(
            unit.variance(mean), second - mean**2, rtol=1e-9, atol=1e-9
        )
        entropy = -p * math.log(p) - (1 - p) * math.log(1 - p)
        np.testing.assert_allclose(unit.entropy(mean), entropy, rtol=1e-9)


@unit_cases
def test_moments_of_a_pair_are_sums_over_its_states(unit):
    law = {(0, 0): 0.1, (0, 1): 0.2, (1, 0): 0.3, (1, 1): 0.4}  # P(s, t)
    ends = unit.low, unit.high
    expected = sum(p * ends[s] * ends[t] for (s, t), p in law.items())
    either = sum(p * (s + t) for (s, t), p in law.items())
    found = unit.pair_mean(law[1, 1], either)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(unit.both_high(found, either), law[1, 1], rtol=1e-9)
    summed = unit.pair_mean(3 * law[1, 1], 3 * either, total=3.0)
    np.testing.assert_allclose(summed, 3 * expected, rtol=1e-12, atol=1e-12)


@unit_cases
def test_gaps_of_a_field_and_of_a_coupling_are_log_odds(unit):
    coupling, low, high = 0.3, unit.low, unit.high
    weight = {
        (x, y): math.exp(coupling * x * y) for x in (low, high) for y in (low, high)
    }
    ratio = weight[high, high] * weight[low, low]
    ratio /= weight[high, low] * weight[low, high]
    np.testing.assert_allclose(unit.pair_gap(coupling), math.log(ratio), rtol=1e-9)
    np.testing.assert_allclose(unit.coupling_of(unit.pair_gap(coupling)), coupling)
    np.testing.assert_allclose(unit.field_of(unit.gap(FIELDS)), FIELDS)


@unit_cases
def test_high_low_and_flipped(unit):
    x = np.array([unit.low, unit.high, np.nan], np.float32)
    assert unit.is_high(x[:2]).tolist() == [False, True]
    back = unit.value(np.array([False, True]), x.dtype)
    np.testing.assert_array_equal(back, x[:2])
    assert back.dtype == np.float32
    np.testing.assert_array_equal(
        unit.flipped(x), np.array([unit.high, unit.low, np.nan]).astype(np.float32)
    )
    between = np.array([unit.at(0.25)])
    np.testing.assert_allclose(unit.share(unit.flipped(between)), [0.75])


@unit_cases
@pytest.mark.parametrize("other", CASES.values(), ids=CASES)
def test_the_same_states_in_other_values(unit, other):
    a, c = unit.in_terms_of(other)
    ends = [a + c * other.low, a + c * other.high]
    np.testing.assert_allclose(ends, [unit.low, unit.high], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "values, expected",
    [
        ((0, 1), (0, 1)),
        ((-1, 3), (-1, 3)),
        ((5, 7), (0, 2)),
        ((-9, -8), (-1, 0)),
    ],
)
def test_values_far_from_zero_are_moved_next_to_it(values, expected):
    near = TwoValuedUnit(*map(float, values)).near_zero()
    assert (near.low, near.high) == expected


@unit_cases
def test_free_params_invert_the_mean(unit):
    means = unit.at(SHARES)
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
def test_a_unit_is_high_exactly_below_its_probability(unit):
    fields = np.array([-1.5, 0.0, 0.75])
    p = 1 / (1 + np.exp(-(unit.high - unit.low) * fields))
    free = Bias(np.zeros(3))
    assert (unit.sample(free, fields, p * (1 - 1e-15)) == unit.high).all()
    assert (unit.sample(free, fields, p * (1 + 1e-15)) == unit.low).all()


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
