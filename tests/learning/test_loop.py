"""The loop reaches known optima, counts its rows alike, and resumes bit by bit."""

import numpy as np
import pytest
from learning_parts import arrays, recipe, start
from model_cases import BIPARTITE

from skboltz import DivergenceError
from skboltz.learning import (
    ContrastiveDivergence,
    Data,
    Enumeration,
    PersistentContrastiveDivergence,
    epoch,
)

CASE = BIPARTITE[1]
ROWS = np.array(CASE.oracle.visible_states, dtype=float)[[0, 3, 3, 5, 9, 9, 9, 14, 6]]


def train(parts, n_epochs, state=None, rows=ROWS, weight=None, rate=0.1):
    state = start(parts, CASE.params, rows) if state is None else state
    for _ in range(n_epochs):
        state, _ = epoch(parts, state, Data(rows, weight), rate)
    return state


@pytest.mark.parametrize(
    "negative",
    [
        ContrastiveDivergence(2),
        PersistentContrastiveDivergence(1, n_chains=4),
        Enumeration(),
    ],
    ids=["cd", "pcd", "exact"],
)
@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_stopping_and_going_on_is_never_having_stopped(negative, momentum):
    parts = recipe(CASE, negative, momentum=momentum, batch_size=4, centered=True)
    whole = train(parts, 5)
    half = train(parts, 2)
    resumed = parts.resume(half._replace(params=None), half.params, Data(ROWS, None))
    for a, b in zip(
        arrays(whole.params), arrays(train(parts, 3, resumed).params), strict=True
    ):
        assert a.tobytes() == b.tobytes()


def test_an_epoch_leaves_the_state_before_it_alone():
    parts = recipe(CASE, Enumeration(), momentum=0.9)
    state = train(parts, 1)
    before = [a.copy() for a in arrays(state.params)]
    train(parts, 1, state)
    for a, b in zip(before, arrays(state.params), strict=True):
        np.testing.assert_array_equal(a, b)


def test_an_epoch_leaves_alone_what_is_remembered_of_each_row():
    parts, rows = recipe(CASE, ContrastiveDivergence(1), batch_size=4), ROWS.copy()
    rows[[0, 2, 5], [1, 3, 0]] = np.nan
    state, data = parts.init(CASE.params, np.full(4, 0.5), (1, 2)), Data(rows, None)
    state = parts.resume(state, CASE.params, data)
    once, again = (train(parts, 40, state, rows) for _ in range(2))
    kept = [s.positive.guesses.bits.tobytes() for s in (once, again, state)]
    assert kept[0] == kept[1] != kept[2]
    for a, b in zip(arrays(once.params), arrays(again.params), strict=True):
        assert a.tobytes() == b.tobytes()


def test_equal_weights_are_no_weights():
    parts = recipe(CASE, PersistentContrastiveDivergence(1, 4), batch_size=4)
    plain = train(parts, 3)
    weighted = train(parts, 3, weight=np.full(len(ROWS), 2.5))
    for a, b in zip(arrays(plain.params), arrays(weighted.params), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)


def test_rows_of_no_weight_do_not_count():
    parts = recipe(CASE, Enumeration(), batch_size=100)
    weight = np.ones(len(ROWS))
    weight[[1, 4]] = 0
    weighted = train(parts, 3, weight=weight)
    fewer = train(parts, 3, start(parts, CASE.params, ROWS), rows=ROWS[weight > 0])
    for a, b in zip(arrays(weighted.params), arrays(fewer.params), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)


def test_every_row_moves_the_biases_alike_in_batches_of_unequal_size():
    """With rates scaled by batch weight, the sum of steps counts each row once.

    At a tiny rate the parameters stay put, so an epoch adds rate * n_batches times
    the mean gradient, whatever the cut.
    """
    rate = 1e-9
    parts = [recipe(CASE, Enumeration(), batch_size=b) for b in (2, 4, 9)]
    moves = []
    for part in parts:
        moved = train(part, 1, rate=rate).params.visible.bias
        n_batches = -(-len(ROWS) // part.batch_size)
        moves.append((moved - CASE.params.visible.bias) / (rate * n_batches))
    np.testing.assert_allclose(moves[0], moves[2], atol=1e-5)
    np.testing.assert_allclose(moves[1], moves[2], atol=1e-5)


def test_exact_learning_matches_the_moments_of_the_data():
    """At the optimum D[v] = 0: the model's mean is that of the data."""
    parts = recipe(CASE, Enumeration(), centered=True, momentum=0.9)
    state = train(parts, 600, rate=0.5)
    sums, _ = Enumeration().step(CASE.model, state.params, None, None)
    np.testing.assert_allclose(sums.means()[0], ROWS.mean(axis=0), atol=1e-4)


def test_a_training_that_leaves_the_finite_numbers_says_so():
    parts = recipe(CASE, Enumeration())
    with pytest.raises(DivergenceError, match="learning_rate"):
        train(parts, 5, rows=1e300 * ROWS, rate=1e300)
