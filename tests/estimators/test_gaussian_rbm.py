"""GaussianBernoulliRBM: the contract of estimators, invariances, and what is learnt."""

import pickle
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from kernel_twins import TWINS
from scipy import sparse
from scipy.special import logsumexp
from scipy.stats import norm
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skboltz import (
    DivergenceError,
    EnergyImputer,
    GaussianBernoulliRBM,
    config_context,
)
from skboltz.callbacks import EarlyStopping, LikelihoodMonitor
from skboltz.plotting import FiltersDisplay
from skboltz.sampling import Langevin

RNG = np.random.default_rng(0)
Y = np.repeat([0, 1], 30)
X = np.array([[-1.0, -1, 1], [1, 1, -1]])[Y] + 0.4 * RNG.normal(size=(60, 3))
HOLES = RNG.random(X.shape) < 0.2
HOLES[HOLES.all(axis=1), 0] = False
PARTLY = np.where(HOLES, np.nan, X)
METHODS = ["pcd", "cd", "exact", "tempered", "fpcd", "restart"]
NAMES = ["components_", "intercept_visible_", "intercept_hidden_", "log_variance_"]
KERNELS = ["numpy", "numba"][: len(TWINS)]


def make(**params):
    defaults = {"n_components": 3, "n_iter": 5, "batch_size": 40, "random_state": 0}
    return GaussianBernoulliRBM(**defaults | params)


@pytest.fixture(scope="module")
def rbm():
    return make(n_iter=30).fit(X)


def arrays(rbm):
    return [getattr(rbm, name) for name in NAMES]


def assert_same_bits(a, b):
    for x, y in zip(arrays(a), arrays(b), strict=True):
        assert x.dtype == y.dtype and x.tobytes() == y.tobytes()


def finite(rbm):
    return all(np.isfinite(array).all() for array in arrays(rbm))


# Invariance ----------------------------------------------------------------------

# (a shift, scales, tolerance): a shift of 1e6 of features of unit scale rounds them
# to 1e-10; the steps of 5 epochs let that grow less than a hundredfold.
MAPS = [(0.0, [1e3, 1e3, 1e3]), (1e6, [1e3, 1e3, 1e3]), (-5.0, [1e-4, 7.0, 1e5])]


@pytest.mark.parametrize("shift, scale", MAPS)
@pytest.mark.parametrize("method", METHODS)
def test_units_of_the_features_do_not_matter(method, shift, scale):
    scale = np.array(scale)
    rows = X * scale + shift
    one, other = (make(method=method).fit(data) for data in (X, rows))
    for a, b in zip(arrays(one), arrays(other), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-8)
    np.testing.assert_allclose(other.sigma_, scale * one.sigma_, rtol=1e-8)
    np.testing.assert_allclose(
        other.score_samples(rows), one.score_samples(X) - np.log(scale).sum(), atol=1e-6
    )
    gaps = np.where(HOLES, np.nan, rows)
    for draw in (
        lambda rbm, X: rbm.sample(20, burn_in=5, random_state=1),
        lambda rbm, X: rbm.sample(given=X, burn_in=5, random_state=1),
        lambda rbm, X: rbm.impute(X),
        lambda rbm, X: rbm.inverse_transform(np.ones((1, 3))),
    ):
        mapped = draw(one, PARTLY) * scale + shift
        difference = (draw(other, gaps) - mapped) / scale
        np.testing.assert_allclose(difference, 0, atol=1e-6)


@pytest.mark.parametrize("gradient", ["centered", "plain"])
@pytest.mark.parametrize("method", METHODS[:-1])  # restarts are standard normal
def test_scales_do_not_matter_without_standardizing_either(method, gradient):
    """Steps are in units of the variances, where the training starts as well."""
    scale = np.array([1e3, 1e-3, 7.0])
    params = {"method": method, "gradient": gradient, "standardize": False}
    one, other = make(**params).fit(X), make(**params).fit(X * scale)
    np.testing.assert_allclose(other.components_, one.components_ * scale, rtol=1e-9)
    np.testing.assert_allclose(other.sigma_, one.sigma_ * scale, rtol=1e-9)
    np.testing.assert_allclose(
        other.intercept_hidden_, one.intercept_hidden_, atol=1e-9
    )


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("sigma", ["learned", 0.7])
@pytest.mark.parametrize("method", METHODS)
def test_learning_does_not_depend_on_the_zero_of_features(method, sigma, momentum):
    """Whatever the gradient: the mean is taken off the features."""
    params = {"method": method, "sigma": sigma, "standardize": False}
    params |= {
        "momentum": momentum,
        "gradient": "plain" if method == "cd" else "centered",
    }
    one, other = make(**params).fit(X), make(**params).fit(X + 1000)
    np.testing.assert_allclose(other.components_, one.components_, atol=1e-8)
    np.testing.assert_allclose(other.sigma_, one.sigma_, atol=1e-8)
    np.testing.assert_allclose(
        other.score_samples(X + 1000), one.score_samples(X), atol=1e-6
    )


# Learning ------------------------------------------------------------------------


def em_of_two(X, n_iter=300):
    """Two Gaussians of one diagonal covariance by expectation-maximization."""
    part = X[:, 0] > np.median(X[:, 0])
    r = np.stack([~part, part]).astype(float)
    for _ in range(n_iter):
        weight = r.mean(axis=1)
        means = r @ X / r.sum(axis=1, keepdims=True)
        squares = (X - means[:, None]) ** 2
        variance = np.einsum("kn,kni->i", r, squares) / len(X)
        density = norm.logpdf(X, means[:, None], np.sqrt(variance)).sum(axis=2)
        density += np.log(weight)[:, None]
        r = np.exp(density - logsumexp(density, axis=0))
    return logsumexp(density, axis=0).mean(), np.sqrt(variance)


def clusters(n_features, n=400, sigma=0.4):
    rng = np.random.default_rng(n_features)
    side = np.where(rng.random((n, 1)) < 0.6, -1.0, 1.0)
    return 5 + side + sigma * rng.normal(size=(n, n_features))


# Equal odds at the start: from a skew that is not that of the data, a hidden unit may
# come to a saddle, where it has no weights.
LONG = {
    "n_components": 1,
    "method": "exact",
    "batch_size": 1000,
    "learning_rate": 0.05,
    "variance_learning_rate": 0.05,
    "momentum": 0.9,
    "initial_share": 1.0,
    "n_iter": 400,
}


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("n_features", [1, 2])
def test_one_hidden_unit_reaches_the_best_two_gaussians(n_features, standardize):
    """The maximum of the likelihood is one of both; nothing exceeds it."""
    rows = clusters(n_features)  # about 5, where plain biases would be large
    rbm = make(**LONG, standardize=standardize).fit(rows)
    best, sigma = em_of_two(rows)
    assert best - 1e-3 < rbm.score(rows) < best + 1e-9
    np.testing.assert_allclose(rbm.sigma_, sigma, rtol=0.01)
    # The standard error of a deviation is sigma / sqrt(2 n).
    np.testing.assert_allclose(rbm.sigma_, 0.4, atol=5 * 0.4 / np.sqrt(800))


def test_scores_are_those_of_a_gaussian_mixture():
    """With one feature the covariance that components share is that of "tied"."""
    rows = clusters(1)
    rbm = make(**LONG | {"n_iter": 600}).fit(rows)
    mixture = GaussianMixture(2, covariance_type="tied", tol=1e-9, max_iter=1000)
    expected = mixture.fit(rows).score_samples(rows)
    np.testing.assert_allclose(rbm.score_samples(rows), expected, atol=0.02)
    assert abs(rbm.score(rows) - expected.mean()) < 1e-3


def test_one_gaussian_is_learnt_to_its_entropy():
    """Four parameters beyond those of a Gaussian gain about 4 / 2n = 0.002 nats."""
    rows = np.random.default_rng(0).normal([3, -100], [2, 0.01], size=(1000, 2))
    rbm = make(**LONG | {"n_components": 2}).fit(rows)
    best = GaussianMixture(1, covariance_type="diag").fit(rows).score(rows)
    assert best - 0.005 < rbm.score(rows) < best + 0.01


def test_sampled_learning_beats_one_gaussian():
    """Two clusters are worth about 2.2 nats: 3 log(1.1 / 0.4) - log 2.

    Over seeds the gain is 2.0 with a standard deviation of 0.13 at most.
    """
    single = GaussianMixture(1, covariance_type="diag").fit(X).score(X)
    for method in ("pcd", "cd", "tempered"):
        falling = {"learning_rate": 0.1, "schedule": "linear"}
        rbm = make(method=method, n_iter=100, **falling).fit(X)
        assert rbm.score(X) > single + 1.2


@pytest.mark.parametrize("sigma", [0.7, [0.5, 1.0, 2.0]])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_given_deviations_stay_to_the_last_bit(sigma, momentum):
    rbm = make(sigma=sigma, momentum=momentum).fit(X)
    expected = np.log(np.square(np.broadcast_to(np.float64(sigma), 3)))
    np.testing.assert_array_equal(rbm.log_variance_, expected)
    np.testing.assert_allclose(rbm.sigma_, sigma * rbm.scale_, rtol=1e-15)
    rbm = make(sigma=sigma, standardize=False).fit(X)
    np.testing.assert_allclose(rbm.sigma_, sigma, rtol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_variances_stay_between_their_bounds(momentum, standardize, dtype):
    """Rows that repeat pull them to the lower one; log s^2 is rounded to dtype."""
    rows = np.repeat(X[[0, 50]], 30, axis=0).astype(dtype)
    low, high = 0.05, 0.9
    rbm = make(
        learning_rate=0.1,
        variance_learning_rate=1.0,
        momentum=momentum,
        standardize=standardize,
        variance_bounds=(low, high),
    )
    rounding, reached = 20 * np.finfo(dtype).eps, False
    for _ in range(15):
        share = rbm.partial_fit(rows).sigma_ ** 2 / rows.astype(float).var(axis=0)
        assert (share > low * (1 - rounding)).all()
        assert (share < high * (1 + rounding)).all()
        reached |= (share < 1.001 * low).any()
    assert reached


STARTS = {
    "clusters": X,
    "constant": np.column_stack([X[:, 0], np.full(60, 3.0)]),
    "twice": X[:, [0, 0]],
    "repeated": np.repeat(X[:2], 20, axis=0),
    "one row": X[:1],
    "one value": np.full((20, 2), 1e5),
    "heavy tails": np.random.default_rng(0).standard_cauchy((60, 2)),
}


@pytest.mark.parametrize("share", [1e-3, 0.3, 10.0])
@pytest.mark.parametrize("name", STARTS)
def test_every_start_leads_somewhere(name, share):
    rows = STARTS[name]
    for seed in range(2):
        for params in ({}, {"standardize": False}, {"method": "exact", "sigma": 0.5}):
            rbm = make(initial_share=share, **params, random_state=seed).fit(rows)
            assert finite(rbm) and (rbm.sigma_ > 0).all()
            assert (
                np.isfinite(rbm.score(rows)) and np.isfinite(rbm.transform(rows)).all()
            )


@pytest.mark.parametrize("rate", [0.3, 3.0, 1e3, 1e300])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("method", METHODS)
def test_a_large_rate_diverges_loudly_or_not_at_all(method, dtype, rate):
    for params in ({}, {"momentum": 0.9}, {"standardize": False}):
        rbm = make(learning_rate=rate, method=method, **params)
        try:
            rbm.fit(X.astype(dtype))
        except DivergenceError as error:
            assert "Lower `learning_rate`" in str(error)
        assert finite(rbm) and (rbm.sigma_ > 0).all()
        assert np.isfinite(rbm.transform(X)).all()
        assert np.isfinite(rbm.sample(2, burn_in=3)).all()


def test_a_guard_finds_a_rate_that_holds():
    rows = X.astype(np.float32)
    params = {"learning_rate": 1e3, "method": "cd"}
    with pytest.raises(DivergenceError):
        make(**params, n_iter=10).fit(rows)
    rbm = make(**params, n_iter=10, rate_guard=True)
    with pytest.warns(ConvergenceWarning, match="undone"):
        rbm.fit(rows)
    assert finite(rbm) and rbm.history_["learning_rate"][-1] < 1e3
    assert np.isfinite(rbm.score(rows))


@pytest.mark.filterwarnings("error::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("sigma", [0.5, 0.3, 0.1])
def test_a_guard_lets_small_deviations_pass(sigma):
    """Of clusters as wide as 0.4: far from the model, yet no training diverges."""
    guarded = make(sigma=sigma, rate_guard=True).fit(X)
    assert_same_bits(guarded, make(sigma=sigma).fit(X))


# Going on ------------------------------------------------------------------------


@pytest.mark.parametrize("params", [{}, {"momentum": 0.5}, {"standardize": False}])
@pytest.mark.parametrize("method", METHODS)
def test_fit_pickle_and_go_on_is_never_having_stopped(method, params):
    params = {"method": method, "warm_start": True, **params}
    whole = make(n_iter=5, **params).fit(X)
    half = pickle.loads(pickle.dumps(make(n_iter=2, **params).fit(X)))
    half.partial_fit(X)
    resumed = pickle.loads(pickle.dumps(half)).set_params(n_iter=2).fit(X)
    assert_same_bits(resumed, whole)
    assert resumed.n_iter_ == 5 == len(resumed.history_["epoch"])
    assert resumed.score_samples(X).tobytes() == whole.score_samples(X).tobytes()


def test_langevin_chains_go_on_as_well():
    params = {"sampler": Langevin(2), "sigma": 0.5, "max_step": 0.1}
    rbm = make(**params)
    for _ in range(5):
        rbm.partial_fit(X)
    assert_same_bits(rbm, make(**params).fit(X))
    assert (rbm.components_ != make(sigma=0.5, max_step=0.1).fit(X).components_).any()


def test_what_goes_on_keeps_the_first_mean_and_scale():
    rbm = make().partial_fit(X)
    mean, scale = rbm.mean_.copy(), rbm.scale_.copy()
    rbm.partial_fit(3 * X + 1)
    np.testing.assert_array_equal([rbm.mean_, rbm.scale_], [mean, scale])
    assert rbm.n_iter_ == 2
    assert_same_bits(rbm.fit(X), make().fit(X))
    assert_same_bits(clone(rbm).fit(X), make().fit(X))
    np.testing.assert_allclose(rbm.mean_, X.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(rbm.scale_, X.std(axis=0), rtol=1e-12)
    assert (make(standardize=False).fit(X).scale_ == 1).all()


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_weights_are_repeated_rows(dtype, standardize):
    """In one batch, with exact sums: whatever the order of the rows."""
    weight = np.arange(60) % 4
    params = {"method": "exact", "batch_size": 10_000, "standardize": standardize}
    weighted = make(**params).fit(X.astype(dtype), sample_weight=weight)
    order = np.random.default_rng(0).permutation(weight.sum())
    rows = X.astype(dtype).repeat(weight, axis=0)[order]
    tolerance = 100 * np.finfo(dtype).eps
    for a, b in zip(arrays(weighted), arrays(make(**params).fit(rows)), strict=True):
        np.testing.assert_allclose(a, b, atol=tolerance)


def test_weights_count():
    left = make(n_iter=40).fit(X, sample_weight=np.where(Y == 0, 1.0, 1e-3))
    np.testing.assert_allclose(left.mean_, X[Y == 0].mean(axis=0), atol=0.01)
    assert left.score(X[Y == 0]) > left.score(X[Y == 1]) + 1


# Types ---------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_is_kept(method, dtype):
    rbm = make(method=method, momentum=0.5, l1=1e-3, sparsity_target=0.1, max_step=0.1)
    rows = X.astype(dtype)
    rbm.fit(rows, sample_weight=np.ones(60))
    assert all(array.dtype == dtype for array in arrays(rbm))
    gaps = PARTLY.astype(dtype)
    for made in (
        rbm.transform(rows),
        rbm.transform(gaps),
        rbm.inverse_transform(rbm.transform(rows)),
        rbm.sample(2, burn_in=2),
        rbm.sample(2, burn_in=2, method=Langevin(2)),
        rbm.sample(given=gaps, burn_in=2),
        rbm.impute(gaps),
        rbm.gibbs(rows),
        rbm.reconstruct(rows),
    ):
        assert made.dtype == dtype


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int8, np.int64, np.float16])
def test_small_types_are_learnt_in_float32(dtype):
    rows = (X > 0).astype(dtype) if dtype is bool else (20 * X + 50).astype(dtype)
    rbm, reference = make().fit(rows), make().fit(rows.astype(np.float32))
    assert_same_bits(rbm, reference)
    expected = reference.score_samples(rows.astype(np.float32))
    np.testing.assert_array_equal(rbm.score_samples(rows), expected)
    assert rbm.transform(rows).dtype == np.float32


def test_a_frame_of_mixed_types():
    frame = pd.DataFrame({"a": X[:, 0], "b": Y, "c": X[:, 1] > 0})
    frame["d"] = (50 * X[:, 2]).astype(np.int16)
    rbm = make().fit(frame)
    assert_same_bits(rbm, make().fit(frame.to_numpy(np.float64)))
    assert list(rbm.feature_names_in_) == ["a", "b", "c", "d"]
    made = rbm.set_output(transform="pandas").transform(frame)
    assert list(made) == [f"gaussianbernoullirbm{j}" for j in range(3)]


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("kind", ["csr_array", "csc_matrix", "coo_array"])
def test_sparse_rows_are_learnt_like_dense_ones(kind, standardize):
    rows = np.where(RNG.random(X.shape) < 0.5, 0, X)
    S = getattr(sparse, kind)(rows)
    rbm, dense = (make(standardize=standardize).fit(data) for data in (S, rows))
    for a, b in zip(arrays(rbm), arrays(dense), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
    for name in ("transform", "score_samples", "pseudo_log_likelihood", "free_energy"):
        by_sparse, by_dense = getattr(dense, name)(S), getattr(dense, name)(rows)
        assert isinstance(by_sparse, np.ndarray)
        np.testing.assert_allclose(by_sparse, by_dense, rtol=1e-12)
    np.testing.assert_array_equal(dense.impute(S), rows)


def test_a_sparse_matrix_is_never_dense_as_a_whole():
    """48 MB that would be; a part of 2^20 elements in three copies is 25."""
    S = sparse.random_array((6_000, 1000), density=1e-3, format="csr", rng=0)
    make(n_iter=1).fit(S[:60]).transform(S[:60])  # the kernels are loaded here
    tracemalloc.start()
    rbm = make(n_iter=1, batch_size=100).fit(S)
    rbm.transform(S), rbm.free_energy(S)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40e6


@pytest.mark.skipif(len(KERNELS) < 2, reason="one twin of the kernels only")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("method", METHODS)
def test_both_kernels_give_the_same_bits(method, dtype):
    fitted, drawn = [], []
    for kernels in KERNELS:
        with config_context(kernels=kernels):
            rbm = make(method=method, momentum=0.5).fit(X.astype(dtype))
            fitted.append(rbm)
            drawn.append(rbm.sample(9, burn_in=9, random_state=0).tobytes())
    assert_same_bits(*fitted)
    assert drawn[0] == drawn[1]


# Missing values ------------------------------------------------------------------


@pytest.mark.parametrize("shift", [0.0, 1e6])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_given_values_stay_to_the_last_bit(dtype, shift):
    rows = (PARTLY / 3 + shift).astype(dtype)
    rbm = make().fit(rows)
    for filled in (
        rbm.impute(rows),
        rbm.impute(rows, strategy="sample", random_state=0),
        rbm.sample(given=rows, burn_in=2, random_state=0),
        rbm.sample(given=rows, burn_in=2, random_state=0, method=Langevin(2)),
        EnergyImputer(make()).fit(rows).transform(rows),
    ):
        assert filled.dtype == dtype and np.isfinite(filled).all()
        assert filled[~HOLES].tobytes() == rows[~HOLES].tobytes()


def test_nan_is_learnt_around():
    """A fifth missing costs a little; the mean in its place costs far more."""
    params = LONG | {"n_iter": 100, "initial_share": 0.3}
    whole, known, guessed = (
        make(**params).fit(rows).score(X)
        for rows in (X, PARTLY, SimpleImputer().fit_transform(PARTLY))
    )
    assert whole - 0.5 < known and guessed < known - 0.1, (whole, known, guessed)


def test_imputed_values_are_nearer_than_the_means():
    filled = EnergyImputer(make(n_iter=200, learning_rate=0.1)).fit_transform(PARTLY)
    by_mean = SimpleImputer().fit_transform(PARTLY)
    error, worse = (((f - X)[HOLES] ** 2).mean() for f in (filled, by_mean))
    assert error < 0.5 * worse


# In company ----------------------------------------------------------------------


def test_in_a_pipeline_and_a_grid():
    steps = [StandardScaler(), make(), LogisticRegression()]
    model = Pipeline(list(zip(("scale", "rbm", "classify"), steps, strict=True)))
    grid = {"rbm__n_components": [1, 4], "rbm__k": [1, 2]}
    search = GridSearchCV(model, grid, cv=2).fit(X, Y)
    assert search.best_score_ > 0.9
    search = GridSearchCV(make(), {"n_components": [1, 4], "k": [1, 2]}, cv=2).fit(X)
    assert np.isclose(search.best_estimator_.score(X), search.score(X))


def test_callbacks():
    monitor = LikelihoodMonitor(
        X[::2], metrics=["log_likelihood", "free_energy_gap", "pseudo_log_likelihood"]
    )
    stop = EarlyStopping(X[::2], score="log_likelihood", n_iter_no_change=1)
    rbm = make(n_iter=6).set_callbacks(monitor, stop).fit(X)
    assert np.isclose(monitor.history_["log_likelihood"][-1], rbm.score(X))
    assert stop.best_estimator_.score(X[::2]) == stop.best_score_
    assert_same_bits(rbm, make(n_iter=rbm.n_iter_).fit(X))


def test_filters_are_drawn(rbm):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    display = FiltersDisplay.from_estimator(rbm, image_shape=(1, 3))
    assert display.filters.shape == (3, 3)
    matplotlib.pyplot.close(display.figure_)
