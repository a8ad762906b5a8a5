"""Categorical units against sums over their one-hot states."""

import itertools
import math

import numpy as np
import pytest
from judges import chi_square
from oracles import finite_difference, log_sum, one_hot

from skboltz.kernels import noise as noise_of
from skboltz.units import Bias, CategoricalUnit
from skboltz.units._categorical import gumbel

UNIT = CategoricalUnit()
FREE = Bias(np.zeros(4))
FIELDS = np.array(
    [
        [0.0, 0.0, 0.0, 0.0],
        [0.3, -1.2, 2.0, 0.1],
        [-30.0, 25.0, 24.0, -700.0],
        [1000.0, 999.0, -1000.0, 0.0],
    ]
)
N = 100_000

both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def probabilities(field):
    """exp(field_k) / Z, by loops."""
    log_z = log_sum(field)
    return [math.exp(f - log_z) for f in field]


def expected_mean():
    return [probabilities(row.tolist()) for row in FIELDS]


def noise(shape, dtype=np.float64, key=(1, 2)):
    return noise_of("exponential", (*key, 0, 0), shape, dtype)


# Algebra --------------------------------------------------------------------------


def test_what_the_unit_is():
    assert (UNIT.low, UNIT.high) == (0, 1)
    assert UNIT.noise == "exponential" and UNIT.countable and not UNIT.columnwise
    assert UNIT == CategoricalUnit() and hash(UNIT) == hash(CategoricalUnit())


def test_log_partition_is_one_log_of_a_sum_for_the_group():
    expected = [[log_sum(row)] for row in FIELDS.tolist()]
    np.testing.assert_allclose(UNIT.log_partition(FREE, FIELDS), expected, rtol=1e-14)


def test_mean_is_the_softmax():
    np.testing.assert_allclose(UNIT.mean(FREE, FIELDS), expected_mean(), rtol=1e-13)


def test_mean_is_the_slope_of_the_log_partition():
    for field in FIELDS[:2]:
        slope = finite_difference(lambda f: UNIT.log_partition(FREE, f)[0], field)
        np.testing.assert_allclose(slope, UNIT.mean(FREE, field), atol=1e-9)


def test_two_classes_are_a_bit():
    fields = np.array([[0.0, -2.0], [1.5, 1.0]])
    on = 1 / (1 + np.exp(fields[:, 0] - fields[:, 1]))
    np.testing.assert_allclose(UNIT.mean(FREE, fields)[:, 1], on, rtol=1e-14)


def test_a_constant_in_all_fields_changes_log_z_alone():
    moved = FIELDS + 3.0
    gain = UNIT.log_partition(FREE, moved) - UNIT.log_partition(FREE, FIELDS)
    np.testing.assert_allclose(gain, 3.0, atol=1e-12)
    np.testing.assert_allclose(UNIT.mean(FREE, moved), UNIT.mean(FREE, FIELDS))


def test_mode_and_nearest_are_one_hot_at_the_largest():
    expected = [[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [1, 0, 0, 0]]
    np.testing.assert_array_equal(UNIT.mode(FREE, FIELDS), expected)
    np.testing.assert_array_equal(UNIT.nearest(FIELDS), expected)


def test_field_and_base_energy_by_loops():
    params, other = Bias(np.array([0.5, -1.0, 2.0])), Bias(np.array([0.1, 0.0, -3.0]))
    x = np.eye(3)[[2, 0, 1, 1]]
    expected = [-params.bias[k] for k in (2, 0, 1, 1)]
    np.testing.assert_allclose(UNIT.base_energy(params, x), expected)
    change = UNIT.base_energy_change(params, other, x.astype(np.float32))
    new = np.array([-other.bias[k] for k in (2, 0, 1, 1)])
    np.testing.assert_allclose(change, new - expected, rtol=1e-6)
    assert change.dtype == np.float64
    np.testing.assert_array_equal(UNIT.field(params, x), x + params.bias)
    np.testing.assert_array_equal(UNIT.statistic(params, x), x)


def test_sums_count_the_classes():
    params, weight = Bias(np.zeros(3)), np.array([2.0, 0.5, 1.0, 3.0])
    x = np.eye(3)[[2, 0, 1, 1]]
    np.testing.assert_array_equal(UNIT.sums(params, x).bias, [1, 2, 1])
    sums = UNIT.sums(params, x, weight).bias
    np.testing.assert_array_equal(sums, [0.5, 4, 2])


def test_expected_sums_are_sums_of_means():
    weight = np.array([2.0, 0.5, 1.0, 3.0])
    expected = [
        sum(w * p[k] for w, p in zip(weight, expected_mean(), strict=True))
        for k in range(4)
    ]
    found = UNIT.expected_sums(FREE, FIELDS, weight).bias
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    total = UNIT.expected_sums(FREE, FIELDS).bias
    np.testing.assert_allclose(total, np.sum(expected_mean(), axis=0), rtol=1e-12)


def test_free_params_invert_the_mean():
    mean = np.array([0.1, 0.6, 0.001, 0.299])
    for params in (UNIT.free_params(mean), UNIT.with_mean(FREE, mean)):
        np.testing.assert_allclose(UNIT.mean(params, params.bias), mean, rtol=1e-13)
    # Laplace's rule column by column, as a training starts, sums to more than 1.
    params = UNIT.free_params(1.3 * mean)
    np.testing.assert_allclose(UNIT.mean(params, params.bias), mean, rtol=1e-13)


def test_an_interior_mean_is_a_distribution_near_the_mean():
    inner = UNIT.interior(np.array([0.0, 1.0, 0.0, 0.0]))
    np.testing.assert_allclose(inner, [0.005, 0.985, 0.005, 0.005])
    beyond = UNIT.interior(np.array([-1.0, 2.0, 0.5, 0.0]))
    assert (beyond > 0).all() and math.isclose(beyond.sum(), 1)


def test_blend_mixes_base_energies():
    a, b = Bias(np.array([0.5, -1.0])), Bias(np.array([2.0, 3.0]))
    x = np.eye(2)
    mixed = 0.7 * UNIT.base_energy(a, x) + 0.3 * UNIT.base_energy(b, x)
    found = UNIT.base_energy(UNIT.blend(a, b, 0.3), x)
    np.testing.assert_allclose(found, mixed)
    assert UNIT.gain(a, b) == 1


@both_dtypes
def test_precision_is_kept(dtype):
    field, params = FIELDS.astype(dtype), Bias(FREE.bias.astype(dtype))
    made = [getattr(UNIT, f)(params, field) for f in ("log_partition", "mean", "mode")]
    made += [UNIT.sample(params, field, noise(field.shape, dtype))]
    made += [UNIT.nearest(field), UNIT.interior(field)]
    made += [UNIT.free_params(made[-1]).bias]
    assert {array.dtype for array in made} == {np.dtype(dtype)}
    np.testing.assert_allclose(made[1], expected_mean(), rtol=3e-6, atol=1e-38)


def test_overflowing_fields_give_the_limits_without_a_warning():
    field = np.array([[-1e30, 1e30, 0.0]], dtype=np.float32)
    np.testing.assert_array_equal(UNIT.mean(None, field), [[0, 1, 0]])
    np.testing.assert_array_equal(UNIT.log_partition(None, field), np.float32([[1e30]]))


# Some columns known ----------------------------------------------------------------

NAN = math.nan


def agreeing(row):
    """States of the group that agree with what is known."""
    known = [(k, x) for k, x in enumerate(row) if not math.isnan(x)]
    return [s for s in one_hot(len(row)) if all(s[k] == x for k, x in known)]


def known_rows():
    """Every row of four columns of which some are known and a state agrees."""
    rows = itertools.product((0.0, 1.0, NAN), repeat=4)
    return [row for row in rows if agreeing(row) and any(map(math.isnan, row))]


@pytest.mark.parametrize("row", known_rows())
def test_what_is_left_of_a_group_has_the_law_of_the_states_that_agree(row):
    """By all states of the whole group; what is settled has no choice left."""
    bias = np.array([0.5, -1.0, 2.0, 0.3])
    weights = np.exp([np.dot(bias, s) for s in agreeing(row)])
    expected = weights @ np.array(agreeing(row)) / weights.sum()
    found = UNIT.implied(np.array([row]))[0]
    left = np.isnan(found)
    rest, field = UNIT.restricted(left), bias[left][None]
    found[left] = rest.mean(Bias(field[0]), field)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-13)
    log_weight = rest.log_partition(Bias(field[0]), field).sum()
    log_weight += bias[~left] @ found[~left]
    assert math.isclose(math.exp(log_weight), weights.sum(), rel_tol=1e-13)
    assert rest.n_states(int(left.sum())) == len(agreeing(row))


def test_only_what_leaves_no_choice_is_implied():
    rows = np.array([[1, NAN, NAN], [0, NAN, NAN], [0, NAN, 0], [NAN] * 3, [0, 1, 0]])
    expected = [[1, 0, 0], [0, NAN, NAN], [0, 1, 0], [NAN] * 3, [0, 1, 0]]
    found = UNIT.implied(rows.astype(np.float32))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, expected)


def test_known_values_between_leave_what_they_lack_to_one():
    rows = np.array([[0.3, NAN, 0.2, NAN], [0.3, 0.2, 0.1, NAN], [1.5, NAN, NAN, 0.0]])
    expected = [[0.3, 0.25, 0.2, 0.25], [0.3, 0.2, 0.1, 0.4], [1.5, 0, 0, 0]]
    np.testing.assert_allclose(UNIT.implied(rows), expected, rtol=1e-15)


def test_a_group_is_restricted_to_a_smaller_one():
    assert UNIT.restricted(np.array([True, False, True])) == UNIT
    none = UNIT.restricted(np.zeros(3, bool))
    assert none.n_states(0) == 1
    no_values = np.zeros((2, 0))
    assert none.log_partition(Bias(np.zeros(0)), no_values).sum() == 0
    assert none.mean(Bias(np.zeros(0)), no_values).shape == (2, 0)


# Samples --------------------------------------------------------------------------


def test_gumbel_noise_is_that_of_the_uniform_number():
    for u in (1e-12, 0.01, 0.3, 0.5, 0.9, 1 - 1e-9):
        exponential = np.array(-math.log(u))
        assert math.isclose(gumbel(exponential), -math.log(-math.log(u)))


@pytest.mark.parametrize("dtype, bits", [(np.float32, 24), (np.float64, 53)])
def test_gumbel_noise_keeps_its_tails(dtype, bits):
    """-log -log u: to log 2^bits of the u nearest to 1, and to -log log 2^bits."""
    u = np.array([2.0**-bits, 1 - 2.0**-bits], dtype)
    down, up = gumbel(-np.log(u))
    far = bits * math.log(2)
    np.testing.assert_allclose([up, down], [far, -math.log(far)], rtol=1e-6)


def test_the_sample_is_the_largest_field_plus_gumbel_noise():
    """By loops from the uniform numbers themselves."""
    uniform = np.random.default_rng(0).uniform(size=(500, 4))
    field = np.tile(FIELDS[1], (500, 1))
    drawn = UNIT.sample(FREE, field, -np.log(uniform))
    for row, u in zip(drawn, uniform.tolist(), strict=True):
        race = [f - math.log(-math.log(x)) for f, x in zip(FIELDS[1], u, strict=True)]
        assert row.tolist() == [float(r == max(race)) for r in race]


def test_a_column_wins_exactly_above_its_threshold():
    """Its field a hair below and above the best of the others plus their noise."""
    exponential = noise((1, 4))
    race = (FIELDS[1:2] + gumbel(exponential))[0]
    for k in range(4):
        threshold = np.delete(race, k).max() - gumbel(exponential)[0, k]
        for side, wins in ((-1e-12, 0.0), (1e-12, 1.0)):
            field = FIELDS[1:2].copy()
            field[0, k] = threshold + side
            assert UNIT.sample(FREE, field, exponential)[0, k] == wins


def frequencies_suit(sample, dtype, field=FIELDS[1]):
    rows = sample(FREE, np.tile(field.astype(dtype), (N, 1)), noise((N, 4), dtype))
    assert rows.dtype == dtype and set(np.unique(rows)) == {0, 1}
    np.testing.assert_array_equal(rows.sum(axis=1), 1)
    return chi_square(rows.sum(axis=0), probabilities(FIELDS[1].tolist())) < 1


@both_dtypes
def test_samples_follow_the_softmax(dtype):
    assert frequencies_suit(UNIT.sample, dtype)


@both_dtypes
def test_samplers_that_are_nearly_right_are_rejected(dtype):
    assert not frequencies_suit(UNIT.sample, dtype, FIELDS[1] / 1.2)
    assert not frequencies_suit(UNIT.sample, dtype, FIELDS[1] + [0.1, 0, 0, 0])
    # The logistic noise itself, as two-valued units take it.
    assert not frequencies_suit(lambda _, f, noise: UNIT.nearest(f + noise), dtype)
