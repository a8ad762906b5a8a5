"""Backpropagation: epochs by explicit loops, its optimisers, and what it may not do."""

import math
import pickle
from itertools import pairwise

import numpy as np
import pytest
from judges import ALPHA
from learning_parts import recipe as training_recipe
from learning_parts import start as training_start
from model_cases import BIPARTITE
from network_loops import as_lists, log_likelihood, masks_of, pass_up, penalty, slopes
from scipy.stats import binom
from sklearn.linear_model import LogisticRegression

from skboltz import DivergenceError
from skboltz.learning import (
    Adam,
    BackpropLearner,
    Data,
    Dropout,
    Enumeration,
    GradientAscent,
    Layer,
    MaxNorm,
    Momentum,
    NetworkParams,
    TwoPhaseLearner,
    WeightDecay,
    _optimisers,
    backprop,
    batches,
    epoch,
    guarded_epoch,
    quasi_newton,
)
from skboltz.learning.feedforward import _backprop
from skboltz.sampling import Purpose, Stream

SIZES = (3, 4, 2, 3)
N_ROWS = 9
RATE, L2 = 0.3, 0.05
OPTIMISERS = {"plain": GradientAscent(), "momentum": Momentum(0.9), "adam": Adam()}
WEIGHT = np.array([1.0, 0.5, 2.0, 0.0, 3.0, 1.0, 0.0, 0.25, 1.0])

all_optimisers = pytest.mark.parametrize(
    "optimiser", OPTIMISERS.values(), ids=OPTIMISERS
)
both_types = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def some_params(sizes=SIZES, dtype=float):
    rng, layers = np.random.default_rng(sizes), []
    for n_inputs, n_outputs in pairwise(sizes):
        weights = np.asfortranarray(rng.normal(size=(n_outputs, n_inputs)), dtype)
        layers.append(Layer(weights, rng.normal(size=n_outputs).astype(dtype)))
    return NetworkParams(tuple(layers))


def some_data(n_rows=N_ROWS, sizes=SIZES):
    rng = np.random.default_rng([n_rows, *sizes])
    return rng.normal(size=(n_rows, sizes[0])), rng.integers(sizes[-1], size=n_rows)


X, CODES = some_data()


def recipe(optimiser=None, l2=0.0, dropout=(0.0, 0.0), limit=None, batch_size=4):
    optimiser = GradientAscent() if optimiser is None else optimiser
    parts = WeightDecay(l2=l2), Dropout(*dropout), MaxNorm(limit)
    return BackpropLearner(optimiser, *parts, batch_size)


def start(parts, params=None):
    params = some_params() if params is None else params
    return parts.copy(parts.init(params, (1, 2)))


def train(parts, n_epochs=1, state=None, x=X, codes=CODES, weight=None, rate=RATE):
    state = start(parts) if state is None else state
    for _ in range(n_epochs):
        state, _ = epoch(parts, state, Data(x, weight, target=codes), rate)
    return state


def arrays_of(state):
    """All arrays of a state."""
    flat, stack = [], [state]
    while stack:
        place = stack.pop()
        if isinstance(place, tuple):
            stack.extend(place)
        elif isinstance(place, np.ndarray):
            flat.append(place)
    return flat


def assert_same_bits(one, other):
    pairs = list(zip(arrays_of(one), arrays_of(other), strict=True))
    assert pairs
    for a, b in pairs:
        assert a.tobytes() == b.tobytes()


def assert_close(params, arrays, atol):
    for a, b in zip(params.arrays(), arrays, strict=True):
        np.testing.assert_allclose(a, b, atol=atol)


# An epoch -------------------------------------------------------------------------


def explicit_epoch(parts, weight, l2):
    """Arrays after an epoch of plain ascent, mean loss and accuracy, by loops.

    Slopes are finite differences of the mean log-likelihood of a batch less l2/2 times
    the sum of squares; a batch steps by its weight over the mean weight of batches.
    """
    state = start(parts)
    arrays, noise = list(state.params.arrays()), state.noise
    order = state.shuffle.generator().permutation(N_ROWS)
    groups = list(batches(order, parts.batch_size))
    mean_weight, loss, hits = weight.sum() / len(groups), 0.0, 0.0
    for rows in groups:
        w, x, codes = weight[rows], X[rows], CODES[rows]
        if not w.sum():
            continue
        masks, noise = parts.dropout.masks(state.params, len(rows), noise)

        def objective(layers, x=x, codes=codes, w=w, masks=masks):
            mean = log_likelihood(layers, x, codes, w, masks) / w.sum()
            return mean - penalty(layers, l2)

        layers = as_lists(arrays)
        loss -= log_likelihood(layers, x, codes, w, masks)
        for r, row in enumerate(x.tolist()):
            logs = pass_up(layers, row, masks_of(masks, r))[1]
            hits += w[r] * (logs.index(max(logs)) == codes[r])
        rate = RATE * w.sum() / mean_weight
        moves = slopes(arrays, objective)
        arrays = [
            array + rate * move for array, move in zip(arrays, moves, strict=True)
        ]
    return arrays, loss / weight.sum(), hits / weight.sum()


def weights_of(kind, parts):
    """Weights of rows; the "gap" is a batch of no weight."""
    if kind == "equal":
        return np.ones(N_ROWS)
    weight = WEIGHT.copy()
    if kind == "gap":
        order = start(parts).shuffle.generator().permutation(N_ROWS)
        weight[list(batches(order, parts.batch_size))[1]] = 0
    return weight


@pytest.mark.parametrize("dropout", [(0.0, 0.0), (0.2, 0.4)])
@pytest.mark.parametrize("kind", ["equal", "weighted", "gap"])
def test_an_epoch_is_that_of_explicit_loops(kind, dropout):
    parts = recipe(l2=L2, dropout=dropout)
    weight = weights_of(kind, parts)
    arrays, loss, accuracy = explicit_epoch(parts, weight, L2)
    given = None if kind == "equal" else weight
    state, seen = epoch(parts, start(parts), Data(X, given, target=CODES), RATE)
    assert_close(state.params, arrays, atol=1e-8)
    assert seen.loss == pytest.approx(loss, abs=1e-8)
    assert seen.accuracy == pytest.approx(accuracy, abs=1e-12)


def test_a_forgotten_decay_is_rejected():
    parts = recipe(l2=L2)
    arrays, _, _ = explicit_epoch(parts, np.ones(N_ROWS), L2)
    found = train(recipe(l2=0.0)).params
    assert abs(found.arrays()[0] - arrays[0]).max() > 1e-3


def test_weights_of_two_are_rows_twice_in_a_full_batch():
    weight = np.ones(N_ROWS)
    weight[[2, 5]] = 2
    twice = np.append(np.arange(N_ROWS), [2, 5])
    parts = recipe(l2=L2, batch_size=100)
    weighted = train(parts, 3, weight=weight)
    repeated = train(parts, 3, x=X[twice], codes=CODES[twice])
    assert_close(weighted.params, repeated.params.arrays(), atol=1e-12)


@all_optimisers
def test_equal_weights_are_no_weights(optimiser):
    parts = recipe(optimiser, l2=L2)
    weighted = train(parts, 3, weight=np.full(N_ROWS, 2.5))
    assert_close(weighted.params, train(parts, 3).params.arrays(), atol=1e-12)


@all_optimisers
def test_rows_of_no_weight_change_nothing(optimiser):
    parts, other, codes = recipe(optimiser, batch_size=2), X.copy(), CODES.copy()
    other[WEIGHT == 0] += 5
    codes[WEIGHT == 0] = (codes[WEIGHT == 0] + 1) % 3
    one = train(parts, 3, weight=WEIGHT)
    assert_same_bits(one, train(parts, 3, x=other, codes=codes, weight=WEIGHT))
    full, kept = recipe(optimiser, batch_size=100), WEIGHT > 0
    one = train(full, 3, weight=WEIGHT)
    fewer = train(full, 3, x=X[kept], codes=CODES[kept], weight=WEIGHT[kept])
    assert_close(one.params, fewer.params.arrays(), atol=1e-12)


@both_types
@all_optimisers
def test_an_epoch_is_a_function_of_the_state_which_it_leaves_alone(optimiser, dtype):
    parts = recipe(optimiser, l2=L2, dropout=(0.2, 0.4), limit=1.0)
    state = train(parts, 1, start(parts, some_params(dtype=dtype)))
    before = pickle.loads(pickle.dumps(state))
    one, other = train(parts, 2, state), train(parts, 2, state)
    assert_same_bits(one, other)
    assert_same_bits(state, before)
    assert one.shuffle == other.shuffle and one.noise == other.noise != state.noise
    assert one.shuffle.step == state.shuffle.step + 2
    assert all(array.dtype == dtype for array in arrays_of(one))


@all_optimisers
def test_stopping_and_going_on_is_never_having_stopped(optimiser):
    parts = recipe(optimiser, l2=L2, dropout=(0.2, 0.4), limit=1.0)
    half = pickle.loads(pickle.dumps(train(parts, 2)))
    assert_same_bits(train(parts, 5), train(parts, 3, half))


@all_optimisers
def test_copies_lie_in_memory_as_what_they_copy(optimiser):
    """Else an update reads some along and some across: Adam took 8 times longer."""
    state = recipe(optimiser).copy(train(recipe(optimiser)))
    assert all(array.flags.f_contiguous for array in arrays_of(state))


@all_optimisers
def test_an_optimiser_accepts_its_own_states_only(optimiser):
    params = some_params()
    for other in OPTIMISERS.values():
        assert optimiser.accepts(other.init(params)) == (optimiser == other)


def test_learning_climbs():
    """As many hidden units as rows can tell them apart."""
    parts, data = recipe(Momentum(0.9), batch_size=100), Data(X, None, target=CODES)
    params = some_params((3, 9, 9, 3))
    before = backprop.scores(params, data)
    state = train(parts, 300, start(parts, params))
    after = backprop.scores(state.params, data)
    assert after[0] > -0.1 > before[0] and after[1] == 1 > before[1]


@pytest.mark.parametrize("rate", [1e30, 1e300])
@pytest.mark.parametrize("dtype", [np.float32])
@all_optimisers
def test_a_tuning_that_leaves_the_finite_numbers_says_so(optimiser, dtype, rate):
    parts = recipe(optimiser, l2=1.0)
    with pytest.raises(DivergenceError, match="learning_rate"):
        train(parts, 5, start(parts, some_params(dtype=dtype)), rate=rate)


# All rows at once -----------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True])
def test_the_objective_and_its_slopes_are_those_of_explicit_loops(
    weighted, monkeypatch
):
    monkeypatch.setattr(_backprop, "_ROWS", 4)  # 9 rows go through in three parts
    weight, params = WEIGHT if weighted else np.ones(N_ROWS), some_params()

    def expected(layers):
        mean = log_likelihood(layers, X, CODES, weight) / weight.sum()
        return mean - penalty(layers, L2)

    data = Data(X, weight if weighted else None, target=CODES)
    value, found = backprop.objective(recipe(l2=L2), params, data)
    assert value == pytest.approx(expected(as_lists(params.arrays())), abs=1e-12)
    assert_close(found, slopes(params.arrays(), expected), atol=1e-8)


@pytest.mark.parametrize("weighted", [False, True])
def test_scores_are_weighted_means_over_the_rows(weighted, monkeypatch):
    monkeypatch.setattr(_backprop, "_ROWS", 4)
    weight, params = WEIGHT if weighted else np.ones(N_ROWS), some_params()
    layers = as_lists(params.arrays())
    logs = [pass_up(layers, x)[1] for x in X.tolist()]
    hits = [own.index(max(own)) == k for own, k in zip(logs, CODES, strict=True)]
    expected = log_likelihood(layers, X, CODES, weight) / weight.sum()
    data = Data(X, weight if weighted else None, target=CODES)
    found = backprop.scores(params, data)
    assert found[0] == pytest.approx(expected, abs=1e-13)
    assert found[1] == pytest.approx(weight @ hits / weight.sum(), abs=1e-13)
    assert 0 < found[1] < 1


@both_types
@pytest.mark.parametrize("sizes", [SIZES, (3, 1, 2), (1, 2, 2)])
def test_a_vector_of_all_parameters_and_back(sizes, dtype):
    params = some_params(sizes, dtype)
    vector = quasi_newton.packed(params)
    assert vector.dtype == np.float64
    back = quasi_newton.unpacked(vector, params)
    for a, b in zip(back.arrays(), params.arrays(), strict=True):
        np.testing.assert_array_equal(a, b)
        assert a.dtype == dtype and a.flags.f_contiguous
        # scipy.optimize.minimize overwrites its vector.
        assert not np.shares_memory(a, vector)


def ascend(parts, params, n_steps, on_step=lambda params: False, weight=None):
    data = Data(X, weight, target=CODES)
    return quasi_newton.ascend(parts, params, data, n_steps, on_step)


@pytest.mark.parametrize("sizes", [SIZES, (3, 1, 3)])
def test_quasi_newton_steps_climb_and_what_is_kept_of_them_stays(sizes):
    parts, params, kept, values = recipe(l2=L2), some_params(sizes), [], []
    data = Data(X, None, target=CODES)
    before = [array.copy() for array in params.arrays()]

    def keep(moved):
        kept.append((moved, [array.copy() for array in moved.arrays()]))
        values.append(backprop.objective(parts, moved, data)[0])

    found = ascend(parts, params, 12, keep)
    assert 0 < len(kept) <= 12
    assert (np.diff(values) > 0).all()  # the conditions of Wolfe
    for moved, copy in [*kept, (params, before), (found, kept[-1][1])]:
        for a, b in zip(moved.arrays(), copy, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("n_steps", [0, 1, 3])
def test_quasi_newton_takes_no_more_steps_than_it_may(n_steps):
    seen, params = [], some_params()
    found = ascend(recipe(), params, n_steps, seen.append)
    assert len(seen) == n_steps
    expected = seen[-1] if n_steps else params
    assert_same_bits(found, expected)
    for a, b in zip(found.arrays(), params.arrays(), strict=True):
        assert not np.shares_memory(a, b)


def test_quasi_newton_stops_when_it_is_told_to():
    seen = []

    def stop(params):
        seen.append(params)
        return len(seen) == 2

    found = ascend(recipe(l2=L2), some_params(), 50, stop)
    assert len(seen) == 2
    assert_same_bits(found, seen[-1])


@pytest.mark.parametrize("weighted", [False, True])
def test_quasi_newton_reaches_a_summit(weighted):
    """Slopes of 0 to 1e-7, at whose square the value no longer tells a step."""
    parts, weight = recipe(l2=L2), WEIGHT if weighted else None
    found = ascend(parts, some_params(), 2000, weight=weight)
    _, slope = backprop.objective(parts, found, Data(X, weight, target=CODES))
    assert max(abs(array).max() for array in slope.arrays()) < 1e-6


@pytest.mark.parametrize("weighted", [False, True])
def test_without_hidden_layers_it_is_multinomial_logistic_regression(weighted):
    """Both stop where slopes are below 1e-7; l2 bounds the curvature from below."""
    x, codes = some_data(60)
    weight = np.random.default_rng(0).uniform(0, 2, 60) if weighted else np.ones(60)
    params = NetworkParams((Layer(np.zeros((3, 3), order="F"), np.zeros(3)),))
    data = Data(x, weight, target=codes)
    found = quasi_newton.ascend(recipe(l2=L2), params, data, 500, lambda params: False)
    sklearn = LogisticRegression(C=1 / (weight.sum() * L2), tol=1e-8, max_iter=1000)
    sklearn.fit(x, codes, weight)
    np.testing.assert_allclose(found.layers[0].weights, sklearn.coef_, atol=1e-5)
    proba = np.exp(backprop.log_proba(found, x))
    np.testing.assert_allclose(proba, sklearn.predict_proba(x), atol=1e-5)


# Adam -----------------------------------------------------------------------------

B1, B2, EPSILON = 0.9, 0.999, 1e-8
RATES = {
    "constant": [0.1] * 6,
    "falling": [0.1, 0.05, 0.025, 0.01, 0.005, 0.001],
    "from nothing": [0.0, 0.1, 0.1, 0.2],
    "with gaps": [0.1, 0.0, 0.1, 0.0, 0.0, 0.3],
}


def by_algorithm_1(x, slopes_of_x, rates, mean_of_steps=True):
    """Kingma & Ba (2015), algorithm 1 uphill, of one number.

    With `mean_of_steps` the sliding mean is that of rate x slope; at a constant rate
    that is the same.  At rate 0 nothing happens.
    """
    m = v = t = 0
    for g, a in zip(slopes_of_x, rates, strict=True):
        if a == 0:
            continue
        t += 1
        m = B1 * m + (1 - B1) * (a * g if mean_of_steps else g)
        v = B2 * v + (1 - B2) * g * g
        m_hat, v_hat = m / (1 - B1**t), v / (1 - B2**t)
        x += (1 if mean_of_steps else a) * m_hat / (math.sqrt(v_hat) + EPSILON)
    return x


def by_adam(params, steps, rates):
    params = _optimisers.copy(params)
    optimiser = Adam()
    state = optimiser.init(params)
    for slope, rate in zip(steps, rates, strict=True):
        arrays = tuple(Layer(*(rate * array for array in one)) for one in slope.layers)
        state = optimiser.step(params, state, NetworkParams(arrays), rate)
    return params


def some_slopes(n_steps, dtype=float):
    """Of very different sizes, as epsilon and the root are to matter."""
    made = [some_params((n + 2, 3, 2), dtype) for n in range(n_steps)]
    sized = []
    for n, one in enumerate(made):
        layers = (Layer(w[:, :2] * 10.0 ** (n - 3), b / 10) for w, b in one.layers)
        sized.append(NetworkParams(tuple(layers)))
    return sized


@pytest.mark.parametrize("in_cache", [2**14, 3])
@pytest.mark.parametrize("name", RATES)
def test_adam_is_algorithm_1(name, in_cache, monkeypatch):
    monkeypatch.setattr(_optimisers, "_CACHED", in_cache)
    rates = RATES[name]
    steps, params = some_slopes(len(rates)), some_slopes(1)[0]
    found = by_adam(params, steps, rates)
    series = zip(*(one.arrays() for one in steps), strict=True)
    for own, start_, slope in zip(found.arrays(), params.arrays(), series, strict=True):
        for place in np.ndindex(own.shape):
            numbers = [float(g[place]) for g in slope]
            expected = by_algorithm_1(float(start_[place]), numbers, rates)
            assert own[place] == pytest.approx(expected, rel=1e-12)


def test_at_a_constant_rate_both_ways_to_write_adam_are_one():
    numbers = [1.0, -0.5, 3.0, 0.1, 0.2, -2.0]
    for name in RATES:
        ways = [
            by_algorithm_1(1.0, numbers[: len(RATES[name])], RATES[name], way)
            for way in (True, False)
        ]
        assert (abs(ways[0] - ways[1]) < 1e-14) == (name == "constant")


def test_adam_at_rate_0_moves_nothing():
    params, optimiser = some_params(), Adam()
    state = train(recipe(optimiser), 2)
    before = pickle.loads(pickle.dumps(state))
    zeros = NetworkParams(tuple(Layer(0 * w, 0 * b) for w, b in params.layers))
    after = optimiser.step(state.params, state.optimiser, zeros, 0.0)
    assert_same_bits((state.params, after), (before.params, before.optimiser))
    assert after.n_steps == before.optimiser.n_steps


@pytest.mark.parametrize("rate", [1e-25, 1e-33])
def test_adam_at_rates_whose_squares_no_float_has_stays_finite(rate):
    parts = recipe(Adam())
    state = train(parts, 3, start(parts, some_params(dtype=np.float32)), rate=rate)
    assert all(np.isfinite(array).all() for array in arrays_of(state))
    assert_close(state.params, some_params(dtype=np.float32).arrays(), atol=0)


def test_adam_moves_the_training_loop_as_well():
    case = BIPARTITE[1]
    rows = np.array(case.oracle.visible_states[3:9], dtype=float)
    parts = training_recipe(case, Enumeration(), batch_size=4)
    parts = TwoPhaseLearner(**{**vars(parts), "optimiser": Adam()})
    state = training_start(parts, case.params, rows)
    state, _, held = guarded_epoch(parts, state, Data(rows, None), 0.01)
    assert held == 0.01 and state.optimiser.n_steps == 2


# Dropout --------------------------------------------------------------------------

WIDE = (200, 100, 50, 2)


def kept_in(mask):
    return int(np.count_nonzero(mask)), mask.size


def may_be_kept_with(probability, kept, size):
    tails = binom.cdf(kept, size, probability), binom.sf(kept - 1, size, probability)
    return min(tails) > ALPHA / 2


@both_types
@pytest.mark.parametrize("rates", [(0.2, 0.5), (0.5, 0.2), (0.1, 0.8)])
def test_masks_keep_the_share_they_should(rates, dtype):
    stream = Stream((5, 6), Purpose.DATA)
    masks, _ = Dropout(*rates).masks(some_params(WIDE, dtype), 400, stream)
    expected = zip(WIDE[:-1], (rates[0], rates[1], rates[1]), strict=True)
    for mask, (size, rate) in zip(masks, expected, strict=True):
        assert mask.shape == (400, size) and mask.dtype == dtype
        assert set(np.unique(mask).tolist()) == {0.0, float(dtype(1) / dtype(1 - rate))}
        assert may_be_kept_with(1 - rate, *kept_in(mask))
        # Negative controls: a rate that is 20 % off, and the other one.
        assert not may_be_kept_with(1 - 1.2 * rate, *kept_in(mask))
        other = rates[0] if rate == rates[1] else rates[1]
        assert not may_be_kept_with(1 - other, *kept_in(mask))
        # The mean of a mask is the share that was kept by that to be kept.
        deviation = math.sqrt(rate / (1 - rate) / mask.size)
        assert abs(mask.mean(dtype=float) - 1) < 6 * deviation


def test_no_rate_is_no_mask_and_draws_nothing():
    params, stream = some_params(), Stream((5, 6), Purpose.DATA)
    assert Dropout().masks(params, 4, stream) == ([None] * 3, stream)
    masks, after = Dropout(visible=0.5).masks(params, 4, stream)
    assert masks[0] is not None and masks[1:] == [None, None]
    assert after.step == stream.step + 1
    masks, _ = Dropout(hidden=0.5).masks(params, 4, stream)
    assert masks[0] is None and masks[1] is not None and masks[2] is not None


def test_masks_of_rows_layers_and_batches_have_nothing_in_common():
    """Of n pairs of fair coins binom(n, 1/2) agree."""
    params, stream = some_params((60, 60, 60, 2)), Stream((5, 6), Purpose.DATA)
    first, stream = Dropout(0.5, 0.5).masks(params, 60, stream)
    second, _ = Dropout(0.5, 0.5).masks(params, 60, stream)
    one = first[0]
    for other in (second[0], first[1], first[2], second[1], one[::-1], one.T):
        # Of a mask and its reflection each pair counts twice; 60 or none are the same.
        agree = np.triu(one == other, 1)
        assert may_be_kept_with(0.5, int(agree.sum()), 60 * 59 // 2)
    again = np.triu(one == one, 1)
    assert not may_be_kept_with(0.5, int(again.sum()), 60 * 59 // 2)


# A limit of the lengths -----------------------------------------------------------


@both_types
def test_only_vectors_that_are_too_long_are_shortened_and_no_outputs(dtype):
    params = some_params((5, 8, 20, 3), dtype)
    limit = 2.6
    before = [array.copy() for array in params.arrays()]
    MaxNorm(limit).hold(params)
    *hidden, output = params.layers
    for layer, old in zip(hidden, before[::2], strict=False):
        norms = np.array([math.sqrt(sum(w * w for w in r)) for r in old.tolist()])
        long = norms > limit
        assert 0 < long.sum() < len(long)
        assert layer.weights[~long].tobytes() == old[~long].tobytes()
        shortened = old[long] * (limit / norms[long])[:, None]
        rtol = 4 * np.finfo(dtype).eps
        np.testing.assert_allclose(layer.weights[long], shortened, rtol)
    np.testing.assert_array_equal(output.weights, before[-2])
    assert (np.linalg.norm(output.weights, axis=1) > limit).any()
    for layer, old in zip(params.layers, before[1::2], strict=True):
        np.testing.assert_array_equal(layer.bias, old)


def test_an_epoch_ends_within_the_limit():
    free, held = train(recipe(), 3), train(recipe(limit=0.5), 3)

    def longest(state):
        hidden = state.params.layers[:-1]
        return max(np.linalg.norm(w, axis=1).max() for w, _ in hidden)

    assert longest(held) <= 0.5 * (1 + 1e-15) < longest(free)
