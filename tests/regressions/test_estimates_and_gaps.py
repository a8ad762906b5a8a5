"""What a reading of the mathematics found in estimates of log Z and missing values.

Equal log weights have no spread, so that rounding alone made forward and reverse
"disagree" by infinitely many standard errors, and divided by zero.  1024 hidden units
with as many missing features overflowed a float that only had to be compared.  The
guard of the learning rate looked at whole rows, of which there are none when every row
has a gap.  A feature known in one row started at the log-odds of a thousand.  Every
shard of chains started at the same few modes.  Twenty chains cannot tell that a quarter
of them is apart, and nobody said so.  Methods that take no NaN advised a classifier in
its place, callbacks spoke of NaN after an epoch of training, None in a list was not
compared to numbers but crashed, and errors named X where another parameter was wrong.
"""

import datetime

import numpy as np
import pytest
from estimate_cases import HARD
from scipy import sparse

from skboltz import BernoulliRBM, EnergyImputer, UnreliableEstimateWarning
from skboltz.callbacks import EarlyStopping, LikelihoodMonitor
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
    started = _estimate._at_modes

    def record(found, n_chains):
        starts = started(found, n_chains)
        seen.extend(map(tuple, starts))
        return starts

    monkeypatch.setattr(_estimate, "_at_modes", record)
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
    with pytest.warns(UnreliableEstimateWarning, match="take n_chains=60 or more"):
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
    assert rbm._training_state.positive.suits(X)
    assert not rbm._training_state.positive.suits(other)


def asked(n_iter=1):
    """A small machine, and rows with one gap."""
    X = (np.random.default_rng(0).random((20, 5)) < 0.5).astype(float)
    X[0, 1] = np.nan
    return BernoulliRBM(3, n_iter=n_iter, random_state=0).fit(np.nan_to_num(X)), X


@pytest.mark.parametrize(
    ("method", "name"),
    [("pseudo_log_likelihood", "X"), ("reconstruct", "X"), ("gibbs", "v")],
)
def test_methods_that_take_no_gaps_say_so(method, name):
    rbm, X = asked()
    match = rf"{name} contains NaN, which {method}\(\) does not take.*impute\({name}\)"
    with pytest.raises(ValueError, match=match):
        getattr(rbm, method)(X)
    with pytest.raises(ValueError, match="start contains NaN"):
        rbm.sample(20, start=X)


def pseudo_monitor(X):
    return LikelihoodMonitor(X, metrics=["free_energy_gap", "pseudo_log_likelihood"])


@pytest.mark.parametrize(
    ("callback", "where"),
    [
        (pseudo_monitor, "X"),
        (pseudo_monitor, "X_validation"),
        (EarlyStopping, "X_validation"),
    ],
)
def test_callbacks_refuse_gaps_before_the_first_epoch(callback, where):
    _, X = asked()
    whole = np.nan_to_num(X)
    train, held_out = (X, whole) if where == "X" else (whole, X)
    rbm = BernoulliRBM(3, n_iter=1).set_callbacks(callback(held_out))
    with pytest.raises(ValueError, match=f"{where} contains NaN.*log_likelihood"):
        rbm.fit(train)
    assert rbm.n_iter_ == 0


@pytest.mark.parametrize(
    "callback",
    [
        lambda X: LikelihoodMonitor(X, metrics=["log_likelihood", "free_energy_gap"]),
        lambda X: EarlyStopping(X, score="log_likelihood"),
        lambda X: EarlyStopping(X, score=lambda model, X: model.score(X)),
    ],
)
def test_likelihoods_of_held_out_rows_may_have_gaps(callback):
    _, X = asked()
    rbm = BernoulliRBM(3, n_iter=2, random_state=0).set_callbacks(callback(X))
    assert rbm.fit(X).n_iter_ == 2


@pytest.mark.parametrize("kind", ["list", "frame", "sparse"])
def test_the_monitor_looks_at_some_rows_of_any_kind(kind):
    _, X = asked()
    X = np.nan_to_num(X)
    rows = {"list": X.tolist(), "frame": frame(X), "sparse": sparse.csr_array(X)}
    monitors = [LikelihoodMonitor(held, max_rows=4) for held in (X, rows[kind])]
    for monitor in monitors:
        BernoulliRBM(3, n_iter=1, random_state=0).set_callbacks(monitor).fit(X)
    assert np.allclose(*(monitor.history_["free_energy_gap"] for monitor in monitors))


def with_none(X):
    return [[None if np.isnan(x) else x for x in row] for row in X]


def frame(X):
    pandas = pytest.importorskip("pandas")
    return pandas.DataFrame(np.where(np.isnan(X), pandas.NA, X.astype(object)))


@pytest.mark.parametrize("kind", [with_none, frame, lambda X: frame(X).to_numpy()])
def test_none_and_na_are_gaps(kind):
    rbm, X = asked()
    for method in ("transform", "score_samples", "impute", "free_energy"):
        ask = getattr(rbm, method)
        np.testing.assert_array_equal(ask(kind(X)), ask(X))
    given = {"random_state": 0, "burn_in": 3}
    np.testing.assert_array_equal(
        rbm.sample(given=kind(X), **given), rbm.sample(given=X, **given)
    )
    assert EnergyImputer(BernoulliRBM(2, n_iter=1)).fit(kind(X)).transform(
        kind(X)
    ).shape == (20, 5)
    np.testing.assert_array_equal(
        BernoulliRBM(3, n_iter=2, random_state=0).fit(kind(X)).components_,
        BernoulliRBM(3, n_iter=2, random_state=0).fit(X).components_,
    )


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda m: m.sample(given=[1.0, 0.0]), "given has 2 features.*expecting 5"),
        (lambda m: m.sample(given=[np.inf] * 5), "given contains infinity.*NaN"),
        (lambda m: m.sample(given="x"), "given has the shape.*5"),
        (lambda m: m.sample(given=["x"] * 5), "given .*<U1.*numbers"),
        (
            lambda m: m.sample(2, start=np.ones((2, 3))),
            "start has 3 features.*expecting 5",
        ),
        (lambda m: m.sample(start=[np.inf] * 5), "start contains infinity"),
        (lambda m: m.gibbs([1.0, 0.0]), "v has 2 features.*expecting 5"),
        (lambda m: m.gibbs([[1.0], [1.0, 0.0]]), "v .*lengths"),
        (lambda m: m.transform([[np.inf] * 5]), "X contains infinity"),
        (lambda m: m.log_partition(betas="many"), "betas must be.*'many'"),
        (lambda m: m.log_partition(betas=[[0], [0, 1]]), "betas must be"),
        (lambda m: m.log_partition(n_jobs="x"), "n_jobs must be.*'x'"),
        (lambda m: m.log_partition(n_jobs=0), "n_jobs must be.*0"),
        (lambda m: m.log_partition(random_state="x"), "random_state must be.*'x'"),
        (lambda m: m.sample(random_state=-1), "random_state must be.*-1"),
        (
            lambda m: m.gibbs(np.ones((1, 5)), random_state=np.random.default_rng(0)),
            r"random_state must be.*Generator.*integers\(2\*\*32\)",
        ),
    ],
)
def test_errors_name_the_parameter(call, match):
    with pytest.raises(ValueError, match=match):
        call(asked()[0])


DATES = np.full((4, 5), np.datetime64("2020-01-01"))


@pytest.mark.parametrize(
    ("X", "found"),
    [
        (DATES, "datetime64"),
        (DATES - DATES, "timedelta64"),
        ([[datetime.date(2020, 1, 1)] * 5], "datetime.date"),
        ([["a"] * 5], "<U1"),
        (np.array([["a"] * 5], dtype=object), "'a'"),
    ],
)
def test_what_is_no_number_is_named(X, found):
    for call in (asked()[0].transform, BernoulliRBM(2).fit, EnergyImputer().fit):
        with pytest.raises((ValueError, TypeError), match=f"X.*{found}.*numbers"):
            call(X)
