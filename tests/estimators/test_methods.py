"""Every negative phase behind the estimator: it learns, resumes, and is guarded."""

from functools import cache

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning

from skboltz import BernoulliRBM, DivergenceError
from skboltz.datasets import make_bars_and_stripes
from skboltz.estimators.harmonium._phases import PHASES

X, ENTROPY = make_bars_and_stripes(3)
MAKE = {"n_components": 9, "random_state": 0, "gradient": "centered", "batch_size": 14}


@cache
def learnt(method):
    """Persistent chains must keep up with what is learnt: they are not hurried."""
    slow = method in ("pcd", "fpcd")
    return BernoulliRBM(
        method=method,
        n_chains=100,
        k=10 if method in ("cd", "restart") else 1,
        learning_rate=0.3,
        momentum=0.0 if slow else 0.85,
        schedule="linear",
        n_iter=1500 if slow else 400,
        fast_learning_rate=0.1,
        **MAKE,
    ).fit(X)


@pytest.mark.parametrize("method", sorted(PHASES))
def test_every_method_learns_the_data(method):
    """KL from the 14 images; a free model is at 9 log 2 - log 14 = 3.6 nats."""
    rbm = learnt(method)
    # k sweeps from noise are not the equilibrium: its likelihood is not aimed at.
    limit = 1.5 if method == "restart" else 0.6
    assert -rbm.score(X) - ENTROPY < limit


@pytest.mark.parametrize("method", sorted(PHASES))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_method_resumes_bit_for_bit(method, dtype):
    rows = X.astype(dtype)
    params = {**MAKE, "method": method, "batch_size": 5, "momentum": 0.5}
    whole = BernoulliRBM(n_iter=4, **params).fit(rows)
    half = BernoulliRBM(n_iter=2, warm_start=True, **params).fit(rows).fit(rows)
    assert whole.components_.dtype == dtype
    assert whole.components_.tobytes() == half.components_.tobytes()


def test_a_sampler_made_by_restarts_samples_in_as_many_sweeps():
    """Share of samples that are data, after k sweeps from noise."""
    rbm = learnt("restart")
    noise = np.random.default_rng(0).integers(0, 2, (500, 9)).astype(float)
    rows = rbm.sample(500, start=noise, burn_in=10, random_state=0)
    images = {tuple(row) for row in X}
    assert np.mean([tuple(row) in images for row in rows]) > 0.6


def test_the_guard_halves_a_rate_that_diverges():
    """At a rate of 1000 the machine of digits ends hundreds of nats below a coin."""
    rows = (load_digits().data > 7).astype(float)
    params = {"n_components": 8, "learning_rate": 1e3, "random_state": 0}
    coin = -64 * np.log(2)
    assert BernoulliRBM(n_iter=3, **params).fit(rows).score(rows) < 10 * coin
    with pytest.warns(ConvergenceWarning, match="diverged and was undone"):
        rbm = BernoulliRBM(n_iter=3, rate_guard=True, **params).fit(rows)
    rates = rbm.history_["learning_rate"]
    assert rates[0] < 1e3 and rates == sorted(rates, reverse=True)
    assert rbm.n_iter_ == 3 and rbm.score(rows) > 2 * coin


def test_the_guard_halves_a_rate_that_overflows():
    rows = np.random.default_rng(0).random((60, 6))
    params = {"n_components": 4, "l2": 1e4, "random_state": 0, "method": "cd"}
    with pytest.raises(DivergenceError, match="penalty"):
        BernoulliRBM(n_iter=50, **params).fit(rows)
    with pytest.warns(ConvergenceWarning):
        rbm = BernoulliRBM(n_iter=50, rate_guard=True, **params).fit(rows)
    assert np.isfinite(rbm.components_).all() and rbm.n_iter_ == 50


def test_the_guard_changes_nothing_where_all_is_well():
    plain = BernoulliRBM(n_iter=3, **MAKE).fit(X)
    guarded = BernoulliRBM(n_iter=3, rate_guard=True, **MAKE).fit(X)
    assert plain.components_.tobytes() == guarded.components_.tobytes()
    assert plain.history_["learning_rate"] == guarded.history_["learning_rate"]
