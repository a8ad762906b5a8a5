"""What `sample` and `log_partition` of an estimator promise."""

from copy import deepcopy

import joblib
import numpy as np
import pytest
from judges import comes_from
from oracles import BipartiteOracle

from skboltz import BernoulliRBM, UnreliableEstimateWarning
from skboltz.estimators.questions import _log_z
from skboltz.sampling import effective_sample_size

RNG = np.random.default_rng(0)
X = (RNG.random((60, 4)) < 0.4).astype(float)


@pytest.fixture(scope="module")
def rbm():
    rbm = BernoulliRBM(3, n_iter=1, random_state=0).fit(X)
    rbm.components_ = RNG.normal(0, 1.5, (3, 4))
    rbm.intercept_visible_, rbm.intercept_hidden_ = RNG.normal(size=4), np.zeros(3)
    return rbm


@pytest.fixture(scope="module")
def oracle(rbm):
    arrays = rbm.components_, rbm.intercept_visible_, rbm.intercept_hidden_
    return BipartiteOracle(*arrays, (0, 1), (0, 1))


@pytest.mark.parametrize("method", ["gibbs", "tempering", "annealing"])
def test_every_method_samples_the_model(rbm, oracle, method):
    options = {"method": method, "random_state": 0}
    options["burn_in"] = 100 if method == "annealing" else 30
    rows = rbm.sample(20_000, **options)
    assert comes_from(rows, oracle.visible_marginal(), 0, 1)
    hot = deepcopy(rbm)
    hot.components_ = rbm.components_ / 1.2
    rows = hot.sample(20_000, **options)
    assert not comes_from(rows, oracle.visible_marginal(), 0, 1)


def test_tempering_starts_from_the_means_of_the_data():
    """Two modes with odds of e to 1: by its own biases the base would know only one."""
    X = np.repeat([[0.0] * 8, [1.0] * 8], 50, axis=0)
    rbm = BernoulliRBM(1, n_iter=0).fit(X)
    rbm.components_ = np.full((1, 8), 6.0)
    rbm.intercept_visible_, rbm.intercept_hidden_ = np.full(8, -3.0), np.array([-23.0])
    weight, n = 1 / (1 + np.exp(-1)), 1000
    error = np.sqrt(weight * (1 - weight) / n)
    rows = rbm.sample(n, method="tempering", random_state=0)
    assert abs((rows.mean(axis=1) > 0.5).mean() - weight) < 4 * error
    trapped = rbm.sample(n, start=np.zeros((n, 8)), burn_in=200, random_state=0)
    assert (trapped.mean(axis=1) > 0.5).mean() < weight - 20 * error


def test_samples_given_some_features_are_conditional(rbm, oracle):
    given = np.array([np.nan, 1.0, np.nan, 0.0])
    rows = rbm.sample(20_000, given=given, burn_in=20, random_state=0)
    p = oracle.visible_marginal()
    p = p * [v[1] == 1 and v[3] == 0 for v in oracle.visible_states]
    assert comes_from(rows, p / p.sum(), 0, 1)
    free = rbm.sample(20_000, burn_in=20, random_state=0)
    assert not comes_from(free, p / p.sum(), 0, 1)  # the judge would notice


def test_rows_given_are_completed_one_by_one(rbm):
    given = np.where(RNG.random(X.shape) < 0.5, np.nan, X)
    rows = rbm.sample(given=given, burn_in=3, random_state=0)
    known = ~np.isnan(given)
    assert rows.shape == X.shape and set(np.unique(rows)) <= {0.0, 1.0}
    np.testing.assert_array_equal(rows[known], given[known])
    np.testing.assert_array_equal(rbm.sample(given=X, burn_in=3), X)


def test_thinned_chains_are_every_tenth_row_of_whole_ones(rbm):
    options = {"n_chains": 5, "burn_in": 7, "random_state": 3}
    whole = rbm.sample(205, **options).reshape(-1, 5, 4)
    thin = rbm.sample(25, thin=10, **options).reshape(-1, 5, 4)
    np.testing.assert_array_equal(thin, whole[::10])
    energy = rbm.free_energy(whole.reshape(-1, 4)).reshape(-1, 5).T
    assert effective_sample_size(energy) > 20


@pytest.mark.parametrize(
    "options, message",
    [
        ({"method": "metropolis"}, "method must be one of"),
        ({"method": "tempering", "given": X[0]}, "given needs"),
        ({"method": "annealing", "start": X[:1]}, "start needs"),
        ({"n_samples": 3, "given": X[:2]}, "given has 2 rows"),
        ({"n_samples": 4, "given": X[0], "n_chains": 2}, "leave n_chains out"),
        ({"n_chains": 0}, "n_chains must be"),
        ({"thin": 0}, "thin must be"),
        ({"method": "annealing", "burn_in": 0}, "burn_in must be an integer >= 1"),
        ({"given": [np.nan, 1.0]}, "features"),
        ({"given": [np.inf, 1.0, 0.0, 0.0]}, "infinity"),
    ],
)
def test_sample_names_what_is_wrong(rbm, options, message):
    with pytest.raises(ValueError, match=message):
        rbm.sample(**options)


# log Z ---------------------------------------------------------------------------


def test_every_estimate_is_near_the_exact_value(rbm, oracle):
    assert rbm.log_partition().method == "exact"
    for method in ("bridge", "ais", "reverse_ais"):
        found = rbm.log_partition(method=method, betas=200, n_sweeps=20)
        assert found.method == method and found.effective_sample_size > 50
        assert abs(found.value - oracle.log_z) < 5 * found.standard_error
    ladder = np.linspace(0, 1, 100) ** 2
    given = rbm.log_partition(method="ais", betas=ladder)
    assert abs(given.value - oracle.log_z) < 5 * given.standard_error


@pytest.fixture(scope="module")
def large():
    rows = (np.random.default_rng(1).random((200, 30)) < 0.3).astype(np.float32)
    return BernoulliRBM(24, n_iter=3, random_state=0).fit(rows), rows


def test_scores_of_large_machines_are_estimated_and_repeatable(large):
    rbm, rows = large
    scores = rbm.score_samples(rows)
    log_z = rbm.log_partition()
    assert log_z.method == "bridge" and log_z.standard_error < 0.1
    free_energy = rbm.free_energy(rows).astype(np.float64)
    np.testing.assert_allclose(scores, -free_energy - log_z.value)
    _log_z._remembered.clear()
    np.testing.assert_array_equal(rbm.score_samples(rows), scores)
    assert rbm.log_partition(random_state=1).value != log_z.value


def test_an_estimate_is_found_once(large, monkeypatch):
    rbm, rows = large
    rbm.score(rows)
    monkeypatch.setattr(_log_z, "_find", lambda *args: pytest.fail("found again"))
    rbm.score(rows)
    changed = joblib.hash(rbm.__dict__)
    rbm.score_samples(rows)
    assert joblib.hash(rbm.__dict__) == changed
    moved = BernoulliRBM(24, n_iter=3, random_state=1).fit(rows)
    with pytest.raises(pytest.fail.Exception):
        moved.score(rows)


def test_an_estimate_that_fails_a_check_warns_and_does_not_flatter():
    rbm = BernoulliRBM(40, n_iter=0, random_state=0).fit(np.zeros((5, 100)))
    rbm.components_ = np.vstack([np.full((1, 100), 3.0), np.zeros((39, 100))])
    rbm.intercept_visible_ = np.full(100, -1.5)
    on, off = 100 * np.log1p(np.exp(1.5)), 100 * np.log1p(np.exp(-1.5))
    rbm.intercept_hidden_ = np.append(off - on + 20.0, np.zeros(39))
    exact = 39 * np.log(2) + np.logaddexp(off, off + 20)
    row = np.zeros((1, 100))
    with pytest.warns(UnreliableEstimateWarning, match="not to be trusted") as record:
        score = rbm.score(row)
    assert {warning.filename for warning in record} == {__file__}
    truth = -rbm.free_energy(row)[0] - exact
    with pytest.warns(UnreliableEstimateWarning):
        found = rbm.log_partition()
    assert found.standard_error == np.inf and abs(found.value - exact) < 0.01
    assert abs(score - truth) < 0.01


@pytest.mark.parametrize(
    "options, message",
    [
        ({"method": "guess"}, "method must be one of"),
        ({"betas": 0}, "betas must be"),
        ({"betas": [0.1, 1.0]}, "never falling, beginning with 0 and e"),
        ({"betas": [0.0, 0.9]}, "never falling, beginning with 0 and e"),
        (
            {"betas": [0.0, 0.7, 0.5, 1.0]},
            "never falling, beginning with 0 and e",
        ),
        ({"n_chains": 0}, "n_chains must be"),
        ({"n_sweeps": -1}, "n_sweeps must be"),
    ],
)
def test_log_partition_names_what_is_wrong(rbm, options, message):
    with pytest.raises(ValueError, match=message):
        rbm.log_partition(**{"method": "bridge", **options})
