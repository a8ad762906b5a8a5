"""What a reading of the mathematics found in estimates of log Z and missing values.

Equal log weights have no spread, so that rounding alone made forward and reverse
"disagree" by infinitely many standard errors, and divided by zero.  1024 hidden units
with as many missing features overflowed a float that only had to be compared.  The
guard of the learning rate looked at whole rows, of which there are none when every row
has a gap.  A feature known in one row started at the log-odds of a thousand.  Every
shard of chains started at the same few modes.  Twenty chains cannot tell that a quarter
of them is apart, and nobody said so.
"""

import numpy as np
import pytest
from estimate_cases import HARD

from skboltz import BernoulliRBM, UnreliableEstimateWarning
from skboltz.likelihood import Effort, _estimate, estimate_log_partition
from skboltz.models import Bipartite, BipartiteParams
from skboltz.units import BERNOULLI, SPIN, Bias


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("unit", [BERNOULLI, SPIN])
@pytest.mark.parametrize("shape", [(30, 60), (3, 7), (1, 1)])
def test_equal_weights_neither_crash_nor_warn(shape, unit, dtype):
    n_hidden, n_visible = shape
    visible = np.linspace(-1, 1, n_visible).astype(dtype)
    hidden = np.linspace(-2, 1, n_hidden).astype(dtype)
    params = BipartiteParams(np.zeros(shape, dtype), Bias(visible), Bias(hidden))
    estimate, reasons = estimate_log_partition(
        Bipartite(unit, unit), params, effort=Effort(50, 100, 10)
    )
    fields = visible.astype(float), hidden.astype(float)
    exact = sum(unit.log_partition(None, field).sum() for field in fields)
    assert reasons == [] and np.isfinite(estimate.standard_error)
    assert abs(estimate.value - exact) < 0.05


def test_more_than_a_thousand_missing_features():
    X = np.zeros((20, 2100), np.float32)
    X[::2] = 1
    rbm = BernoulliRBM(1024, n_iter=0, random_state=0).fit(X)
    partly = X[:1].copy()
    partly[:, :1100] = np.nan
    assert np.isfinite(rbm.transform(partly)).all()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_guard_sees_rows_with_gaps():
    rng = np.random.default_rng(0)
    X = (rng.random((200, 30)) < 0.5).astype(float)
    X[np.arange(200), rng.integers(0, 30, 200)] = np.nan
    rbm = BernoulliRBM(
        8, learning_rate=100, n_iter=3, rate_guard=True, random_state=0
    ).fit(X)
    assert rbm.history_["learning_rate"][-1] < 100
    assert rbm.score(np.nan_to_num(X)) > -2 * 30 * np.log(2)


def test_a_feature_starts_at_the_odds_of_the_rows_that_know_it():
    X = np.zeros((1000, 3))
    X[:, 0] = np.nan
    X[7, 0] = 1.0
    rbm = BernoulliRBM(2, n_iter=0).fit(X)
    assert np.isclose(rbm.intercept_visible_[0], np.log(2))  # (1 + 1)/(1 + 2)
    assert np.isclose(rbm.intercept_visible_[1], -np.log(1001))


def test_more_chains_start_at_more_modes(monkeypatch):
    seen = []
    started = _estimate._started_at

    def record(path, replicas, likeliest, others, n_rows):
        replicas = started(path, replicas, likeliest, others, n_rows)
        seen.extend(map(tuple, replicas.visible[-1, :n_rows]))
        return replicas

    monkeypatch.setattr(_estimate, "_started_at", record)
    rng = np.random.default_rng(0)
    params = BipartiteParams(
        rng.normal(0, 3, (80, 40)), Bias(np.zeros(40)), Bias(np.zeros(80))
    )
    distinct = []
    for n_chains in (100, 200):
        seen.clear()
        model, effort = Bipartite(BERNOULLI, BERNOULLI), Effort(2, n_chains, 0)
        estimate_log_partition(model, params, effort=effort)
        distinct.append(len(set(seen)))
    assert distinct[1] > 1.5 * distinct[0]


def test_too_few_chains_are_called_so():
    rbm = BernoulliRBM(3, n_iter=0).fit(np.eye(4))
    with pytest.warns(UnreliableEstimateWarning, match="take at least 60"):
        rbm.log_partition(method="bridge", n_chains=20, n_sweeps=1, betas=20)


def test_nothing_is_said_to_lie_between_two_ends_that_missed_a_mode():
    case = HARD[0]
    _, reasons = estimate_log_partition(
        case.model, case.params, effort=Effort(300, 100, 30)
    )
    assert len(reasons) > 1 and not any("between them" in r for r in reasons)


def test_guesses_belong_to_their_own_rows():
    """One gap in every row: other rows have as many, but not the same guesses."""
    X = np.array([[0.0, 1.0, np.nan], [np.nan, 1.0, 0.0]] * 10)
    other = X[:, ::-1].copy()
    rbm = BernoulliRBM(2, n_iter=1, random_state=0).partial_fit(X)
    assert rbm._training_state.completion.suits(X)
    assert not rbm._training_state.completion.suits(other)
