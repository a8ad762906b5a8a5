"""X is read once by the checks of a fit and of a question, and in parts by answers."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone

from skboltz import BernoulliRBM, GaussianBernoulliRBM
from skboltz.estimators.questions import _features
from skboltz.estimators.shared import _look
from skboltz.estimators.shared._look import look

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(37, 11))
GAPS = np.where(RNG.random(ROWS.shape) < 0.2, np.nan, ROWS)
BITS = (RNG.random((60, 7)) < 0.4).astype(np.float64)


def layouts(values):
    """The same values in every order of memory."""
    wide = np.zeros((len(values), 2 * values.shape[1]), values.dtype)
    wide[:, ::2] = values
    backwards = values[::-1].copy()[::-1]
    frozen = values.copy()
    frozen.flags.writeable = False
    return [values, np.asfortranarray(values), wide[:, ::2], backwards, frozen]


def looked_at():
    yield from layouts(ROWS)
    yield from layouts(GAPS)
    yield from layouts(GAPS.astype(np.float32))
    yield np.full((3, 2), np.nan)
    yield np.where(np.arange(37)[:, None] > 5, ROWS, np.nan)  # whole tiles of NaN
    for dtype in (bool, np.uint8, np.int8, np.int64):
        yield from layouts((10 * ROWS).astype(dtype))


@pytest.mark.parametrize("cached", [1, 50, 2**17])
def test_a_look_is_what_separate_passes_say(cached, monkeypatch):
    monkeypatch.setattr(_look, "_CACHED", cached)
    for X in looked_at():
        seen = look(X)
        low, high = np.fmin.reduce(X, axis=None), np.fmax.reduce(X, axis=None)
        np.testing.assert_array_equal([seen.low, seen.high], [low, high])
        assert seen.low.dtype == seen.high.dtype == X.dtype
        assert seen.missing is bool((X != X).any())


@pytest.mark.parametrize("name", ["csr_array", "csr_matrix"])
def test_what_a_sparse_matrix_does_not_store_is_zero(name):
    make = getattr(sparse, name)
    whole = make(1.0 + (ROWS > 0))  # all values are stored
    hollow = make(np.where(ROWS > 0, 1.0 + ROWS, 0.0))
    empty = make((3, 4), dtype=np.float32)
    for X in (whole, hollow, -hollow, empty):
        dense = X.toarray()
        assert look(X) == (dense.min(), dense.max(), False)
        assert look(X).low.dtype == X.dtype
    hollow.data[1] = np.nan
    assert look(hollow) == (0.0, np.nanmax(hollow.data), True)


def test_a_fit_and_a_question_look_once(monkeypatch):
    seen, of_tile = [], _look._of_tile

    def counted(tile):
        seen.append(tile.size)
        return of_tile(tile)

    monkeypatch.setattr(_look, "_of_tile", counted)
    rbm = BernoulliRBM(3, n_iter=0, random_state=0)
    for ask in (rbm.fit, rbm.transform, rbm.score_samples, rbm.free_energy):
        seen.clear()
        ask(BITS)
        assert sum(seen) == BITS.size


MACHINES = {
    "bits": BernoulliRBM(5, learning_rate=0.5, random_state=0),
    "standardized": GaussianBernoulliRBM(5, random_state=0),
    "real": GaussianBernoulliRBM(5, standardize=False, random_state=0),
}


@pytest.mark.parametrize("name", MACHINES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.uint8])
def test_means_of_hidden_units_by_parts(name, dtype, monkeypatch):
    machine, X = clone(MACHINES[name]).fit(BITS), BITS.astype(dtype)
    params, model, rows = machine._params(), machine._model, machine._fitted().rows
    field = model.hidden_field(params, rows.values(X))
    expected = model.hidden_unit.mean(params.hidden, field)
    for n_rows, converted in ((1, 1), (7, 21), (2**13, 2**20)):
        monkeypatch.setattr(_features, "_ROWS", n_rows)
        monkeypatch.setattr(_features, "_CONVERTED", converted)
        for given in (*layouts(X), sparse.csr_array(X)):
            np.testing.assert_allclose(machine.transform(given), expected, rtol=1e-6)
        if dtype != np.uint8:
            given = X.copy()
            given[::3, 2] = np.nan
            found = machine.transform(given)
            np.testing.assert_allclose(found[1::3], expected[1::3], rtol=1e-6)
            assert np.isfinite(found).all()
            assert np.isnan(given[::3, 2]).all()


def test_parts_do_not_depend_on_how_many_rows_there_are(monkeypatch):
    """Of a row in a whole part, all bits stay, whatever follows."""
    rng = np.random.default_rng(1)
    X, n = rng.random((130, 200)), 32
    rbm = BernoulliRBM.from_params(rng.normal(size=(40, 200)))
    monkeypatch.setattr(_features, "_ROWS", n)
    whole = rbm.transform(X)
    for n_rows in (n, n + 1, 3 * n, 3 * n + 17):
        kept = n_rows // n * n
        np.testing.assert_array_equal(rbm.transform(X[:n_rows])[:kept], whole[:kept])


def test_small_means_keep_their_digits():
    X = np.ones((3, 1), np.float32)
    rbm = BernoulliRBM.from_params(np.array([[-40.0], [-80.0], [-200.0]], np.float32))
    expected = [np.exp(-40.0), np.exp(-80.0), 0.0]
    np.testing.assert_allclose(rbm.transform(X), [expected] * 3, rtol=1e-6)
