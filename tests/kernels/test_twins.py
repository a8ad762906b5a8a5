"""Both twins of every kernel return the same bits."""

import numpy as np
import pytest
from kernel_twins import TWINS
from scipy import sparse

from skboltz.units import TwoValuedUnit

SHAPES = [(1, 1), (3, 7), (17, 33), (100, 784)]
DTYPES = [np.float32, np.float64]
UNITS = [(0.0, 1.0), (-1.0, 1.0)]
PLACE = (123, 2**63 + 7, 2**64 - 3, 2**64 - 1)


def assert_same_bits(arrays):
    for array in arrays[1:]:
        assert array.dtype == arrays[0].dtype
        assert array.tobytes() == arrays[0].tobytes()


def inputs(shape, dtype):
    rng = np.random.default_rng(shape)
    input, noise = (3 * rng.standard_normal(shape).astype(dtype) for _ in range(2))
    return input, rng.standard_normal(shape[1]).astype(dtype), noise


def tail_mean(kernels, low, high, input, bias):
    out, own = np.empty_like(input), input.copy()
    kernels.two_valued_tail_mean(low, high, input.copy(), bias, out)
    kernels.two_valued_tail_mean(low, high, own, bias, own)
    assert_same_bits([out, own])
    return out


@pytest.mark.parametrize("n", [0, 1, 2, 1023, 1025, 4001, 20_000])
@pytest.mark.parametrize("dtype", DTYPES)
def test_uniform_numbers(n, dtype):
    assert_same_bits([k.uniform(PLACE, n, np.dtype(dtype)) for k in TWINS])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("low, high", UNITS)
def test_samples_and_means(shape, dtype, low, high):
    input, bias, _ = inputs(shape, dtype)
    args, u = (low, high), TWINS[0].uniform(PLACE, input.size, np.dtype(dtype))
    means = [k.two_valued_mean(*args, input.copy(), bias) for k in TWINS]
    assert_same_bits(means)
    assert_same_bits([k.two_valued_draw(*args, means[0], PLACE) for k in TWINS])
    noise = u.reshape(shape)
    assert_same_bits(
        [k.two_valued_sample(*args, means[0], noise.copy()) for k in TWINS]
    )
    assert_same_bits([tail_mean(k, *args, input, bias) for k in TWINS])


@pytest.mark.parametrize("shape", [*SHAPES, (700, 100)])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("low, high", UNITS)
def test_log_ratios(shape, dtype, low, high):
    input, bias, _ = inputs(shape, dtype)
    input[0, 0] = 200.0  # far beyond where exp overflows in float32
    old, new = (0.3, bias), (0.35, 1.1 * bias)
    ratios = [k.two_valued_log_ratio(low, high, input, old, new) for k in TWINS]
    assert_same_bits(ratios)
    unit = TwoValuedUnit(low, high)
    after, before = (
        unit.log_partition(None, beta * input.astype(float) + shift).sum(axis=1)
        for beta, shift in (new, old)
    )
    atol = 1e-12 if dtype == np.float64 else 1e-5
    np.testing.assert_allclose(ratios[0], after - before, rtol=1e-6, atol=atol)


@pytest.mark.parametrize("shape", [(3, 7), (100, 784)])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("low, high", [*UNITS, (-2.0, 0.5)])
@pytest.mark.parametrize("most", [0.01, 0.99, 1.01, 30.0])
def test_a_mean_that_is_known_changes_no_ratio(shape, dtype, low, high, most):
    """On both sides of the guard, where log-odds change by 1, and far beyond."""
    input, bias, _ = inputs(shape, dtype)
    input, bias = input / abs(input).max(), 3 * bias
    old, new = (0.5, bias), (dtype(0.5 + most / (high - low)), bias)
    mean = TWINS[0].two_valued_mean(low, high, input * new[0], bias)
    ratios = [k.two_valued_log_ratio(low, high, input, old, new, mean) for k in TWINS]
    assert_same_bits(ratios)
    unit = TwoValuedUnit(low, high)
    after, before = (
        unit.log_partition(None, float(beta) * input.astype(float) + shift).sum(axis=1)
        for beta, shift in (new, old)
    )
    atol = 1e-12 if dtype == np.float64 else 1e-5
    np.testing.assert_allclose(ratios[0], after - before, rtol=2e-6, atol=atol)


@pytest.mark.parametrize("kernels", TWINS)
@pytest.mark.parametrize("low, high", UNITS)
def test_means_are_those_of_the_unit(kernels, low, high):
    unit = TwoValuedUnit(low, high)
    input, bias, _ = inputs((17, 33), np.float64)
    input[0, :2] = -1e3, 1e3
    expected = unit.mean(None, input + bias)
    tail = tail_mean(kernels, low, high, input, bias)
    np.testing.assert_allclose(tail, expected, rtol=1e-12)
    mean = kernels.two_valued_mean(low, high, input.copy(), bias)
    np.testing.assert_allclose(mean, expected, atol=1e-14)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_updates(shape, dtype):
    results = []
    for kernels in TWINS:
        input, _, noise = inputs(shape, dtype)
        weights, step = input, noise
        velocity = 0.5 * weights
        kernels.shrink(step, weights, 0.01, 0.003)
        kernels.add_step_with_momentum(weights, velocity, step, 0.9)
        results.append(np.stack([weights, velocity, step]))
    assert_same_bits(results)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_sparse_products(dtype, index):
    X = sparse.random_array((40, 300), density=0.05, format="csr", rng=0, dtype=dtype)
    X.indptr, X.indices = X.indptr.astype(index), X.indices.astype(index)
    weights = np.random.default_rng(1).standard_normal((30, 300)).astype(dtype)
    products = [kernels.sparse_product(X, weights) for kernels in TWINS]
    assert_same_bits(products)
    np.testing.assert_allclose(products[0], X.toarray() @ weights.T, rtol=1e-4)
