"""Units side by side against sums over the states of all their columns."""

import itertools
import math
import pickle

import numpy as np
import pytest
from judges import chi_square
from oracles import log_sum, one_hot

from skboltz import kernels
from skboltz.units import BERNOULLI, SPIN, Bias, CategoricalUnit, Columns

LABEL = CategoricalUnit()
UNIT = Columns(((SPIN, 2), (LABEL, 3), (BERNOULLI, 1)))
BIAS = Bias(np.array([0.5, -1.0, 0.0, 2.0, 0.3, -0.7]))
OTHER = Bias(np.array([-0.2, 0.4, 1.0, -2.0, 0.1, 0.9]))
FIELDS = np.array([[0.3, -0.5, 1.0, 0.0, -0.8, 0.6], [-2.0, 0.1, 3.0, 2.5, 9.0, -4.0]])
# One array after another in the order of the columns, the last turning fastest.
STATES = [
    spins + label + bit
    for spins in itertools.product((-1.0, 1.0), repeat=2)
    for label in one_hot(3)
    for bit in ((0.0,), (1.0,))
]
ROWS = np.array([STATES[3], STATES[10], STATES[23], STATES[10]])
WEIGHT = np.array([2.0, 0.5, 1.0, 3.0])
N = 100_000

both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def log_weights(field):
    """field'x of every state, by loops."""
    return [sum(f * x for f, x in zip(field, s, strict=True)) for s in STATES]


def law(field):
    log_z = log_sum(log_weights(field))
    return [math.exp(w - log_z) for w in log_weights(field)]


def means(fields):
    """E[x] as a sum over all states."""
    return np.array([np.array(law(f.tolist())) @ np.array(STATES) for f in fields])


def base_energies(params, rows=ROWS):
    return [-sum(b * x for b, x in zip(params.bias, row, strict=True)) for row in rows]


# Algebra --------------------------------------------------------------------------


def test_the_log_partition_of_a_row_is_the_log_of_the_sum_over_states():
    found = UNIT.log_partition(BIAS, FIELDS)
    assert found.shape == (2, 4)  # a label has one term
    expected = [log_sum(log_weights(row)) for row in FIELDS.tolist()]
    np.testing.assert_allclose(found.sum(axis=1), expected, rtol=1e-13)


def test_mean_is_the_sum_over_states():
    np.testing.assert_allclose(UNIT.mean(BIAS, FIELDS), means(FIELDS), atol=1e-14)


def test_mode_is_the_likeliest_state():
    likeliest = [STATES[np.argmax(law(row.tolist()))] for row in FIELDS]
    np.testing.assert_array_equal(UNIT.mode(BIAS, FIELDS), likeliest)


def test_nearest_is_the_nearest_state():
    x = np.array([[0.2, -0.1, 0.3, 0.4, 0.3, 0.6], [-1.0, 1.0, 0.9, 0.4, 0.0, 0.4]])
    distances = ((x[:, None] - np.array(STATES)) ** 2).sum(axis=2)
    nearest = np.array(STATES)[distances.argmin(axis=1)]
    np.testing.assert_array_equal(UNIT.nearest(x), nearest)


def test_field_and_statistic():
    np.testing.assert_array_equal(UNIT.field(BIAS, FIELDS), FIELDS + BIAS.bias)
    np.testing.assert_array_equal(UNIT.field(BIAS, 0.0), BIAS.bias)
    np.testing.assert_array_equal(UNIT.statistic(BIAS, ROWS), ROWS)
    assert UNIT.gain(BIAS, OTHER) == 1


def test_base_energy_and_its_change_by_loops():
    np.testing.assert_allclose(UNIT.base_energy(BIAS, ROWS), base_energies(BIAS))
    change = np.subtract(base_energies(OTHER), base_energies(BIAS))
    found = UNIT.base_energy_change(BIAS, OTHER, ROWS.astype(np.float32))
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, change, rtol=1e-6)


def test_sums_of_parameters():
    expected = sum(w * row for w, row in zip(WEIGHT, ROWS, strict=True))
    np.testing.assert_allclose(UNIT.sums(BIAS, ROWS, WEIGHT).bias, expected)
    np.testing.assert_allclose(UNIT.sums(BIAS, ROWS).bias, sum(ROWS))
    weight = np.array([2.0, 0.5])
    found = UNIT.expected_sums(BIAS, FIELDS, weight)
    np.testing.assert_allclose(found.bias, weight @ means(FIELDS))
    found = UNIT.expected_sums(BIAS, FIELDS)
    np.testing.assert_allclose(found.bias, means(FIELDS).sum(axis=0))


def test_free_params_invert_the_mean():
    mean = np.array([-0.5, 0.9, 0.1, 0.7, 0.2, 0.4])
    for params in (UNIT.free_params(mean), UNIT.with_mean(BIAS, mean)):
        assert type(params) is Bias
        np.testing.assert_allclose(means([params.bias])[0], mean, rtol=1e-12)


def test_interior_means_can_be_those_of_free_units():
    inner = UNIT.interior(np.array([-1.0, 1.0, 0.0, 1.0, 0.0, 1.0]))
    bias = UNIT.free_params(inner).bias
    assert np.isfinite(bias).all()
    np.testing.assert_allclose(means([bias])[0], inner, rtol=1e-12)


def test_blend_mixes_base_energies():
    found = UNIT.base_energy(UNIT.blend(BIAS, OTHER, 0.3), ROWS)
    mixed = 0.7 * np.array(base_energies(BIAS)) + 0.3 * np.array(base_energies(OTHER))
    np.testing.assert_allclose(found, mixed)


# Some columns known ----------------------------------------------------------------

NAN = math.nan
KNOWN = [
    (NAN,) * 6,
    (1.0, NAN, NAN, 0.0, NAN, NAN),
    (NAN, NAN, 0.0, 1.0, NAN, 0.0),
    (NAN, -1.0, 0.0, NAN, 0.0, 1.0),
    (1.0, -1.0, NAN, NAN, NAN, 1.0),
    (NAN, 1.0, 0.0, 0.0, 1.0, 1.0),
    (1.0, -1.0, 0.0, NAN, NAN, 1.0),
    (1.0, -1.0, NAN, 1.0, NAN, 0.0),
]


def agreeing(row):
    known = [i for i, x in enumerate(row) if not math.isnan(x)]
    return [s for s in STATES if all(s[i] == row[i] for i in known)]


@pytest.mark.parametrize("row", KNOWN)
def test_what_is_left_has_the_law_of_the_states_that_agree(row):
    """By all states of all columns."""
    weights = np.exp([np.dot(BIAS.bias, s) for s in agreeing(row)])
    expected = weights @ np.array(agreeing(row)) / weights.sum()
    found = UNIT.implied(np.array([row]))[0]
    left = np.isnan(found)
    rest, field = UNIT.restricted(left), BIAS.bias[left][None]
    found[left] = rest.mean(Bias(field[0]), field)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-13)
    known = UNIT.restricted(~left)
    energy = known.base_energy(Bias(BIAS.bias[~left]), found[None, ~left])[0]
    log_weight = rest.log_partition(Bias(field[0]), field).sum() - energy
    assert math.isclose(log_weight, math.log(weights.sum()), rel_tol=1e-12)
    assert rest.n_states(int(left.sum())) == len(agreeing(row))


def test_parts_without_columns_are_gone():
    mask = np.array([1, 0, 1, 1, 0, 0], bool)
    assert UNIT.restricted(mask) == Columns(((SPIN, 1), (LABEL, 2)))
    assert UNIT.restricted(np.ones(6, bool)) == UNIT
    assert UNIT.restricted(np.array([0, 0, 1, 0, 1, 0], bool)) == LABEL
    assert UNIT.restricted(np.array([1, 1, 0, 0, 0, 0], bool)) == SPIN
    assert UNIT.restricted(np.zeros(6, bool)).n_states(0) == 1


@both_dtypes
def test_precision_is_kept(dtype):
    field, params = FIELDS.astype(dtype), Bias(BIAS.bias.astype(dtype))
    noise = kernels.noise("uniform", (1, 2, 0, 0), field.shape, dtype)
    made = [getattr(UNIT, f)(params, field) for f in ("log_partition", "mean", "mode")]
    made += [UNIT.sample(params, field, noise), UNIT.nearest(field)]
    made += [UNIT.field(params, field), UNIT.sums(params, field).bias]
    assert {array.dtype for array in made} == {np.dtype(dtype)}


# What it is made of ---------------------------------------------------------------


def test_limits_are_numbers_where_all_columns_share_them():
    np.testing.assert_array_equal(UNIT.low, [-1, -1, 0, 0, 0, 0])
    np.testing.assert_array_equal(UNIT.high, [1, 1, 1, 1, 1, 1])
    bits = Columns(((BERNOULLI, 3), (LABEL, 2)))
    assert (bits.low, bits.high) == (0, 1) and type(bits.low) is float


def test_units_side_by_side_are_a_unit():
    nested = Columns(((Columns(UNIT.groups[:2]), 5), UNIT.groups[2]))
    np.testing.assert_array_equal(nested.low, UNIT.low)
    for name in ("mean", "log_partition", "mode"):
        flat = getattr(UNIT, name)(BIAS, FIELDS)
        np.testing.assert_array_equal(getattr(nested, name)(BIAS, FIELDS), flat)


def test_equal_parts_make_equal_units():
    again = pickle.loads(pickle.dumps(UNIT))
    assert again == UNIT and hash(again) == hash(UNIT)
    assert Columns(UNIT.groups[:2]) != UNIT


@pytest.mark.parametrize(
    "groups",
    [
        (),
        ((BERNOULLI, 0),),
        ((BERNOULLI, 1.5),),
        ((BERNOULLI, 2, 3),),
        ((BERNOULLI, 2, "data", 3),),
        (BERNOULLI, 2),
        [(BERNOULLI, 2)],
        (("bernoulli", 2),),
        ((BERNOULLI, 2, "hidden"),),
    ],
)
def test_what_cannot_stand_side_by_side_is_refused(groups):
    with pytest.raises(ValueError, match=r"^groups must be"):
        Columns(groups)


def test_columns_beyond_the_parts_are_refused():
    with pytest.raises(ValueError, match="6 columns, found 7"):
        UNIT.base_energy(Bias(np.zeros(7)), np.zeros((1, 7)))


# Samples --------------------------------------------------------------------------


def drawn(field, dtype):
    """Through the kernels, as every chain is."""
    noise = kernels.noise("uniform", (5, 6, 0, 0), (N, 6), dtype)
    params = Bias(np.zeros(6, dtype))
    return kernels.sample(UNIT, params, np.tile(field.astype(dtype), (N, 1)), noise)


def suits(rows):
    numbers = (rows[:, None] == np.array(STATES)).all(axis=2)
    np.testing.assert_array_equal(numbers.sum(axis=1), 1)  # each row is one state
    return chi_square(numbers.sum(axis=0), law(FIELDS[0].tolist())) < 1


@both_dtypes
def test_samples_follow_the_law_of_the_states(dtype):
    assert suits(drawn(FIELDS[0], dtype))


@both_dtypes
def test_samples_that_are_nearly_right_are_rejected(dtype):
    assert not suits(drawn(FIELDS[0] / 1.2, dtype))
    mixed = drawn(FIELDS[0], dtype)
    mixed[:, 5] = mixed[:, 0] > 0  # the noise of another column
    assert not suits(mixed)


def test_the_kernels_give_the_means_of_the_unit():
    mean = kernels.mean(UNIT, BIAS, FIELDS - BIAS.bias)
    np.testing.assert_allclose(mean, means(FIELDS), atol=1e-14)
    out = np.empty_like(FIELDS)
    kernels.tail_mean(UNIT, BIAS, FIELDS - BIAS.bias, out)
    np.testing.assert_allclose(out, mean, atol=1e-14)


def test_the_kernels_sum_log_ratios_over_all_terms():
    """Of the layer that is summed out, here by the states of all columns."""
    found = kernels.log_ratio(UNIT, FIELDS, (0.3, BIAS), (0.8, OTHER))
    expected = [
        log_sum(log_weights(OTHER.bias + 0.8 * row))
        - log_sum(log_weights(BIAS.bias + 0.3 * row))
        for row in FIELDS
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
