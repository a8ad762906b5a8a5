"""What readers and first users of the Gaussian machine met.

- With many hidden units the start was far worse than one normal distribution for each
  feature: what units along correlated rows do together had not been bounded.
- Reasons not to trust a log Z quoted numbers without the scale of the features.
- A feature of small spread about a large mean counted as constant.
- Constant features began with the variance of a standardized one, and so their density
  grew from epoch to epoch.
- A training that blew up but stayed finite passed as a success.
- A warm start passed over a changed `sigma` or `standardize`.
"""

import re
import warnings

import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.exceptions import ConvergenceWarning

from skboltz import GaussianBernoulliRBM, UnreliableEstimateWarning
from skboltz.estimators.shared._validation import weighted_moments
from skboltz.learning import gaussian_start
from skboltz.models import Bipartite
from skboltz.sampling import Purpose, Stream, gibbs
from skboltz.units import BERNOULLI, GAUSSIAN

WINE = load_wine().data


def test_a_start_with_many_hidden_units_has_the_moments_of_the_data():
    """Of units along correlated rows; chains of the start, begun at its own units."""
    rows = (WINE - WINE.mean(axis=0)) / WINE.std(axis=0)
    vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    ones, model = np.ones(13), Bipartite(GAUSSIAN, BERNOULLI)
    params = gaussian_start(vectors, 0 * ones, ones, 0.3)
    stream = Stream((0, 0), Purpose.SAMPLE)
    chains = gibbs.run(model, params, gibbs.init(model, params, stream, 2000), 100)
    # Standard errors are 0.02 and 0.03; the rest is what mean field leaves out.
    assert abs(chains.visible.mean(axis=0)).max() < 0.25
    assert abs(np.log(chains.visible.var(axis=0))).max() < 0.3
    assert abs(chains.hidden_mean.mean() - 0.3 / 1.3) < 0.03


@pytest.mark.parametrize("n_components", [16, 256])
def test_a_guarded_start_is_not_refused(n_components):
    rbm = GaussianBernoulliRBM(n_components, n_iter=2, rate_guard=True, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        rbm.fit(WINE)


def test_reasons_speak_of_the_log_z_that_is_returned():
    rbm = GaussianBernoulliRBM(30, n_iter=0, random_state=0).fit(1e3 * WINE)
    rbm.components_ = 3 * rbm.components_
    with pytest.warns(UnreliableEstimateWarning) as caught:
        found = rbm.log_partition(method="bridge", betas=5, n_sweeps=1)
    numbers = re.findall(r"-?\d+\.\d\d", str(caught[0].message))
    assert f"{found.forward:.2f}" in numbers and f"{found.reverse:.2f}" in numbers


def test_a_small_spread_about_a_large_mean_is_no_constant():
    rng = np.random.default_rng(0)
    X = np.c_[1.7e9 + 0.05 * rng.normal(size=20_000), np.full(20_000, 0.1) * 3]
    variance = weighted_moments(X, None, missing=False)[1]
    # Values are rounded to 2e-7.
    assert abs(variance[0] / X[:, 0].var() - 1) < 1e-3
    assert variance[1] == 0


def test_constant_features_keep_their_density():
    X = np.c_[WINE[:, :3], np.full(len(WINE), 5.0)]
    sigmas, scores = [], []
    for n_iter in (1, 30):
        rbm = GaussianBernoulliRBM(4, n_iter=n_iter, random_state=0).fit(X)
        sigmas.append(rbm.sigma_[3])
        given = np.where(np.arange(4) == 3, X[:5], np.nan)
        scores.append(rbm.score_samples(given))
        assert abs(rbm.sample(50, random_state=0)[:, 3] - 5).max() < 0.2
    np.testing.assert_allclose(sigmas, np.sqrt(1e-3), rtol=1e-6)
    np.testing.assert_allclose(*scores, atol=0.01)


def test_a_ruined_machine_is_noticed():
    params = {"learning_rate": 2.0, "schedule": "linear", "n_iter": 20}
    rbm = GaussianBernoulliRBM(8, batch_size=100, random_state=0, **params)
    with pytest.warns(ConvergenceWarning, match="Lower `learning_rate`"):
        rbm.fit(WINE)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        rbm.set_params(learning_rate=0.03).fit(WINE)


@pytest.mark.parametrize("changed", [{"sigma": 0.3}, {"standardize": False}])
@pytest.mark.parametrize("how", ["fit", "partial_fit"])
def test_what_a_training_began_with_cannot_change(changed, how):
    rbm = GaussianBernoulliRBM(2, n_iter=1, warm_start=True).fit(WINE)
    rbm.set_params(**changed)
    with pytest.raises(ValueError, match=f"{next(iter(changed))} is"):
        getattr(rbm, how)(WINE)
    rbm.set_params(warm_start=False).fit(WINE)
