"""Guesses of missing values: kept to the bit, in little memory, each row its own."""

import tracemalloc

import numpy as np
import pytest

from skboltz.learning.two_phase import _guesses as guesses
from skboltz.models import Bipartite, BipartiteParams
from skboltz.sampling import Purpose, Stream
from skboltz.units import BERNOULLI, GAUSSIAN, SPIN, Bias, Columns
from skboltz.utils import chosen

STREAM = Stream((3, 4), Purpose.DATA)
N, M = 600, 21
UNITS = {
    "bits": BERNOULLI,
    "spins": SPIN,
    "bits and spins": Columns(((BERNOULLI, 9), (SPIN, 12))),
    "real": GAUSSIAN,
    "bits and real": Columns(((BERNOULLI, 9), (GAUSSIAN, 12))),
}


def machine(unit, n_hidden=5):
    rng = np.random.default_rng(0)
    weights = rng.normal(0, 0.3, (n_hidden, M)).astype(np.float32)
    own = (np.zeros(M, np.float32) for _ in unit.parameters._fields)
    hidden = Bias(np.zeros(n_hidden, np.float32))
    return Bipartite(unit, BERNOULLI), BipartiteParams(
        weights, unit.parameters(*own), hidden
    )


def rows_with_gaps(share=0.4):
    rng = np.random.default_rng(1)
    X = (rng.random((N, M)) < 0.5).astype(np.float32)
    X[rng.random(X.shape) < share] = np.nan
    return X


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
def test_what_is_kept_comes_back_to_the_bit(unit):
    """Batch after batch in any order: what is known, too, stays as it is."""
    (model, params), X = machine(unit), rows_with_gaps()
    completion, missing = guesses.start(model, params, X, STREAM), np.isnan(X)
    last, order = np.empty_like(X), np.random.default_rng(2).permutation(N)
    for rows in np.array_split(order, 7):
        last[rows], completion = guesses.complete(
            model, params, completion, rows, X[rows]
        )
    np.testing.assert_array_equal(last[~missing], X[~missing])
    for rows in np.array_split(order[::-1], 4):
        kept = guesses.filled(completion, rows, X[rows])
        np.testing.assert_array_equal(kept, last[rows], strict=True)
    assert len(np.unique(last[missing])) > 1


def test_bits_take_a_thirtysecond_of_the_data():
    (model, params), X = machine(BERNOULLI), np.tile(rows_with_gaps(), (40, 1))
    guesses.start(model, params, X[:300], STREAM)  # what is compiled or cached
    tracemalloc.start()
    try:
        completion = guesses.start(model, params, X, STREAM)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert completion.guesses.bits.nbytes <= X.nbytes / 20  # 21 columns are 3 bytes
    assert peak < 0.3 * X.nbytes


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_choice_is_that_of_where(dtype):
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(2, 40, 7)).astype(dtype)
    other[0] = [np.nan, np.inf, -np.inf, -0.0, 0.0, 1e-40, 3]
    mask = rng.random(one.shape) < 0.5
    for first, second in ((one, other), (other, one), (one, other[:1]), (one[0], one)):
        found, expected = chosen(mask, first, second), np.where(mask, first, second)
        assert found.dtype == dtype and found.tobytes() == expected.tobytes()
    mixed = chosen(mask, one, np.float16(other))
    np.testing.assert_array_equal(mixed, np.where(mask, one, np.float16(other)))
