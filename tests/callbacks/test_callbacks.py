"""Callbacks on a plain fit, and inside Pipeline inside GridSearchCV."""

import joblib
import numpy as np
import pytest
from sklearn.callback import ProgressBar
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from skboltz import BernoulliRBM
from skboltz.callbacks import Checkpoint, EarlyStopping, LikelihoodMonitor

RNG = np.random.default_rng(0)
X = (RNG.random((60, 6)) < 0.4).astype(float)
HELD_OUT = (RNG.random((30, 6)) < 0.4).astype(float)
Y = np.arange(60) % 2


def make(*callbacks, **params):
    rbm = BernoulliRBM(4, **{"n_iter": 6, "random_state": 0} | params)
    return rbm.set_callbacks(*callbacks)


def test_the_monitor_records_what_the_model_says_of_itself():
    monitor = LikelihoodMonitor(
        HELD_OUT,
        metrics=["free_energy_gap", "log_likelihood", "pseudo_log_likelihood"],
        every=2,
    )
    rbm, history = make(monitor).fit(X), monitor.history_
    assert history["epoch"] == [2, 4, 6]
    expected = rbm.free_energy(HELD_OUT).mean() - rbm.free_energy(X).mean()
    assert np.isclose(history["free_energy_gap"][-1], expected)
    assert np.isclose(history["log_likelihood"][-1], rbm.score(X))
    assert np.isclose(history["log_likelihood_validation"][-1], rbm.score(HELD_OUT))
    pll = rbm.pseudo_log_likelihood(X).mean()
    assert np.isclose(history["pseudo_log_likelihood"][-1], pll)
    earlier = make(n_iter=4).fit(X)
    assert np.isclose(history["log_likelihood"][1], earlier.score(X))


def test_the_monitor_looks_at_the_same_rows_each_time():
    monitor = LikelihoodMonitor(HELD_OUT, max_rows=5)
    make(monitor).fit(X)
    assert len(monitor._some(X)) == 5
    np.testing.assert_array_equal(monitor._some(X), monitor._some(X))


def test_watching_changes_nothing():
    watched = make(
        LikelihoodMonitor(HELD_OUT), EarlyStopping(HELD_OUT, n_iter_no_change=99)
    )
    alone = make().fit(X)
    assert watched.fit(X).components_.tobytes() == alone.components_.tobytes()


def test_early_stopping_keeps_the_best_model():
    scores = [1.0, 3.0, 2.0, 2.5, 2.9, 9.0]
    stop = EarlyStopping(
        HELD_OUT, score=lambda model, _: scores[model.n_iter_ - 1], n_iter_no_change=3
    )
    rbm = make(stop).fit(X)
    assert rbm.n_iter_ == 5 and (stop.best_epoch_, stop.best_score_) == (2, 3.0)
    best = make(n_iter=2).fit(X)
    np.testing.assert_array_equal(stop.best_estimator_.components_, best.components_)
    assert stop.best_estimator_.history_["epoch"] == [1, 2]


@pytest.mark.parametrize("score", ["pseudo_log_likelihood", "log_likelihood"])
def test_early_stopping_by_name(score):
    stop = EarlyStopping(HELD_OUT, score=score, n_iter_no_change=1)
    make(stop, n_iter=500).fit(X)
    assert stop.best_estimator_.n_iter_ == stop.best_epoch_ < 500


def test_a_checkpoint_goes_on_bit_for_bit(tmp_path):
    checkpoint = Checkpoint(tmp_path / "new" / "rbm-{epoch}.joblib", every=2)
    whole = make(checkpoint, warm_start=True).fit(X)
    files = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert files == [f"rbm-{epoch}.joblib" for epoch in (2, 4, 6)]
    half = joblib.load(tmp_path / "new" / "rbm-4.joblib")
    assert not [name for name in vars(half) if "callback" in name]
    resumed = half.set_params(n_iter=2).fit(X)
    assert resumed.components_.tobytes() == whole.components_.tobytes()
    assert resumed.n_iter_ == 6


def test_an_error_in_a_callback_leaves_a_usable_model():
    class Broken(EarlyStopping):
        def on_epoch_end(self, model, X):
            if model.n_iter_ == 3:
                raise OSError("disk full")

    rbm = make(Broken(HELD_OUT))
    with pytest.raises(OSError, match="disk full"):
        rbm.fit(X)
    assert rbm.n_iter_ == 3 and np.isfinite(rbm.score(X))


def test_unknown_metrics_are_named():
    with pytest.raises(ValueError, match="'elbo'.*free_energy_gap"):
        LikelihoodMonitor(HELD_OUT, metrics=["elbo"])
    with pytest.raises(ValueError, match="'elbo'"):
        make(EarlyStopping(HELD_OUT, score="elbo")).fit(X)


def test_the_progress_bar_draws_on_a_plain_fit(capsys):
    make(ProgressBar()).fit(X)
    assert "BernoulliRBM" in capsys.readouterr().out


def test_the_progress_bar_draws_inside_pipeline_inside_search(capfd):
    pipeline = Pipeline([("rbm", make()), ("clf", LogisticRegression())])
    grid = {"rbm__n_components": [2, 3], "rbm__k": [1, 2]}
    search = GridSearchCV(pipeline, grid, cv=2)
    search.set_callbacks(ProgressBar(max_propagation_depth=None)).fit(X, Y)
    drawn = capfd.readouterr().out
    assert "GridSearchCV" in drawn and "BernoulliRBM" in drawn
    assert len(search.cv_results_["params"]) == 4
