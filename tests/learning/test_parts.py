"""Batches, schedules, penalties, optimisers, initialisation: one by one."""

import numpy as np
import pytest
from learning_parts import recipe, step_of
from model_cases import BIPARTITE, UNITS
from scipy import sparse

from skboltz.learning import (
    SCHEDULES,
    Enumeration,
    GradientAscent,
    Momentum,
    SparsityTarget,
    WeightDecay,
    batches,
    cut,
    initial_params,
    smoothed_mean,
    take,
)
from skboltz.models import BipartiteParams
from skboltz.sampling import Purpose, Stream
from skboltz.units import Bias
from skboltz.utils import suited_threads


@pytest.mark.parametrize("n, b", [(1001, 10), (101, 100), (1003, 500), (5, 10), (7, 1)])
def test_batches_differ_by_one_row_at_most(n, b):
    sizes = np.diff(cut(n, b))
    assert len(sizes) == -(-n // b) and sizes.sum() == n
    assert sizes.max() - sizes.min() <= 1 and sizes.max() <= b


def test_batches_are_the_order_in_parts():
    order = np.random.default_rng(0).permutation(23)
    np.testing.assert_array_equal(np.concatenate(list(batches(order, 5))), order)


@pytest.mark.parametrize("kind", ["dense", "csr"])
def test_rows_taken_are_dense_floats(kind):
    X = np.arange(12).reshape(4, 3).astype(np.uint8)
    source = X if kind == "dense" else sparse.csr_array(X)
    rows = take(source, np.array([2, 0]), np.float32)
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows, X[[2, 0]])


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_start_at_one_and_never_rise(name):
    factors = [SCHEDULES[name](t) for t in np.linspace(0, 0.99, 34)]
    assert factors[0] == 1 and (np.diff(factors) <= 0).all() and factors[-1] > 0


def test_weight_decay_is_the_slope_of_its_penalty():
    weights = np.array([[2.0, -0.5], [0.0, 1.0]])
    step = np.zeros_like(weights)
    WeightDecay(l1=0.3, l2=0.1).pull(step, weights, rate=0.5)
    expected = -0.5 * (0.3 * np.sign(weights) + 0.1 * weights)
    np.testing.assert_allclose(step, expected)


def test_momentum_is_the_textbook_recursion():
    def everywhere(value):
        return BipartiteParams(
            np.full((2, 3), value), Bias(np.full(3, value)), Bias(np.full(2, value))
        )

    params, speed, expected = everywhere(0.0), 0.0, 0.0
    optimiser = Momentum(0.9)
    state = optimiser.init(params)
    for move in (1.0, 0.5, -2.0):
        state = optimiser.step(params, state, everywhere(move))
        speed = 0.9 * speed + move
        expected += speed
        for array in params.arrays():
            np.testing.assert_allclose(array, expected)
    assert optimiser.accepts(state) and not GradientAscent().accepts(state)
    assert GradientAscent().accepts(()) and not optimiser.accepts(())


def test_a_sparsity_target_lowers_the_hidden_means_in_the_sums():
    """The step must be that of means lowered by cost * (activity - target)."""
    case = BIPARTITE[1]
    rows = np.array(case.oracle.visible_states[3:9], dtype=float)
    plain = step_of(recipe(case, Enumeration()), case.params, rows, rate=1.0)
    target = SparsityTarget(target=0.1, cost=0.5)
    pulled = step_of(
        recipe(case, Enumeration(), sparsity=target), case.params, rows, rate=1.0
    )
    field = case.model.hidden_field(case.params, rows)
    mean = case.model.hidden_unit.mean(case.params.hidden, field)
    at_mean = rows.mean(axis=0) @ case.params.weights.T + case.params.hidden.bias
    start = 1 / (1 + np.exp(-at_mean))
    activity = 0.99 * start + 0.01 * mean.mean(axis=0)
    pull = 0.5 * (activity - 0.1)
    np.testing.assert_allclose(pulled[2] - plain[2], -pull, atol=1e-12)
    np.testing.assert_allclose(
        pulled[0] - plain[0], -np.outer(pull, rows.mean(axis=0)), atol=1e-12
    )
    np.testing.assert_allclose(pulled[1], plain[1], atol=1e-12)


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
def test_free_units_start_at_the_smoothed_mean(unit):
    case = BIPARTITE[1]
    model = type(case.model)(unit, unit)
    mean = unit.low + unit.span * np.array([0.0, 0.3, 1.0])
    stream = Stream((0, 0), Purpose.WEIGHTS)
    params = initial_params(model, stream, mean, 8, 200, np.dtype(np.float32))
    start = unit.mean(Bias(0), params.visible.bias)
    expected = unit.low + unit.span * np.array([1.0, 0.3 * 8 + 1, 9.0]) / 10
    np.testing.assert_allclose(start, expected, rtol=1e-5)
    assert params.weights.dtype == params.visible.bias.dtype == np.float32
    assert params.weights.shape == (200, 3) and not params.hidden.bias.any()
    # 600 normal numbers: their deviation is within 5/sqrt(1200) of 0.01.
    assert abs(params.weights.std() / 0.01 - 1) < 0.15


def test_means_outside_the_range_count_as_its_limits():
    bernoulli = UNITS["bernoulli"]
    means = smoothed_mean(bernoulli, np.array([-50.0, 100.0]), 8)
    np.testing.assert_allclose(means, [0.1, 0.9])


def test_small_products_run_on_one_thread():
    from threadpoolctl import threadpool_info, threadpool_limits

    def blas_threads():
        return {p["num_threads"] for p in threadpool_info() if p["user_api"] == "blas"}

    with threadpool_limits(2, user_api="blas"):
        outside = blas_threads()
        with suited_threads(10):
            assert blas_threads() == {1}
        with suited_threads(10**9):
            assert blas_threads() == outside
        assert blas_threads() == outside
