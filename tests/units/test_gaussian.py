"""Gaussian units against quadrature and slopes of their definition, and their noise."""

import math

import numpy as np
import pytest
from judges import ALPHA
from kernel_twins import TWINS
from model_cases import UNITS
from oracles import finite_difference, gaussian_grid
from scipy.stats import kstest, norm

from skboltz import config_context
from skboltz.kernels import noise as noise_of
from skboltz.units import GAUSSIAN, Bias, GaussianParams

PARAMS = GaussianParams(
    np.array([0.5, -1.0, 0.0, 2.0]), np.array([-2.0, -0.3, 0.0, 1.5])
)
OTHER = GaussianParams(np.array([-0.4, 0.7, 1.5, 1.0]), np.array([0.5, -1.0, 2.0, 1.4]))
INPUTS = np.array([[-1.5, 0.3, 0.0, 2.0], [0.2, -2.0, 1.0, -0.7]])
ROWS = np.array([[0.1, -1.4, 0.5, 3.0], [2.0, 0.0, -0.6, 1.0], [-0.3, 1.1, 0.0, 5.0]])
WEIGHT = np.array([2.0, 0.5, 1.0])

both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
unit_cases = pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)


def law(i, input, params=PARAMS):
    """Points, their gap, and exp(-(x-b)^2/(2 s2) + input x / s2) there, of unit i."""
    b, s2 = params.bias[i], math.exp(params.log_variance[i])
    x, gap = gaussian_grid([b, b + input], s2)
    return x, gap, np.exp(-((x - b) ** 2) / (2 * s2) + input * x / s2)


def integrals(function):
    """An integral for every input: `function` of unit, points, gap and density."""
    table = np.empty_like(INPUTS)
    for row, i in np.ndindex(INPUTS.shape):
        table[row, i] = function(i, *law(i, INPUTS[row, i]))
    return table


def expectations(function):
    """E[function(unit, x)] under the law of every input."""
    return integrals(lambda i, x, gap, f: (function(i, x) * f).sum() / f.sum())


def fields(params=PARAMS):
    return GAUSSIAN.field(params, INPUTS)


def half_square(i, x):
    return (x - PARAMS.bias[i]) ** 2 / (2 * math.exp(PARAMS.log_variance[i]))


def as_dtype(params, dtype):
    return type(params)(*(array.astype(dtype) for array in params))


# The unit -------------------------------------------------------------------------


def test_what_the_unit_is():
    assert (GAUSSIAN.low, GAUSSIAN.high) == (-np.inf, np.inf)
    assert GAUSSIAN.noise == "normal" and GAUSSIAN.countable is False


def test_mean_and_mode_are_those_of_the_law():
    np.testing.assert_allclose(
        GAUSSIAN.mean(PARAMS, fields()), expectations(lambda i, x: x), atol=1e-13
    )
    np.testing.assert_array_equal(GAUSSIAN.mode(PARAMS, fields()), fields())


def test_log_partition_is_the_log_of_the_integral():
    expected = integrals(lambda i, x, gap, f: math.log(f.sum() * gap))
    found = GAUSSIAN.log_partition(PARAMS, fields())
    np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-13)


def test_the_slope_of_the_log_partition_is_the_mean_statistic():
    """The log partition is a parabola of the input: differences have no error."""
    h = 1e-3
    up, down = (GAUSSIAN.log_partition(PARAMS, fields() + d) for d in (h, -h))
    statistic = GAUSSIAN.statistic(PARAMS, GAUSSIAN.mean(PARAMS, fields()))
    np.testing.assert_allclose((up - down) / (2 * h), statistic, atol=1e-10)


def test_samples_have_the_variance_of_the_law():
    """Affine in the noise: its standard points give mean and standard deviation."""
    at = [GAUSSIAN.sample(PARAMS, fields(), np.full((2, 4), z)) for z in (0.0, 1.0)]
    mean = expectations(lambda i, x: x)
    variance = expectations(lambda i, x: x**2) - mean**2
    np.testing.assert_allclose(at[0], mean, atol=1e-13)
    np.testing.assert_allclose((at[1] - at[0]) ** 2, variance, rtol=1e-11)
    beyond = GAUSSIAN.sample(PARAMS, fields(), np.full((2, 4), -2.0))
    np.testing.assert_allclose(beyond, 3 * at[0] - 2 * at[1], rtol=1e-13, atol=1e-14)


def test_the_statistic_is_the_value_by_the_variance():
    statistic = GAUSSIAN.statistic(PARAMS, ROWS)
    np.testing.assert_allclose(statistic, ROWS / np.exp(PARAMS.log_variance))
    np.testing.assert_allclose(GAUSSIAN.scale(PARAMS) * ROWS, statistic, rtol=1e-15)


def base_energies(params, rows=ROWS):
    """By explicit loops."""
    b, z = params.bias, params.log_variance
    return np.array(
        [
            sum((x - b[i]) ** 2 / (2 * math.exp(z[i])) for i, x in enumerate(row))
            for row in rows
        ]
    )


def test_base_energy_by_loops():
    found = GAUSSIAN.base_energy(PARAMS, ROWS)
    np.testing.assert_allclose(found, base_energies(PARAMS), rtol=1e-14)


@both_dtypes
def test_change_of_the_base_energy_is_in_double_precision(dtype):
    """Rows far out: in single precision their energies of 5e5 know 0.03 at best."""
    rows = (1000 * ROWS).astype(dtype)
    near = PARAMS._replace(log_variance=PARAMS.log_variance + 1e-6)
    found = GAUSSIAN.base_energy_change(PARAMS, near, rows)
    exact = rows.astype(np.float64)
    expected = base_energies(near, exact) - base_energies(PARAMS, exact)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=1e-7)


def test_sums_are_slopes_of_the_base_energy():
    """That of the bias by the scale, and up to a constant for each unit of weight."""
    slopes = GaussianParams(
        finite_difference(lambda b: -energy(PARAMS._replace(bias=b)), PARAMS.bias),
        finite_difference(
            lambda z: -energy(PARAMS._replace(log_variance=z)), PARAMS.log_variance
        ),
    )
    found = GAUSSIAN.sums(PARAMS, ROWS, WEIGHT)
    by_bias = GAUSSIAN.scale(PARAMS) * (found.bias - WEIGHT.sum() * PARAMS.bias)
    # Energies of 200 at 2e-16, by a step of 1e-5; third derivatives of 200 by 1e-10.
    np.testing.assert_allclose(by_bias, slopes.bias, atol=2e-8)
    np.testing.assert_allclose(found.log_variance, slopes.log_variance, atol=2e-8)


def energy(params):
    return base_energies(params) @ WEIGHT


def test_rows_without_weights_count_once():
    for method in (GAUSSIAN.sums, GAUSSIAN.expected_sums):
        plain, ones = method(PARAMS, ROWS), method(PARAMS, ROWS, np.ones(3))
        for a, b in zip(plain, ones, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-14)


def test_expected_sums_are_expectations_of_sums():
    weight = np.array([2.0, 0.5])
    found = GAUSSIAN.expected_sums(PARAMS, fields(), weight)
    means = expectations(lambda i, x: x)
    np.testing.assert_allclose(found.bias, weight @ means, atol=1e-12)
    squares = weight @ expectations(half_square)
    np.testing.assert_allclose(found.log_variance, squares, atol=1e-12)
    at_mean = GAUSSIAN.sums(PARAMS, fields(), weight)
    assert abs(at_mean.log_variance - squares).min() > 1  # 1/2 for each unit of weight


def test_couplings_pull_at_the_variance_alone():
    step = GaussianParams(np.arange(4.0), np.ones(4))
    weights, slopes = (
        np.array([[1.0, 1.0, 3.0, -2.0]]),
        np.array([[1.0, 2.0, 1.0, 2.0]]),
    )
    GAUSSIAN.add_couplings(step, weights, slopes)
    np.testing.assert_array_equal(step.bias, np.arange(4.0))
    np.testing.assert_array_equal(step.log_variance, [0, -1, -2, 5])


@pytest.mark.parametrize("beta", [0.0, 0.3, 0.8, 1.0])
def test_a_blend_has_the_mixed_energies_up_to_a_constant(beta):
    for i in range(4):
        first, second = (GaussianParams(*(a[[i]] for a in p)) for p in (PARAMS, OTHER))
        mixed = GAUSSIAN.blend(first, second, beta)
        x = np.linspace(-3, 3, 7)[:, None]
        ends = (1 - beta) * base_energies(first, x) + beta * base_energies(second, x)
        gap = base_energies(mixed, x) - ends
        np.testing.assert_allclose(gap, gap[0], atol=1e-13 * ends.max())


@pytest.mark.parametrize("beta, end", [(0.0, PARAMS), (1.0, OTHER)])
def test_a_blend_begins_and_ends_at_its_ends(beta, end):
    for found, expected in zip(GAUSSIAN.blend(PARAMS, OTHER, beta), end, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-15, atol=1e-15)


def test_gain_turns_inputs_of_one_variance_into_those_of_another():
    """h W x / s2 of the reference is h (gain W) x / s2 of the parameters."""
    gain = GAUSSIAN.gain(PARAMS, OTHER)
    found = GAUSSIAN.statistic(PARAMS, ROWS) * gain
    np.testing.assert_allclose(found, GAUSSIAN.statistic(OTHER, ROWS), rtol=1e-14)


@both_dtypes
def test_precision_is_kept(dtype):
    params, field, x = as_dtype(PARAMS, dtype), fields().astype(dtype), ROWS
    x = x.astype(dtype)
    made = [
        GAUSSIAN.field(params, field),
        GAUSSIAN.statistic(params, x),
        GAUSSIAN.base_energy(params, x),
        GAUSSIAN.log_partition(params, field),
        GAUSSIAN.sample(params, field, field),
        *GAUSSIAN.sums(params, x),
        *GAUSSIAN.expected_sums(params, x, WEIGHT.astype(dtype)),
    ]
    assert {array.dtype for array in made} == {np.dtype(dtype)}


def test_nothing_is_written_into_the_arguments():
    rows, field = ROWS.copy(), fields()
    before = field.copy()
    for made in (GAUSSIAN.mean, GAUSSIAN.mode, GAUSSIAN.log_partition):
        made(PARAMS, field)
    GAUSSIAN.sample(PARAMS, field, np.ones((2, 4)))
    GAUSSIAN.base_energy(PARAMS, rows)
    GAUSSIAN.sums(PARAMS, rows, WEIGHT)
    np.testing.assert_array_equal(rows, ROWS)
    np.testing.assert_array_equal(field, before)


# What two-valued units say to the same questions ----------------------------------


@unit_cases
def test_two_valued_units_have_no_variance(unit):
    bias, other = Bias(np.array([0.5, -1.0])), Bias(np.array([-0.25, 3.0]))
    x = np.array([[unit.low, unit.high], [unit.high, unit.high]])
    assert unit.countable is True and unit.noise == "uniform"
    np.testing.assert_array_equal(unit.statistic(bias, x), x)
    assert unit.gain(bias, other) == 1.0
    np.testing.assert_allclose(unit.blend(bias, other, 0.25).bias, [0.3125, 0.0])
    sums = unit.expected_sums(bias, x, np.array([2.0, 3.0]))
    expected = unit.sums(bias, unit.mean(bias, x), np.array([2.0, 3.0]))
    np.testing.assert_allclose(sums.bias, expected.bias, rtol=1e-15)


# Normal noise ---------------------------------------------------------------------

KEY = (11, 12)
KERNELS = ["numpy", "numba"][: len(TWINS)]
N = 200_001  # odd: one of the last pair is left over


def noise(shape=(N,), dtype=np.float64, key=KEY):
    return noise_of("normal", (*key, 3, 1), shape, dtype)


def is_normal(x):
    """Kolmogorov-Smirnov: at this size and ALPHA it sees gaps of 0.006."""
    return kstest(x.astype(np.float64), norm.cdf).pvalue > ALPHA


@both_dtypes
def test_noise_is_normal(dtype):
    x = noise(dtype=dtype)
    assert x.dtype == dtype and x.shape == (N,) and np.isfinite(x).all()
    assert is_normal(x)


def test_the_judge_rejects_what_is_nearly_normal():
    x = noise()
    assert not is_normal(1.05 * x)
    assert not is_normal(x + 0.02)
    logistic = noise_of("logistic", (*KEY, 3, 1), (N,), np.float64)
    assert not is_normal(logistic * math.sqrt(3) / math.pi)


@both_dtypes
def test_moments_of_noise(dtype):
    """E[x^k] = 0, 1, 0, 3 and 0, 15 with variances E[x^2k] - E[x^k]^2."""
    x = noise(dtype=dtype).astype(np.float64)
    moments = {1: 0, 2: 1, 3: 0, 4: 3, 5: 0, 6: 15, 8: 105, 10: 945, 12: 10395}
    bound = norm.isf(ALPHA / 2)
    for k in range(1, 7):
        variance = moments[2 * k] - moments[k] ** 2
        assert abs((x**k).mean() - moments[k]) < bound * math.sqrt(variance / N)


def correlations(x):
    """Of x, and of x^2, with what stands some places later, by their standard error.

    Two of a pair of Box and Muller stand next to each other, or half the array apart.
    """
    found = []
    for y in (x, (x**2 - 1) / math.sqrt(2)):
        for lag in (1, 2, 3, len(x) // 2, len(x) // 2 + 1):
            products = y[lag:] * y[:-lag]
            found.append(abs(products.mean()) * math.sqrt(len(products)))
    return max(found)


@both_dtypes
def test_neighbours_are_independent(dtype):
    bound = norm.isf(ALPHA / 20)
    x = noise(dtype=dtype).astype(np.float64)
    assert correlations(x) < bound
    # Pairs that share their radius, but not their angle, are seen by their squares.
    shared = x.copy()
    shared[1::2] = np.sign(x[1::2]) * abs(x[:-1:2])
    assert correlations(shared) > bound


@both_dtypes
@pytest.mark.parametrize("shape", [(0,), (3, 0), (1,), (7, 3), (2, 5, 1), (129, 65)])
def test_shapes_of_noise(shape, dtype):
    x = noise(shape, dtype)
    assert x.shape == shape and x.dtype == dtype and np.isfinite(x).all()
    np.testing.assert_array_equal(x, noise(shape, dtype))


def test_every_word_of_the_place_changes_the_noise():
    first = noise_of("normal", (11, 12, 3, 1), (100,), np.float64)
    for place in ((12, 12, 3, 1), (11, 11, 3, 1), (11, 12, 4, 1), (11, 12, 3, 2)):
        other = noise_of("normal", place, (100,), np.float64)
        assert not np.isin(other, first).any()


@pytest.mark.skipif(len(KERNELS) < 2, reason="this run is without Numba on purpose")
@both_dtypes
@pytest.mark.parametrize("n", [0, 1, 2, 3, 255, 8193, 20_001])
def test_both_kernels_make_the_same_bits(n, dtype):
    made = []
    for kernels in KERNELS:
        with config_context(kernels=kernels):
            made.append(noise((n,), dtype).tobytes())
    assert made[0] == made[1]


@both_dtypes
def test_samples_follow_the_normal_law(dtype):
    """The unit and its noise together, by the law of its field."""
    params = GaussianParams(np.array([0.7], dtype), np.log(np.array([4.0], dtype)))
    field = GAUSSIAN.field(params, np.full((N, 1), -0.2, dtype))
    x = GAUSSIAN.sample(params, field, noise((N, 1), dtype))[:, 0]
    assert x.dtype == dtype
    assert is_normal((x.astype(np.float64) - 0.5) / 2)
    assert not is_normal((x.astype(np.float64) - 0.5) / math.sqrt(4 * 1.2))
