"""Data drawn from probabilities anew in every epoch: their law and its noise."""

import numpy as np
import pytest
from judges import ALPHA
from learning_parts import recipe, start
from model_cases import BIPARTITE
from scipy import sparse
from scipy.stats import binom

from skboltz.learning import ContrastiveDivergence, Data, DrawnData, batches, epoch
from skboltz.sampling import Purpose, Stream

SHUFFLE = Stream((3, 4), Purpose.SHUFFLE, step=5)
P = np.array([0.0, 0.02, 0.25, 0.5, 0.9, 1.0])
N_ROWS = 4000

both_types = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def probabilities(n_rows=N_ROWS):
    return np.tile(P, (n_rows, 1))


def drawn(X, shuffle=SHUFFLE, dtype=np.float64, batch_size=100):
    """All rows of an epoch, in their own order."""
    data = DrawnData(X, None).of_epoch(shuffle)
    order, states = np.random.default_rng(0).permutation(X.shape[0]), {}
    for rows in batches(order, batch_size):
        states.update(zip(rows, data.batch(rows, dtype).values, strict=True))
    return np.array([states[row] for row in range(X.shape[0])])


def may_be(probability, ones, n):
    tails = binom.cdf(ones, n, probability), binom.sf(ones - 1, n, probability)
    return min(tails) > ALPHA / 2


def agree(one, other, p):
    """Whether two draws from p agree as often as independent ones."""
    same = p**2 + (1 - p) ** 2
    return may_be(same, int((one == other).sum()), one.size)


@both_types
def test_states_are_on_with_their_probabilities(dtype):
    states = drawn(probabilities(), dtype=dtype)
    assert states.dtype == dtype and set(np.unique(states)) == {0.0, 1.0}
    for p, column in zip(P, states.T, strict=True):
        ones = int(column.sum())
        assert may_be(p, ones, N_ROWS)
        if 0 < p < 0.1 or p == 1:
            continue  # 20 % of next to nothing, or more than 1
        assert not may_be(1.2 * p if p else 0.01, ones, N_ROWS)


@both_types
def test_what_is_certain_stays(dtype):
    X = np.random.default_rng(1).integers(0, 2, (500, 200)).astype(dtype)
    np.testing.assert_array_equal(drawn(X, dtype=dtype), X)


def test_draws_of_units_rows_batches_and_epochs_have_nothing_in_common():
    X = np.full((1000, 20), 0.5)
    states = drawn(X, batch_size=10)
    later = drawn(X, SHUFFLE._replace(step=6), batch_size=10)
    other = drawn(X, SHUFFLE._replace(key=(3, 5)), batch_size=10)
    assert agree(states, later, 0.5) and agree(states, other, 0.5)
    assert agree(states[:, 1:], states[:, :-1], 0.5)
    for shift in (1, 2, 10, 500):
        assert agree(states[shift:], states[:-shift], 0.5)
    # The same noise in the next batch, as if each began the stream anew.
    data = DrawnData(X, None).of_epoch(SHUFFLE)
    one, again = (data.batch(np.arange(7, 17), float).values for _ in range(2))
    assert not agree(one, again, 0.5)


def test_the_order_of_an_epoch_says_nothing_of_its_draws():
    """The generator that shuffles and the noise are different streams."""
    order = SHUFFLE.generator().permutation(N_ROWS)
    data = DrawnData(np.full((N_ROWS, 1), 0.5), None).of_epoch(SHUFFLE)
    states = data.batch(order, np.float64).values[:, 0]
    assert agree(states, (order < N_ROWS / 2).astype(float), 0.5)


def test_the_same_epoch_draws_the_same():
    X = np.random.default_rng(2).random((50, 4))
    np.testing.assert_array_equal(drawn(X), drawn(X))
    assert (drawn(X) != drawn(X, SHUFFLE._replace(step=6))).any()


@both_types
def test_what_is_missing_stays_missing(dtype):
    X = probabilities(40).astype(dtype)
    X[3, 2] = X[17] = np.nan
    states = drawn(X, dtype=dtype, batch_size=7)
    np.testing.assert_array_equal(np.isnan(states), np.isnan(X))
    known = ~np.isnan(X)
    np.testing.assert_array_equal(
        states[known], drawn(probabilities(40), dtype=dtype, batch_size=7)[known]
    )


@pytest.mark.parametrize("kind", [sparse.csr_array, sparse.csr_matrix])
def test_sparse_probabilities_are_drawn_as_dense_ones(kind):
    X = np.where(np.random.default_rng(3).random((60, 5)) < 0.5, 0, 0.7)
    states = drawn(kind(X), batch_size=7)
    assert isinstance(states, np.ndarray)
    np.testing.assert_array_equal(states, drawn(X, batch_size=7))


def test_outside_of_an_epoch_there_are_only_probabilities():
    X, rows = probabilities(6), np.array([4, 1])
    data = DrawnData(X, None)
    np.testing.assert_array_equal(data.batch(rows, np.float64).values, X[rows])
    assert data.of_epoch(SHUFFLE).weight is None and data.stream is None
    np.testing.assert_array_equal(data.of_epoch(SHUFFLE).X, X)


# In the loop ----------------------------------------------------------------------

CASE = BIPARTITE[1]
ROWS = np.random.default_rng(4).random((9, 4))
PARTS = recipe(CASE, ContrastiveDivergence(1), batch_size=4)


def train(n_epochs, data, state=None):
    state = start(PARTS, CASE.params, ROWS) if state is None else state
    for _ in range(n_epochs):
        state, _ = epoch(PARTS, state, data, 0.1)
    return state


def test_an_epoch_is_that_on_the_states_drawn_for_it():
    """Which every batch gets by the number of its first row."""
    data, state = DrawnData(ROWS, None), start(PARTS, CASE.params, ROWS)
    order = state.shuffle.generator().permutation(len(ROWS))
    of_epoch = data.of_epoch(state.shuffle._replace(step=state.shuffle.step + 1))
    states = np.empty_like(ROWS)
    for rows in batches(order, 4):
        states[rows] = of_epoch.batch(rows, np.float64).values
    assert set(np.unique(states)) == {0.0, 1.0}
    found, expected = train(1, data), train(1, Data(states, None))
    for a, b in zip(found.params.arrays(), expected.params.arrays(), strict=True):
        assert a.tobytes() == b.tobytes()


def test_stopping_and_going_on_is_never_having_stopped():
    data = DrawnData(ROWS, np.arange(9.0))
    whole, half = train(5, data), train(2, data)
    resumed = PARTS.resume(half._replace(params=None), half.params, data)
    resumed = train(3, data, resumed)
    for a, b in zip(whole.params.arrays(), resumed.params.arrays(), strict=True):
        assert a.tobytes() == b.tobytes()
