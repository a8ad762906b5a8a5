"""What judges found who were given the mended package, and nothing but its help.

One wrote units of his own, as before the change, and was told of functions that they
lack; or, with a rectified unit made of a two-valued one, that log Z is above what it
is.  One followed "Pass 2 * X - 1" with bytes, which wrapped around, and "(X + 1) / 2"
with a sparse matrix, which has no sum.  A user set one of two couplings of a pair, and
got probabilities that sum to 1.86; took values of 0 and 255, and got a machine that
had learnt nothing; lost the mask of a masked array; and fitted a machine to rows with
gaps at too high a rate, in silence, whose answers ended in an IndexError.
"""

import warnings
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
from learning_parts import recipe
from scipy import sparse
from scipy.special import log_ndtr
from sklearn.datasets import load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from skboltz import (
    BoltzmannMachine,
    DataRangeWarning,
    DivergenceError,
    EnergyImputer,
    GaussianBernoulliRBM,
    HopfieldMemory,
)
from skboltz.learning import ContrastiveDivergence, Data, is_sound
from skboltz.learning.two_phase import _guard
from skboltz.likelihood import (
    conditional_means,
    exact_log_partition,
    marginal_free_energy,
    visited_bound,
)
from skboltz.models import Bipartite, BipartiteParams
from skboltz.sampling import states
from skboltz.units import (
    BERNOULLI,
    GAUSSIAN,
    Bias,
    GaussianParams,
    TwoValuedUnit,
    Unit,
)

RNG = np.random.default_rng(0)
GROUP = RNG.random(400) < 0.5
BITS = (RNG.random((400, 6)) < np.where(GROUP[:, None], 0.8, 0.2)).astype(int)


@dataclass(frozen=True)
class Rectified(TwoValuedUnit):
    """Values from 0 on, by overriding what a two-valued unit does."""

    low: float = 0.0
    high: float = np.inf

    def log_partition(self, params, field):
        return field**2 / 2 + np.log(2 * np.pi) / 2 + log_ndtr(field)


class Coin(Unit):
    """A unit of 0 and 1 with what a unit must have, and its states."""

    low, high, countable = 0.0, 1.0, True

    log_partition, mean = BERNOULLI.log_partition, BERNOULLI.mean
    mode, sample = BERNOULLI.mode, BERNOULLI.sample
    n_states, states = BERNOULLI.n_states, BERNOULLI.states


def small(n_hidden=3, n_visible=4):
    rng = np.random.default_rng(1)
    return BipartiteParams(
        rng.normal(size=(n_hidden, n_visible)),
        Bias(rng.normal(size=n_visible)),
        Bias(rng.normal(size=n_hidden)),
    )


def test_a_rectified_unit_made_of_a_two_valued_one_is_not_counted():
    params, unit = small(), Rectified()
    model = Bipartite(BERNOULLI, unit)
    v = states(BERNOULLI, 4)
    truth = np.log(np.exp(-model.free_energy(params, v)).sum())
    assert unit.n_states(3) == np.inf
    assert np.isclose(exact_log_partition(model, params).value, truth)
    assert visited_bound(model, params, np.ones((5, 3)))[0] == -np.inf


def test_units_that_say_no_more_than_they_must_are_taken_as_others():
    params, old = small(), Bipartite(Coin(), Coin())
    new = Bipartite(BERNOULLI, BERNOULLI)
    rows = np.array([[1.0, np.nan, np.nan, 0.0], [np.nan, 1.0, 1.0, 1.0]])
    found, expected = (marginal_free_energy(m, params, rows) for m in (old, new))
    np.testing.assert_allclose(found, expected)
    found, expected = (conditional_means(m, params, rows) for m in (old, new))
    np.testing.assert_allclose(found[0], expected[0])
    np.testing.assert_allclose(found[1], expected[1])
    found, expected = (exact_log_partition(m, params).value for m in (old, new))
    assert np.isclose(found, expected)


def pass_on(caught, X):
    """The rows that a warning says to pass."""
    text = str(caught[0].message).split("Pass ")[1].split(", or ")[0].rstrip(".")
    return eval(text, {"X": X})


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int8, int, np.float32])
def test_what_to_pass_does_not_wrap_around(dtype):
    X = BITS.astype(dtype)
    with pytest.warns(DataRangeWarning) as caught:
        BoltzmannMachine(0, values=(-1, 1), n_iter=0).fit(X)
    np.testing.assert_array_equal(pass_on(caught, X), 2 * BITS - 1)


def test_what_to_pass_of_a_sparse_matrix_has_sums():
    X = sparse.csr_array(2.0 * BITS - 1)
    with pytest.warns(DataRangeWarning) as caught:
        BoltzmannMachine(0, n_iter=0).fit(X)
    np.testing.assert_array_equal(pass_on(caught, X), BITS)


@pytest.mark.parametrize("edit", [(0, 1), (1, 0), (3, 3)])
@pytest.mark.parametrize("method", ["score_samples", "sample", "transform"])
def test_couplings_edited_on_one_side_are_refused(edit, method):
    machine = BoltzmannMachine(2, n_iter=1, random_state=0).fit(BITS[:, :5])
    before = machine.coupling_.copy()
    machine.coupling_[edit] += 2
    ask = {"sample": 3}.get(method, BITS[:2, :5])
    with pytest.raises(ValueError, match="coupling_ (is not symmetric|has a diag)"):
        getattr(machine, method)(ask)
    machine.coupling_ = before
    getattr(machine, method)(ask)


def test_a_triangle_put_into_a_memory_is_refused():
    memory = HopfieldMemory().fit(2 * BITS[:2] - 1)
    with pytest.raises(ValueError, match="each pair of units once"):
        memory.coupling_ = np.triu(np.ones((6, 6)), 1)
    memory.coupling_[:] = np.triu(np.ones((6, 6)), 1)
    with pytest.raises(ValueError, match="each pair of units once"):
        memory.transform(2 * BITS[:2] - 1)


@pytest.mark.parametrize("values", [(0, 16), (-10, 10), (0, 255), (-5, -4)])
def test_hidden_units_learn_whatever_the_values(values):
    low, high = values
    expected = BoltzmannMachine(2, random_state=0).fit(BITS).score(BITS)
    X = low + (high - low) * BITS
    machine = BoltzmannMachine(2, values=values, random_state=0).fit(X)
    assert abs(machine.score(X) - expected) < 0.05
    assert expected > -3.8  # independent units: -4.16


def test_a_mask_is_what_is_missing():
    rows = np.ma.array(BITS[:50], mask=RNG.random((50, 6)) < 0.1)
    imputer = EnergyImputer(random_state=0)
    gaps = rows.astype(float).filled(np.nan)
    expected = EnergyImputer(random_state=0).fit_transform(gaps)
    np.testing.assert_array_equal(imputer.fit_transform(rows), expected)
    assert (expected != BITS[:50])[rows.mask].any()


def test_a_machine_that_ran_away_from_rows_with_gaps_says_so():
    """It was at 1e75 after 200 epochs at a rate of 0.1, with five sweeps of guesses."""
    X = StandardScaler().fit_transform(load_wine().data)
    X[np.random.default_rng(1).random(X.shape) < 0.5] = np.nan
    settings = {"learning_rate": 5.0, "n_iter": 5, "schedule": "linear"}
    machine = GaussianBernoulliRBM(batch_size=100, **settings)
    with pytest.warns(ConvergenceWarning, match="prefers other states"):
        imputer = EnergyImputer(machine, random_state=0).fit(X)
    # It was an IndexError.
    assert imputer.transform(X[:5]).shape == (5, 13)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        machine.set_params(learning_rate=0.01, n_iter=20).fit(X)  # what it advises


@pytest.mark.parametrize("bias, sound", [(0.0, True), (1e10, False)])
def test_guesses_that_left_the_data_are_no_equilibrium(bias, sound, monkeypatch):
    """Guesses of missing values far off, where the machine wants them: no drift."""
    X = np.random.default_rng(0).normal(size=(50, 4))
    X[:, 0] = np.nan
    model = Bipartite(GAUSSIAN, BERNOULLI)
    visible = GaussianParams(np.array([bias, 0.0, 0.0, 0.0]), np.zeros(4))
    params = BipartiteParams(np.zeros((3, 4)), visible, Bias(np.zeros(3)))
    case = SimpleNamespace(model=model)
    learner, data = recipe(case, ContrastiveDivergence(1)), Data(X, None)
    state = learner.resume(learner.init(params, np.zeros(4), (1, 2)), params, data)
    assert is_sound(learner, state, data) is sound
    monkeypatch.setattr(_guard, "_MOST_STRAYED", np.inf)
    assert is_sound(learner, state, data)  # chains alone see nothing


def test_parameters_that_are_not_numbers_have_no_log_z():
    machine = BoltzmannMachine(2, n_iter=1, random_state=0).fit(BITS)
    machine.intercept_ = np.full(8, np.nan)
    with pytest.raises(DivergenceError, match="no log Z"):
        machine.log_partition()
    rbm = GaussianBernoulliRBM(3, n_iter=1, random_state=0).fit(BITS.astype(float))
    rbm.intercept_hidden_ = np.full(3, np.nan, np.float32)
    for method in ("exact", "bridge", "ais"):
        with pytest.raises(DivergenceError, match="lower learning_rate"):
            rbm.log_partition(method=method)


def test_trained_couplings_stay_symmetric_to_the_last_bit():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for method in ("pcd", "exact", "mean-field", "moments", "pseudo-likelihood"):
            hidden = 0 if method in ("moments", "pseudo-likelihood") else 2
            machine = BoltzmannMachine(hidden, method=method, n_iter=5, random_state=0)
            coupling = machine.fit(BITS).coupling_
            assert (coupling == coupling.T).all(), method
